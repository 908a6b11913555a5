"""What a manifest may name: files of its project, never what else the machine that plans it holds."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from picsellia_apply.errors import Diagnostic, InvalidInput
from picsellia_apply.local import StatCache
from picsellia_apply.manifest.indexing import Wanted, indexes_of
from picsellia_apply.source import shown_path
from tests.unit.manifest.test_loading import coco, document, loaded, picture, written

SECRET = "hunter2"

NAMING: dict[str, Callable[[str], str]] = {
    "readme": lambda path: document("Network", "n", f"{{type: t, readme: {{file: {path}}}}}"),
    "files": lambda path: document("Network", "n", f"{{type: t, files: {{model: {path}}}}}"),
    "names": lambda path: document("Dataset", "d", f"{{versions: [{{name: v, pictures: {{names: {path}}}}}]}}"),
    "index": lambda path: document("PictureSet", "s", f"{{from: p, index: {path}}}"),
    "called": lambda path: document("PictureSet", "s", f"{{from: p, names: {path}}}"),
}


def thumbnailed(path: str) -> str:
    return document("Network", "n", f"{{type: t, thumbnail: {path}}}")


def annotated(path: str) -> str:
    version = f"{{name: v, pictures: {{tags: [a]}}, annotations: [{{path: {path}, format: COCO}}]}}"
    return document("Dataset", "d", f"{{labels: [{{name: car, type: rectangle}}], versions: [{version}]}}")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project, with a secret beside it."""
    (tmp_path / "secret.txt").write_text(SECRET)
    picture(tmp_path / "project/p/a.png")
    picture(tmp_path / "project/m/p/a.png")
    return tmp_path / "project"


def refused(folder: Path) -> list[Diagnostic]:
    with pytest.raises(InvalidInput) as caught:
        loaded(folder)
    assert SECRET not in str(caught.value.diagnostics)
    return list(caught.value.diagnostics)


@pytest.mark.parametrize("kind", NAMING)
@pytest.mark.parametrize("way", ["up", "absolute", "link", "linked folder", "absent"])
def test_a_file_out_of_the_project_is_refused(project: Path, kind: str, way: str) -> None:
    secret = project.parent / "secret.txt"
    (project / "README.md").symlink_to(secret)
    (project / "deep").symlink_to(project.parent)
    ways = {"up": "../secret.txt", "absolute": str(secret), "link": "README.md", "linked folder": "deep/secret.txt"}
    written(project, NAMING[kind](ways.get(way, "../absent.txt")))
    (told,) = refused(project)
    assert told.code == "M050"
    assert str(told.position).startswith(shown_path(project / "m.yaml") + ":4:")
    assert str(project.parent) in told.message
    assert "PICSELLIA_FILES" in told.hint


