"""The GitHub action: `action.yml` is parsed, and its steps run as a runner runs them, against a served lake."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import Platform, Project

ROOT = Path(__file__).parents[2]
ACTION: Any = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS: Any = {step["id"]: step for step in ACTION["runs"]["steps"]}
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")

MANIFESTS = """\
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {name: s}
spec: {from: pictures, tags: [t]}
---
apiVersion: picsellia-apply/v1
kind: Workspace
metadata: {name: prod}
"""
POLICY = "---\napiVersion: picsellia-apply/v1\nkind: Policy\nmetadata: {name: p}\nspec: {exec: [./check.sh]}\n"


@dataclass(frozen=True)
class Ended:
    """How the action ended."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str


class Runner:
    """Runs steps of the action as GitHub does: `bash --noprofile --norc -eo pipefail FILE`, answers in files."""

    def __init__(self, folder: Path, checkout: Path) -> None:
        self.folder, self.checkout = folder, checkout
        self.temp = folder / "temp"
        self.temp.mkdir(parents=True)

    def with_program(self) -> Runner:
        """Put the program there as the install step does: the one of these tests."""
        (self.temp / "picsellia-apply").symlink_to(sys.prefix)
        return self

    def run(self, step: str, inputs: Mapping[str, str] | None = None, **environ: str) -> Ended:
        """Run one step with the inputs of a workflow."""
        given = {name: spec.get("default", "") for name, spec in ACTION["inputs"].items()} | dict(inputs or {})
        assert given.keys() == ACTION["inputs"].keys()
        spec = STEPS[step]
        output, summary, script = self._file("output"), self._file("summary"), self.folder / "step.sh"
        script.write_text(spec["run"])
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PICSELLIA_CACHE_DIR": str(self.folder / "cache"),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_WORKSPACE": str(self.checkout),
            "GITHUB_RUN_ID": "42",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            "RUNNER_TEMP": str(self.temp),
            **{name: self._value(text, given) for name, text in spec.get("env", {}).items()},
            **environ,
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.checkout / self._value(spec.get("working-directory", "."), given),
            env=env,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        outputs = dict(line.split("=", 1) for line in output.read_text().splitlines())
        return Ended(done.returncode, done.stdout + done.stderr, outputs, summary.read_text())

    def _file(self, name: str) -> Path:
        path = self.folder / name
        path.write_text("")
        return path

    @staticmethod
    def _value(text: str, inputs: Mapping[str, str]) -> str:
        """Evaluate the expressions of a field: this action needs nothing but its inputs."""

        def value(found: re.Match[str]) -> str:
            scope, _, name = found[1].partition(".")
            assert scope == "inputs", f"the tests know no expression `{found[1]}`"
            return inputs[name]

        return EXPRESSION.sub(value, text)


@dataclass(frozen=True)
class Scene:
    """A checkout with manifests, a served lake, and a runner."""

    project: Project
    runner: Runner
    inputs: dict[str, str]

    def run(self, command: str, **inputs: str) -> Ended:
        """Run the action."""
        named = {name.replace("_", "-"): value for name, value in inputs.items()}
        return self.runner.run("run", {**self.inputs, "command": command, **named})


@pytest.fixture
def scene(project: Project, served: Callable[..., Platform], tmp_path: Path) -> Scene:
    platform = served()
    project.write("manifests/all.yaml", MANIFESTS)
    for number in range(3):
        project.picture(f"manifests/pictures/p{number}.png", (number * 20, 100, 200))
    inputs = {"paths": "manifests", "host": platform.options[1], "token": platform.environ["PICSELLIA_TOKEN"]}
    return Scene(project, Runner(tmp_path / "runner", project.folder).with_program(), inputs)


def test_no_expression_stands_in_a_script() -> None:
    for step in STEPS.values():
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]


def test_every_input_is_used_and_every_output_is_made() -> None:
    texts = [text for step in STEPS.values() for text in step.get("env", {}).values()]
    texts += [step.get("working-directory", "") for step in STEPS.values()]
    used = {name for text in texts for name in re.findall(r"inputs\.([\w-]+)", text)}
    assert used == ACTION["inputs"].keys()
    made = set(re.findall(r"printf '([\w-]+)=%s", STEPS["run"]["run"]))
    assert made == ACTION["outputs"].keys()
    for name, spec in ACTION["outputs"].items():
        assert spec["value"] == f"${{{{ steps.run.outputs.{name} }}}}"
    assert all(spec["description"] for spec in [*ACTION["inputs"].values(), *ACTION["outputs"].values()])


