"""`plan` and `show` with `--format markdown --max-bytes`, as a pull request's job calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

SET = """\
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {{name: "{0}"}}
spec: {{from: pictures, tags: ["{0}"]}}
"""
MARKER = "<!-- picsellia-apply plan workspace=default -->\n"


@pytest.fixture
def filled(project: Project) -> Project:
    project.write("all.yaml", "---\n".join(SET.format(f"set-{row:03}") for row in range(80)))
    project.picture("pictures/p.png", (1, 2, 3))
    return project


def test_plan_and_show_say_the_same(filled: Project) -> None:
    planned = filled.run("plan", "--out", "p.json", "--format", "markdown", "--detailed-exitcode")
    shown = filled.run("show", "p.json", "--format", "markdown")
    assert (planned.code, shown.code) == (2, 0)
    assert planned.out == shown.out
    assert planned.out.startswith(MARKER)
    assert all(f"`pictures/set-{row:03}/set-{row:03}`" in planned.out for row in range(80))
    assert not planned.err


@pytest.mark.parametrize("size", [1_000, 1_500, 4_096, 65_536])
def test_it_keeps_within_its_size(filled: Project, size: int) -> None:
    ran = filled.run("plan", "--out", "p.json", "--format", "markdown", "--max-bytes", str(size))
    assert ran.code == 0
    assert len(ran.out.encode()) <= size
    assert "81 create" in ran.out
    assert filled.run("show", "p.json", "--format", "markdown", "--max-bytes", str(size)).out == ran.out


def test_a_size_goes_with_markdown_and_is_not_too_small(filled: Project) -> None:
    for arguments in (["--max-bytes", "5000"], ["--format", "json", "--max-bytes", "5000"]):
        ran = filled.run("plan", *arguments)
        assert ran.code == 64
        assert "--max-bytes goes with `--format markdown` only" in ran.err
    ran = filled.run("plan", "--format", "markdown", "--max-bytes", "999")
    assert ran.code == 64
    assert "at least 1,000" in ran.err
    assert not ran.out


def test_what_is_never_cut_by_name_and_does_not_fit_is_told_in_numbers(filled: Project) -> None:
    filled.apply()
    filled.write("all.yaml", SET.format("set-000"))
    allowed = [f"--allow=delete_percent:pictures/set-{row:03}/set-{row:03}" for row in range(1, 80)]
    ran = filled.run("plan", "--prune", *allowed, "--format", "markdown", "--max-bytes", "1200")
    assert ran.code in (0, 4)
    assert ran.out.startswith(f"{MARKER}\n")
    assert "**delete** 1 tag of `pictures/set-" in ran.out
    assert "kinds more" in ran.out
    assert len(ran.out.encode()) <= 1200
    enough = filled.run("plan", "--prune", *allowed, "--format", "markdown", "--max-bytes", "9000")
    assert all(f"`pictures/set-{row:03}/set-{row:03}`" in enough.out for row in range(1, 80))
    too_little = filled.run("plan", "--format", "markdown", "--max-bytes", "999")
    assert (too_little.code, too_little.out) == (64, "")


def test_a_plan_that_cannot_be_made_is_a_comment_too(filled: Project) -> None:
    filled.write("more.yaml", SET.format("x").replace("tags", "tag"))
    ran = filled.run("plan", "--format", "markdown", "--max-bytes", "2000")
    assert ran.code == 65
    assert ran.out.startswith(f"{MARKER}\n### No plan of workspace `default`\n")
    assert "unknown field `tag` in `spec`   more.yaml:4:24 &#91;M009&#93;" in ran.out
    assert "error[M009]" in ran.err
    human = filled.run("plan")
    assert (human.code, human.out) == (65, "")


def test_a_comment_is_found_again_whatever_went_wrong(filled: Project) -> None:
    filled.write("workspace.yaml", "apiVersion: picsellia-apply/v1\nkind: Workspace\nmetadata: {name: prod}\n")
    good = filled.run("plan", "--format", "markdown").out.splitlines()[0]
    assert good == "<!-- picsellia-apply plan workspace=prod -->"
    filled.write("more.yaml", SET.format("x").replace("tags", "tag"))
    assert filled.run("plan", "--format", "markdown").out.splitlines()[0] == good
    filled.write("two.yaml", "apiVersion: picsellia-apply/v1\nkind: Workspace\nmetadata: {name: test}\n")
    assert filled.run("plan", "--format", "markdown", "--workspace", "prod").out.splitlines()[0] == good
