"""Policies through the command line: where they are judged, what they see, and that none can be edited away."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.model.plan import Notice
from picsellia_apply.planner.digest import sealed
from picsellia_apply.render.saved import read_plan, write_plan
from tests.e2e.documents import DATASET, TAGGED

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

MANIFESTS = f"{TAGGED}---\n{DATASET}"
COCO = {
    "images": [{"id": row, "file_name": f"p{row}.png", "width": 16, "height": 12} for row in range(3)],
    "categories": [{"id": 1, "name": "car"}],
    "annotations": [
        {"id": row, "image_id": 0, "category_id": 1, "bbox": [row, 2, 3, 4], "area": 12, "iscrowd": 0}
        for row in range(1, 4)
    ],
}
POLICY = "---\napiVersion: picsellia-apply/v1\nkind: Policy\nmetadata: {{name: {}}}\nspec: {}\n"


def fill(project: Project, *specs: str) -> None:
    """Write the manifests, with a policy `p0`, `p1`, ... for each spec."""
    policies = [POLICY.format(f"p{row}", spec) for row, spec in enumerate(specs)]
    project.write("all.yaml", "".join([MANIFESTS, *policies]))
    project.write("boxes.json", json.dumps(COCO))
    for number in range(3):
        project.picture(f"pictures/p{number}.png", (number * 20, 100, 200))


def program(project: Project, text: str, name: str = "check.sh") -> Path:
    path = project.write(name, f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def untouched(project: Project) -> bool:
    """Return whether nothing was ever written to the embedded lake."""
    return not list(project.folder.rglob(".picsellia"))


def test_a_failed_check_is_exit_4_with_its_name_and_numbers(project: Project) -> None:
    fill(project, "{minObjectsPerLabel: 3}", "{minObjectsPerLabel: {car: 5}, requiredLabels: [bus]}")
    planned = project.run("plan")
    assert planned.code == 4
    assert "policy/p1" in planned.out
    assert "version/D@first: too few objects: 3 of `car`, 5 wanted [policy]" in planned.out
    assert "has no label `bus`" in planned.out
    assert "policy/p0" not in planned.out
    applied = project.run("apply", "--auto-approve")
    assert applied.code == 4
    assert "policy/p1" in applied.out
    assert untouched(project)
    fill(project, "{minObjectsPerLabel: 3}", "{minObjectsPerLabel: {car: 3}, requiredLabels: [car]}")
    project.apply()


def test_no_flag_lifts_a_policy(project: Project) -> None:
    fill(project, "{requiredLabels: [bus]}")
    assert "no flag lifts a policy" in project.run("plan").out
    assert project.run("plan", "--allow", "policy:policy/p0").code == 64


def test_a_program_reads_the_very_plan(any_project: Project) -> None:
    fill(any_project, "{exec: [./check.sh]}")
    program(any_project, "cat > seen.json")
    ran = any_project.run("plan", "--format", "json")
    assert ran.code == 0, ran.err
    assert (any_project.folder / "seen.json").read_text() == ran.out
    assert json.loads(ran.out)["summary"]["create"] > 3


def test_a_program_that_refuses_stops_plan_and_apply_and_says_why(project: Project) -> None:
    fill(project, "{exec: [./check.sh, night]}")
    program(project, 'echo "too few: $1"; exit 9')
    for command in (["plan"], ["apply", "--auto-approve"]):
        ran = project.run(*command)
        assert ran.code == 4
        assert "`./check.sh night` refuses (exit code 9) [policy]\n      too few: night\n" in ran.out
    assert untouched(project)


def test_validate_and_show_run_no_program(project: Project) -> None:
    fill(project, "{exec: [./check.sh]}")
    program(project, "touch ran; exit 0")
    assert project.run("validate").code == 0
    assert project.run("plan", "--no-exec-policies", "--out", "p.json").code == 0
    for form in ("human", "json", "markdown"):
        assert project.run("show", "p.json", "--format", form).code == 0
    assert project.run("drift", "--embedded").code == 0
    assert not (project.folder / "ran").exists()
    project.apply("p.json")
    assert (project.folder / "ran").exists()


def test_without_programs_the_plan_says_so_and_apply_refuses(project: Project) -> None:
    fill(project, "{exec: [./check.sh]}")
    program(project, "touch ran; exit 0")
    planned = project.run("plan", "--no-exec-policies", "--out", "p.json")
    assert planned.code == 0
    assert "not judged by the program of policy `p0` (--no-exec-policies)" in planned.out
    for what in ([], ["p.json"]):
        ran = project.run("apply", "--auto-approve", "--no-exec-policies", *what)
        assert ran.code == 4, ran.out + ran.err
        assert "its program was not run (--no-exec-policies) [policy]" in ran.out
    assert untouched(project)
    assert not (project.folder / "ran").exists()


def test_the_digest_of_a_plan_that_passes_is_one_with_and_without_programs(project: Project) -> None:
    fill(project, "{exec: [./check.sh]}")
    program(project, "exit 0")
    digest = json.loads(project.run("plan", "--no-exec-policies", "--format", "json").out)["digest"]
    assert project.run("apply", "--auto-approve", "--expect", digest).code == 0


@pytest.mark.parametrize(
    ("spec", "text", "told"),
    [
        ("{exec: [./nowhere.sh]}", "", "there is no program `./nowhere.sh`"),
        ("{exec: [./check.sh], timeout: 1}", "exec sleep 60", "was ended after 1 s"),
    ],
)
def test_what_cannot_judge_refuses(project: Project, spec: str, text: str, told: str) -> None:
    fill(project, spec)
    program(project, text)
    ran = project.run("apply", "--auto-approve")
    assert ran.code == 4
    assert told in ran.out
    assert untouched(project)


def test_a_saved_plan_is_judged_again_from_the_manifests(project: Project) -> None:
    fill(project)
    assert project.run("plan", "--out", "p.json").code == 0
    fill(project, "{minObjectsPerLabel: 4}")
    ran = project.run("apply", "p.json", "--auto-approve")
    assert ran.code == 4, ran.out + ran.err
    assert "policy/p0" in ran.out
    assert untouched(project)
    fill(project, "{minObjectsPerLabel: 3}")
    project.apply("p.json")


def test_a_refusal_cannot_be_edited_out_of_a_saved_plan(project: Project) -> None:
    fill(project, "{minObjectsPerLabel: 4}")
    assert project.run("plan", "--out", "p.json").code == 4
    saved = read_plan(project.folder / "p.json")
    assert [one.rule for one in saved.refusals] == ["policy"]
    policy = replace(saved.policy, allowances=frozenset({"policy:policy/p0"})) if saved.policy else None
    write_plan(sealed(replace(saved, refusals=(), policy=policy)), project.folder / "p.json")
    assert project.run("apply", "p.json", "--auto-approve").code == 65
    write_plan(sealed(replace(saved, refusals=())), project.folder / "p.json")
    ran = project.run("apply", "p.json", "--auto-approve")
    assert ran.code == 4, ran.out + ran.err
    assert "policy/p0" in ran.out
    assert untouched(project)


def test_a_program_is_told_nothing_that_only_a_plan_file_says(project: Project) -> None:
    fill(project, "{exec: [./check.sh]}")
    program(project, "cat > seen.json")
    assert project.run("plan", "--out", "p.json").code == 0
    saved = read_plan(project.folder / "p.json")
    lie = Diagnostic("L003", Severity.note, "all is well")
    told = replace(saved, findings=(lie,), limits=("all is well",), notices=(Notice("drift", "dataset/D", "well"),))
    write_plan(sealed(replace(told, unchanged=99)), project.folder / "p.json")
    project.apply("p.json")
    assert "well" not in (project.folder / "seen.json").read_text()


@pytest.mark.parametrize("specs", [("{minObjectsPerLabel: 3}",), ()], ids=["changed", "missing"])
def test_no_other_manifests_lift_the_policy_that_judged_a_plan(project: Project, specs: tuple[str, ...]) -> None:
    fill(project, "{minObjectsPerLabel: 4}")
    assert project.run("plan", "--out", "p.json").code == 4
    fill(project, *specs)
    ran = project.run("apply", "p.json", "--auto-approve")
    assert ran.code == 6, ran.out + ran.err
    assert "policy `p0` changed or is missing" in ran.err
    assert untouched(project)
    project.apply()


@pytest.mark.parametrize("file", ["check.sh", "rules.txt"])
def test_no_other_program_judges_a_plan_than_the_one_that_was_reviewed(project: Project, file: str) -> None:
    fill(project, "{exec: [./check.sh, rules.txt]}")
    program(project, "exit 0")
    project.write("rules.txt", "strict")
    assert project.run("plan", "--no-exec-policies", "--out", "p.json").code == 0
    before = (project.folder / file).read_text()
    project.write(file, before + "# another\n")
    ran = project.run("apply", "p.json", "--auto-approve")
    assert ran.code == 6, ran.out + ran.err
    assert "policy `p0` changed or is missing" in ran.err
    assert "the bytes of `./check.sh`, `rules.txt` count" in ran.err
    assert untouched(project)
    project.write(file, before)
    project.apply("p.json")


def test_a_plan_holds_with_the_same_policies_and_more(project: Project) -> None:
    fill(project, "{minObjectsPerLabel: 3}")
    assert project.run("plan", "--out", "p.json").code == 0
    fill(project, "{minObjectsPerLabel: 3}", "{requiredLabels: [car]}")
    project.apply("p.json")


def test_a_saved_plan_without_anything_left_to_do_is_judged_too(project: Project) -> None:
    fill(project)
    assert project.run("plan", "--out", "p.json").code == 0
    project.apply("p.json")
    fill(project, "{minObjectsPerLabel: 4}")
    assert project.run("apply", "p.json", "--auto-approve").code == 4


def test_largest_delete(project: Project) -> None:
    spec = "{maxDelete: {pictures: 1, objects: 2}}"
    fill(project, spec)
    project.apply()
    allowed = ["--allow", "delete_percent:pictures/s", "--allow", "delete_percent:pictures/s/t"]
    allowed += ["--allow", "delete_percent:version/D@first"]
    (project.folder / "pictures/p0.png").unlink()
    project.write("boxes.json", json.dumps({**COCO, "annotations": []}))
    ran = project.run("plan", "--prune", *allowed)
    assert ran.code == 4
    assert "policy/p0" in ran.out
    assert "deletes 3 objects, 2 may be [policy]" in ran.out


def test_what_people_annotate_where_no_manifest_does_is_counted(any_project: Project) -> None:
    bare = MANIFESTS.replace("      annotations: [{path: boxes.json, format: COCO}]\n", "")
    fill(any_project)
    any_project.apply()
    any_project.write("all.yaml", bare + POLICY.format("p0", "{minObjectsPerLabel: 4}"))
    ran = any_project.run("plan")
    assert ran.code == 4, ran.out + ran.err
    assert "3 of `car`, 4 wanted" in ran.out
    any_project.write("all.yaml", bare + POLICY.format("p0", "{minObjectsPerLabel: 3}"))
    assert any_project.run("plan").code == 0


def test_on_a_plain_platform(plain_project: Project) -> None:
    fill(plain_project, "{minObjectsPerLabel: 3, requiredLabels: [car], maxUnannotatedPercent: 0}")
    plain_project.apply()
    assert plain_project.run("plan", "--detailed-exitcode").code == 0
    fill(plain_project, "{minObjectsPerLabel: 4, requiredLabels: [bus]}")
    ran = plain_project.run("plan")
    assert ran.code == 4
    for told in ("3 of `car`, 4 wanted", "has no label `bus`"):
        assert told in ran.out


def test_policies_change_nothing_that_is_applied(
    project: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    fill(project, "{minObjectsPerLabel: 3, maxImbalance: 2}")
    project.apply()
    assert set(state_of(project)["pictures"]) == {"p0.png", "p1.png", "p2.png"}
    assert project.plan()["operations"] == []
    fill(project, "{minObjectsPerLabel: 2}")
    assert project.plan()["operations"] == []