def test_plan_then_apply_of_the_saved_plan(scene: Scene) -> None:
    planned = scene.run("plan")
    assert planned.code == 0, planned.log
    assert (planned.outputs["exitcode"], planned.outputs["outcome"]) == ("2", "changes")
    plan_file, markdown = (Path(planned.outputs[name]) for name in ("plan-file", "markdown-file"))
    assert plan_file == scene.project.folder / "plan.json"
    assert json.loads(plan_file.read_text())["digest"] == planned.outputs["digest"]
    assert markdown.read_text() == planned.summary
    assert planned.summary.startswith("<!-- picsellia-apply plan workspace=prod -->\n")
    assert "+3 pictures" in planned.summary
    applied = scene.run("apply", plan_file=str(plan_file))
    assert applied.code == 0, applied.log
    assert (applied.outputs["exitcode"], applied.outputs["outcome"]) == ("0", "done")
    assert "`picsellia-apply apply` ended with exit code 0" in applied.summary
    again = scene.run("plan")
    assert (again.code, again.outputs["exitcode"], again.outputs["outcome"]) == (0, "0", "no_changes")
    drift = scene.run("drift")
    assert (drift.code, drift.outputs["exitcode"], drift.outputs["outcome"]) == (0, "0", "done"), drift.log


def test_apply_bound_to_a_digest(scene: Scene) -> None:
    digest = scene.run("plan").outputs["digest"]
    refused = scene.run("apply", expect="sha256:" + "0" * 64)
    assert (refused.code, refused.outputs["outcome"]) == (6, "failed")
    assert scene.run("apply", expect=digest).code == 0


def test_bad_manifests_fail_and_the_comment_says_why(scene: Scene) -> None:
    scene.project.write("manifests/all.yaml", MANIFESTS.replace("tags:", "tag:"))
    for command in ("plan", "validate"):
        ended = scene.run(command, workspace="prod")
        assert (ended.code, ended.outputs["exitcode"], ended.outputs["outcome"]) == (65, "65", "failed")
        assert "M009" in ended.log
    planned = scene.run("plan", workspace="prod")
    assert planned.summary.startswith("<!-- picsellia-apply plan workspace=prod -->\n")
    assert "unknown field `tag`" in planned.summary
    assert planned.outputs["digest"] == ""
    drift = scene.run("drift", workspace="prod")
    assert (drift.code, drift.outputs["outcome"]) == (65, "failed")
    assert drift.summary.startswith("<!-- picsellia-apply drift workspace=prod -->\n\n### No drift report of workspace")
    assert "unknown field `tag`" in drift.summary


def test_a_policy_fails_the_step_and_a_pull_request_runs_no_program(scene: Scene) -> None:
    scene.project.write("manifests/all.yaml", MANIFESTS + POLICY)
    check = scene.project.write("manifests/check.sh", "#!/bin/sh\nenv > seen; echo no; exit 1\n")
    check.chmod(0o755)
    safe = scene.run("plan", exec_policies="false")
    assert (safe.code, safe.outputs["outcome"]) == (0, "changes")
    assert "not judged by the program of policy `p`" in safe.summary
    seen = scene.project.folder / "manifests/seen"
    assert not seen.exists()
    assert scene.run("apply", exec_policies="false").code == 4
    assert not seen.exists()
    ended = scene.run("plan")
    assert (ended.code, ended.outputs["exitcode"], ended.outputs["outcome"]) == (4, "4", "refused")
    assert "`policy/p`" in ended.summary
    assert scene.inputs["token"] not in seen.read_text()


def test_the_comment_keeps_within_its_size(scene: Scene) -> None:
    for number in range(60):
        head = MANIFESTS.partition("---")[0].replace("name: s", f"name: other-{number}").replace("[t]", f"[t{number}]")
        scene.project.write(f"manifests/{number}.yaml", head)
    ended = scene.run("plan", max_bytes="2000")
    assert ended.code == 0, ended.log
    assert len(ended.summary.encode()) <= 2000
    assert " more_" in ended.summary
    assert scene.run("plan", max_bytes="10").code == 64


def test_without_a_token_it_is_not_authorised(scene: Scene) -> None:
    ended = scene.run("plan", token="")
    assert (ended.code, ended.outputs["outcome"]) == (77, "failed")
    given = scene.runner.run("run", {**scene.inputs, "token": ""}, PICSELLIA_TOKEN=scene.inputs["token"])
    assert given.code == 0, given.log


def test_elsewhere_and_with_variables(scene: Scene) -> None:
    scene.project.write("deep/down/all.yaml", MANIFESTS.replace("tags: [t]", 'tags: ["${var.tag}"]').replace(
        "{name: prod}\n", "{name: prod}\nspec: {variables: {tag: none, other: none}}\n"))  # fmt: skip
    scene.project.picture("deep/down/pictures/p.png", (1, 2, 3))
    ended = scene.run(
        "plan", working_directory="deep", paths="down\n", variables="tag=a b\nother=c\n", plan_file="out/p.json"
    )
    assert ended.code == 0, ended.log
    assert "`pictures/s/a b`" in ended.summary
    assert Path(ended.outputs["plan-file"]) == scene.project.folder / "deep/out/p.json"