@pytest.mark.parametrize("kind", NAMING)
@pytest.mark.parametrize(
    "path", ["/proc/self/environ", "/proc/self/fd/0", "/dev/stdin", "/dev/zero", "/sys/kernel/notes"]
)
def test_what_is_no_file_of_a_disk_is_refused_whatever_somebody_typed(
    project: Path, kind: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PICSELLIA_FILES", "/")
    written(project, NAMING[kind](path))
    (told,) = refused(project)
    assert told.code == "M050"


@pytest.mark.parametrize("kind", [*NAMING, "annotations", "thumbnail"])
def test_a_pipe_is_not_waited_for(project: Path, kind: str) -> None:
    os.mkfifo(project / "pipe")
    written(project, (NAMING | {"annotations": annotated, "thumbnail": thumbnailed})[kind]("pipe"))
    assert [told.code for told in refused(project)] == ["M033"]


@pytest.mark.parametrize("how", ["typed", "shared", "checkout", "environment"])
def test_what_is_in_the_project_is_read(project: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "README.md").write_text("hello")
    readme = written(project, NAMING["readme"]("../README.md"), file="m/m.yaml")
    match how:
        case "shared":
            written(project, document("TagQuery", "q", "{tags: [a]}"))
        case "checkout":
            (project / ".git").mkdir()
        case "environment":
            monkeypatch.setenv("PICSELLIA_FILES", f"/nowhere{os.pathsep}{project}")
        case _:
            pass
    paths = [readme, project / "m.yaml"] if how == "shared" else [project] if how == "typed" else [readme]
    assert loaded(*paths).networks[0].fields["readme_text"] == "hello"
    if how in ("typed", "shared"):
        assert [one.code for one in refused(readme)] == ["M050"]


def test_pictures_and_annotations_may_lie_elsewhere(project: Path) -> None:
    coco(project.parent)
    picture(project.parent / "disk/a.png")
    (project / "link.json").symlink_to(project.parent / "coco.json")
    for path in ("../coco.json", "link.json"):
        others = document("PictureSet", "s", "{from: ../disk}"), thumbnailed("../disk/a.png")
        written(project, annotated(path), *others)
        assert loaded(project).picture_sets[0].pictures.names == ("a.png",)


@pytest.mark.parametrize("path", ["/proc/self/environ", "/dev/zero"])
def test_annotations_and_thumbnails_are_files_of_a_disk(project: Path, path: str) -> None:
    written(project, annotated(path), thumbnailed(path))
    assert [told.code for told in refused(project)] == ["M033", "M033"]


def test_a_thumbnail_is_a_picture_or_nothing_of_it_is_told(project: Path) -> None:
    written(project, thumbnailed("../secret.txt"))
    assert [told.code for told in refused(project)] == ["P003"]


def test_no_line_of_a_file_elsewhere_is_shown(project: Path) -> None:
    written(project, annotated("../secret.txt"))
    (told,) = refused(project)
    assert getattr(told.position, "line", 0) == 0
    assert "(line 1" in told.message
    (project / "coco.json").write_text(SECRET)
    written(project, annotated("coco.json"))
    with pytest.raises(InvalidInput) as caught:
        loaded(project)
    assert getattr(caught.value.diagnostics[0].position, "line", 0) == 1


def test_nor_of_a_file_in_a_folder_of_annotations_that_is_a_link(project: Path) -> None:
    (project / "voc").mkdir()
    (project / "voc/a.xml").symlink_to(project.parent / "secret.txt")
    written(project, annotated("voc").replace("COCO", "PASCAL-VOC"))
    told = refused(project)
    assert told
    assert all(getattr(one.position, "line", 0) == 0 or "m.yaml" in str(one.position) for one in told)


@pytest.mark.parametrize("target", ["secret", "/proc/self/environ", "pipe"])
def test_a_manifest_that_is_found_is_a_file_of_the_project(project: Path, target: str) -> None:
    written(project, document("TagQuery", "q", "{tags: [a]}"))
    if target == "pipe":
        os.mkfifo(project / "x.yaml")
    else:
        (project / "x.yaml").symlink_to(project.parent / "secret.txt" if target == "secret" else target)
    (told,) = refused(project)
    assert (told.code, getattr(told.position, "line", 0)) == ("M050", 0)


def test_a_manifest_that_is_typed_may_be_a_link(project: Path) -> None:
    written(project, document("TagQuery", "q", "{tags: [a]}"))
    (project.parent / "link.yaml").symlink_to(project / "m.yaml")
    assert [one.name for one in loaded(project.parent / "link.yaml").queries] == ["q"]


@pytest.mark.parametrize("path", ["../out.index", "/tmp/out.index", "deep/out.index"])  # noqa: S108 - never written
def test_an_index_is_written_in_the_project_only(project: Path, path: str) -> None:
    (project / "deep").symlink_to(project.parent)
    written(project, NAMING["index"](path))
    with pytest.raises(InvalidInput) as caught:
        indexes_of([project], Wanted(), StatCache(None))
    assert [one.code for one in caught.value.diagnostics] == ["M050"]
