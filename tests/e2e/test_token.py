"""The token that is in use is never planned, shown or sent, whatever a manifest names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.conftest import Platform, Project

HEAD = "apiVersion: picsellia-apply/v1\n"
NETWORK = f"{HEAD}kind: Network\nmetadata: {{name: n}}\nspec: {{type: t, readme: {{file: %s}}}}\n"


@pytest.mark.parametrize("form", ["human", "json", "markdown"])
@pytest.mark.parametrize(
    "spec",
    [
        "kind: Network\nmetadata: {name: n}\nspec: {type: t, readme: {file: notes.txt}}",
        "kind: Network\nmetadata: {name: n}\nspec: {type: t, base_parameters: {deep: [{TOKEN: 1}]}}",
        "kind: Dataset\nmetadata: {name: d}\nspec: {description: a TOKEN, versions: []}",
        "kind: Dataset\nmetadata: {name: d}\nspec: {versions: [{name: v, pictures: {names: notes.txt}}]}",
        "kind: TagQuery\nmetadata: {name: q}\nspec: {tags: [TOKEN]}",
        "kind: PictureSet\nmetadata: {name: s}\nspec: {from: p, tags: [xTOKENx]}",
    ],
)
def test_a_manifest_that_holds_it_is_refused(
    project: Project, served: Callable[..., Platform], spec: str, form: str
) -> None:
    platform = served()
    project, token = replace(project, platform=platform), platform.environ["PICSELLIA_TOKEN"]
    project.picture("p/a.png", (1, 2, 3))
    project.write("notes.txt", f"before\n{token}\nafter\n")
    project.write("m.yaml", HEAD + spec.replace("TOKEN", token) + "\n")
    for command in (("plan", "--format", form), ("apply", "--auto-approve")):
        ran = project.run(*command)
        assert ran.code == 65
        assert "M051" in ran.err + ran.out
        if "notes.txt" in spec:
            assert token not in ran.err + ran.out


@pytest.mark.parametrize("way", ["/proc/self/environ", "link", "../token.txt"])
@pytest.mark.parametrize("form", ["human", "json", "markdown"])
def test_no_file_of_the_machine_is_planned(
    project: Project, served: Callable[..., Platform], tmp_path: Path, way: str, form: str
) -> None:
    platform = served()
    project, token = replace(project, platform=platform), platform.environ["PICSELLIA_TOKEN"]
    (project.folder.parent / "token.txt").write_text(token)
    (project.folder / "link").symlink_to("/proc/self/environ")
    project.write("m.yaml", NETWORK % way)
    ran = project.run("plan", "--format", form)
    assert ran.code == 65
    assert "M050" in ran.err
    assert token not in ran.err + ran.out
    project.write("m.yaml", f"{HEAD}kind: TagQuery\nmetadata: {{name: q}}\nspec: {{tags: [a]}}\n")
    (project.folder / "x.yaml").symlink_to("/proc/self/environ" if way == "link" else way)
    ran = project.run("plan", "--format", form)
    assert ran.code == 65
    assert token not in ran.err + ran.out