NETWORK = """\
apiVersion: picsellia-apply/v1
kind: Network
metadata: {name: n}
spec: {type: detection, framework: torch, protect: true}
"""


def pruning(name: str) -> str:
    return f"""\
apiVersion: picsellia-apply/v1
kind: Workspace
metadata: {{name: {name}}}
spec: {{prune: true, guards: {{deletePercent: 1}}}}
"""


def test_a_protection_is_lifted_for_the_plan_and_again_for_its_apply(scene: Scene) -> None:
    scene.project.write("manifests/all.yaml", MANIFESTS.partition("---")[0] + "---\n" + pruning("prod"))
    scene.project.write("manifests/network.yaml", NETWORK)
    assert scene.run("apply").code == 0
    (scene.project.folder / "manifests/network.yaml").unlink()
    (scene.project.folder / "manifests/pictures/p0.png").unlink()
    assert scene.run("plan").outputs["outcome"] == "refused"
    lifted = {
        "allow": "protected:network/n\ndelete_percent:network/n\ndelete_percent:pictures/s\n",
        "workspace": "prod",
    }
    planned = scene.run("plan", **lifted)
    assert planned.outputs["outcome"] == "changes", planned.log + planned.summary
    plan_file = planned.outputs["plan-file"]
    forgotten = scene.run("apply", plan_file=plan_file)
    assert forgotten.code == 4, forgotten.log
    assert "give --allow protected:network/n" in forgotten.log
    needless = scene.run("apply", plan_file=plan_file, **lifted)
    assert (needless.code, needless.outputs["outcome"]) == (64, "failed"), needless.log
    assert "--allow delete_percent:network/n: the saved plan holds already what it was made with" in needless.log
    typed = lifted["allow"].partition("\n")[0]
    other = scene.run("apply", plan_file=plan_file, allow=typed, workspace="test")
    assert other.code == 6, other.log
    applied = scene.run("apply", plan_file=plan_file, allow=typed, workspace="prod")
    assert applied.code == 0, applied.log
    assert scene.run("plan").outputs["outcome"] == "no_changes"


@pytest.mark.parametrize("saved", [True, False])
def test_a_takeover_is_said_for_the_plan_and_again_for_its_apply(scene: Scene, saved: bool) -> None:
    for name in ("a", "b"):
        scene.project.write(f"{name}/network.yaml", NETWORK + "---\n" + pruning(name))
    assert scene.run("apply", paths="a").code == 0
    assert scene.run("plan", paths="b").outputs["outcome"] == "refused"
    planned = scene.run("plan", paths="b", takeover="\nnetwork/n\n")
    assert planned.outputs["outcome"] == "changes", planned.log + planned.summary
    plan_file = planned.outputs["plan-file"] if saved else ""
    assert scene.run("apply", paths="b", plan_file=plan_file).code == 4
    applied = scene.run("apply", paths="b", plan_file=plan_file, takeover="network/n")
    assert applied.code == 0, applied.log
    assert scene.run("plan", paths="b").outputs["outcome"] == "no_changes"


