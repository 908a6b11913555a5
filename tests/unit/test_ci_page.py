"""The examples of `docs/ci.md` hold: YAML that says what it should, commands that parse, scripts that bash reads."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from picsellia_apply.cli import group

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/ci.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
DOCUMENTS: list[Any] = [yaml.safe_load(body) for language, body in BLOCKS if language == "yaml"]
WORKFLOWS = [document for document in DOCUMENTS if "jobs" in document]
ACTION: Any = yaml.safe_load((ROOT / "action.yml").read_text())
OURS = re.compile(r"^\s*picsellia-apply\s.*$", re.MULTILINE)


def steps() -> Iterator[Any]:
    for workflow in WORKFLOWS:
        for job in workflow["jobs"].values():
            yield from job["steps"]


def commands() -> list[str]:
    scripts = [step["run"] for step in steps() if "run" in step]
    scripts += [body for language, body in BLOCKS if language == "sh"]
    scripts.append(
        (ROOT / "README.md").read_text().partition("## In CI")[2].partition("\n## ")[0].replace("- run: ", "")
    )
    return [line.strip() for script in scripts for line in OURS.findall(script)]


def words_of(line: str) -> list[str]:
    """Return a command's words, without what only the shell reads."""
    words = shlex.split(line, comments=True)
    return words[1 : words.index(">")] if ">" in words else words[1:]


def test_there_are_the_three_jobs_and_the_hooks() -> None:
    assert [workflow["name"] for workflow in WORKFLOWS] == ["plan", "apply", "apply-by-hand", "apply-once", "drift"]
    used = [step["with"]["command"] for step in steps() if "picsellia-apply@" in step.get("uses", "")]
    assert used == ["plan", "plan", "apply", "plan", "apply", "drift"]
    assert len(commands()) >= 8


@pytest.mark.parametrize("line", commands())
def test_every_command_parses(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "plan.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    name, *arguments = words_of(line)
    command = group.get_command(click.Context(group), name)
    assert command is not None, name
    with command.make_context(name, arguments) as context:
        assert context.params


def test_the_parsing_sees_an_option_that_is_not_there() -> None:
    command = group.get_command(click.Context(group), "plan")
    assert command is not None
    with pytest.raises(click.NoSuchOption):
        command.make_context("plan", ["--no-such"])


def test_the_action_is_given_inputs_that_it_has_and_asked_for_outputs_that_it_makes() -> None:
    for step in steps():
        if "picsellia-apply@" in step.get("uses", ""):
            assert step["with"].keys() <= ACTION["inputs"].keys()
    asked = set(re.findall(r"steps\.\w+\.outputs\.([\w-]+)", TEXT))
    assert asked <= ACTION["outputs"].keys()
    assert {"outcome", "plan-file", "markdown-file", "exitcode"} <= asked


def test_every_script_is_bash_and_holds_no_expression() -> None:
    scripts = [step["run"] for step in steps() if "run" in step]
    for script in scripts:
        assert "${{" not in script
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    assert any("MARKER" in script for script in scripts)


def test_the_hooks_of_the_example_are_ours() -> None:
    (config,) = [document for document in DOCUMENTS if "repos" in document]
    offered = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    assert {hook["id"] for repo in config["repos"] for hook in repo["hooks"]} == offered


def test_what_a_plan_was_made_with_is_typed_again_for_its_apply() -> None:
    (once,) = [workflow for workflow in WORKFLOWS if workflow["name"] == "apply-once"]
    given = [step["with"] for job in once["jobs"].values() for step in job["steps"] if "apply@" in step["uses"]]
    assert [one["command"] for one in given] == ["plan", "apply"]
    assert once[True]["workflow_dispatch"]["inputs"].keys() == {"allow", "protected", "takeover"}
    assert given[0]["allow"] == "${{ inputs.allow }}\n${{ inputs.protected }}\n"
    assert given[1]["allow"] == "${{ inputs.protected }}"
    assert {one["takeover"] for one in given} == {"${{ inputs.takeover }}"}
    assert once["jobs"]["apply"]["environment"] == "production"


def test_every_job_has_the_inventory_and_every_apply_keeps_it() -> None:
    folder, jobs = ".picsellia/inventory", [job for workflow in WORKFLOWS for job in workflow["jobs"].values()]
    for job in jobs:
        used = [step.get("uses", "").partition("@")[0] for step in job["steps"]]
        assert used.index("actions/checkout") < used.index("actions/cache/restore")
        restored = job["steps"][used.index("actions/cache/restore")]["with"]
        assert restored == {"path": folder, "key": "inventory-", "restore-keys": "inventory-"}
        applies = any("picsellia-apply apply" in step.get("run", "") or step.get("with", {}).get("command") == "apply"
                      for step in job["steps"])  # fmt: skip
        assert applies == (used[-1] == "actions/cache/save")
        if applies:
            kept = job["steps"][-1]
            assert (kept["if"], kept["with"]["path"]) == ("always()", folder)
            assert kept["with"]["key"].startswith("inventory-")
    assert {workflow["concurrency"] for workflow in WORKFLOWS if "apply" in workflow["jobs"]} == {"apply"}


def test_nobody_hands_the_token_to_unreviewed_code() -> None:
    for workflow in WORKFLOWS:
        triggers = workflow[True]  # `on` is what YAML 1.1 takes for true
        assert "pull_request_target" not in triggers
    (plan,) = [step for step in steps() if step.get("id") == "plan" and "exec-policies" in step["with"]]
    assert plan["with"]["exec-policies"] == "false"