HOSTILE = (
    "$(touch pwned)",
    "`touch pwned`",
    '"; touch pwned; "',
    "'; touch pwned; '",
    "x\ntouch pwned",
    "--help",
    "; touch pwned",
    "${IFS}|touch pwned",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_input_is_ever_shell(project: Project, tmp_path: Path, hostile: str) -> None:
    runner = Runner(tmp_path / "runner", project.folder).with_program()
    free = [name for name in ACTION["inputs"] if name not in ("command", "working-directory")]
    for command, unasked in (("plan", {"expect": ""}), ("plan", {}), ("apply", {}), (hostile, {})):
        ended = runner.run("run", {**dict.fromkeys(free, hostile), **unasked, "command": command})
        assert ended.code not in (0, 1), ended.log
        assert set(ended.outputs) == set(ACTION["outputs"])
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.parametrize(
    ("command", "inputs"),
    [
        ("plan", {"expect": "d"}),
        ("drift", {"expect": "d", "allow": "a"}),
        ("validate", {"takeover": "network/n"}),
        ("drift", {"plan-file": "plan.json"}),
        ("validate", {"allow": "a", "plan-file": "plan.json"}),
    ],
)
def test_an_input_that_a_command_takes_no_notice_of_is_refused(
    scene: Scene, command: str, inputs: dict[str, str]
) -> None:
    ended = scene.run(command, **inputs)
    assert (ended.code, ended.outputs["outcome"], ended.outputs["plan-file"]) == (64, "failed", "")
    assert f"`{command}` takes no notice of the input {' '.join(inputs)}" in ended.log


@pytest.mark.parametrize("command", ["plan", "apply", "drift", "validate"])
@pytest.mark.parametrize("value", ["False", "no", "", "true ", "false\ntrue"])
def test_whether_programs_run_is_said_in_one_of_two_words(
    project: Project, tmp_path: Path, command: str, value: str
) -> None:
    runner = Runner(tmp_path / "runner", project.folder).with_program()
    ended = runner.run("run", {"command": command, "exec-policies": value})
    assert (ended.code, ended.outputs["outcome"]) == (64, "failed")
    assert "error: the input exec-policies is `true` or `false` and nothing else" in ended.log


def test_a_report_without_anything_to_compare_with_is_told_and_does_not_fail(scene: Scene) -> None:
    assert scene.run("apply").code == 0
    compared = scene.run("drift")
    assert (compared.code, compared.outputs["outcome"]) == (0, "done"), compared.log
    ended = scene.run("drift", workspace="typo")
    assert ended.code == 65
    scene.project.write("manifests/all.yaml", MANIFESTS.replace("{name: prod}", "{name: typo}"))
    ended = scene.run("drift")
    assert (ended.code, ended.outputs["exitcode"], ended.outputs["outcome"]) == (0, "4", "nothing_applied"), ended.log
    assert "**Nothing was applied yet from workspace typo: there is nothing to compare with.**" in ended.summary
    assert "\n::warning::Nothing was applied yet" in f"\n{ended.log}"


def test_an_unknown_command_is_a_usage_error(scene: Scene) -> None:
    ended = scene.run("destroy")
    assert (ended.code, ended.outputs["exitcode"]) == (64, "64")
    assert "`destroy` is no command" in ended.log


PLANTED = ("json", "venv", "pip", "ensurepip", "sitecustomize", "usercustomize", "runpy", "subprocess", "logging")


def planted(project: Project, *folders: str) -> Path:
    """Put modules into a checkout that tell when somebody runs them; return the file where they do."""
    stolen = project.folder.parent / "stolen"
    for folder in folders:
        for name in (*PLANTED, "picsellia_apply", "click"):
            project.write(f"{folder}/{name}.py", f"open({str(stolen)!r}, 'a').write(__name__ + '\\n')\n")
    return stolen


def test_every_python_is_isolated() -> None:
    scripts = "\n".join(step["run"] for step in STEPS.values())
    calls = re.findall(r"""python3?"? +(-\S+)""", scripts)
    assert len(calls) == scripts.count('python" -') + scripts.count("python3 -") == 4
    assert set(calls) == {"-I"}


def test_modules_in_the_checkout_are_never_run(scene: Scene) -> None:
    stolen = planted(scene.project, ".", "manifests")
    for where, paths in (("", "manifests"), ("manifests", ".")):
        ended = scene.run("plan", working_directory=where or ".", paths=paths)
        assert (ended.code, ended.outputs["outcome"]) == (0, "changes"), ended.log
        assert ended.outputs["digest"].startswith("sha256:")
    assert not stolen.exists()


def test_modules_in_the_checkout_are_never_run_while_it_is_installed(project: Project, tmp_path: Path) -> None:
    stolen = planted(project, ".")
    runner = Runner(tmp_path / "runner", project.folder)
    ended = runner.run("install", GITHUB_ACTION_PATH=str(tmp_path / "nothing"))
    assert (runner.temp / "picsellia-apply/bin/pip").exists(), ended.log
    assert str(tmp_path / "nothing") in ended.log
    assert not stolen.exists()


def test_a_plan_that_was_not_saved_is_not_handed_on(scene: Scene) -> None:
    scene.project.write("plan.json", '{"outcome": "changes", "digest": "forged"}')
    scene.project.write("manifests/all.yaml", MANIFESTS.replace("tags:", "tag:"))
    ended = scene.run("plan")
    assert (ended.outputs["outcome"], ended.outputs["digest"], ended.outputs["plan-file"]) == ("failed", "", "")


@pytest.mark.slow
def test_the_program_is_installed_from_the_checkout_of_the_action(project: Project, tmp_path: Path) -> None:
    runner = Runner(tmp_path / "runner", project.folder)
    wanted = ("PIP_", "SSL_", "HTTP", "http", "REQUESTS_", "HOME")
    pip: dict[str, Any] = {name: value for name, value in os.environ.items() if name.startswith(wanted)}
    installed = runner.run("install", **pip)
    assert installed.code == 0, installed.log
    project.write("all.yaml", MANIFESTS)
    project.picture("pictures/p.png", (1, 2, 3))
    ended = runner.run("run", {"command": "validate"})
    assert ended.code == 0, ended.log
    assert "valid: 2 documents, 1 picture" in ended.log
