"""`init`: a newcomer's folder becomes manifests that load and resolve without a fault, whatever its layout."""

from __future__ import annotations

import json
import os
import posixpath
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from PIL import Image

from picsellia_apply.cli.init import command
from picsellia_apply.errors import Diagnostic, InvalidInput, Severity, UsageError
from picsellia_apply.manifest import json_schema, load
from picsellia_apply.manifest.scaffold import scalar, workspace_name
from picsellia_apply.manifest.yaml import parse
from picsellia_apply.model.declaration import Declaration
from picsellia_apply.model.state import State
from picsellia_apply.resolve import resolve

BCCD = Path(__file__).parents[3] / "shared" / "data" / "bccd"
HOSTILE = [
    *(
        "no",
        "1e3",
        "a: b",
        "null",
        "Größe 猫 🐈",
        "#x",
        'it\'s "quoted"',
        "~",
        "010",
        "1:20",
        "- x",
        "{a}",
        "[b]",
        "!t",
    ),
    *("&a", "*a", "%x", "@x", "`x`", "?", "x #y", "0x1F", "y", ".inf", "1_000", "2024-01-01", "<<", "=", "back\\slash"),
    *("a, b", "e\u0301", "a\u2028b", "nbsp\u00a0x", "on", "No", "-", "..."),
]


HOSTILE_FILES = [
    *("new\nline", 'it\'s "quoted"', "*", "**", "?", "[a]", "[!a]", "a*b", "img[1]", "#hash", "x #y", "100%", "%2F"),
    *("trailing ", " leading", "Größe 猫 🐈", "e\u0301", "-dash", "--help", "~", "tab\there", "\x7f", "\x85", "\u2028"),
    *("back\\slash", "{a}", "a, b", "a: b", "!t", "&a", "null", "\x1b[31mred", os.fsdecode(b"\xff")),
]


@dataclass(frozen=True)
class Made:
    """What init wrote: its output, the manifests as read back, and what resolve made of them."""

    result: Result
    out: Path
    declaration: Declaration
    state: State

    def members(self) -> dict[str, tuple[int, int]]:
        """Return per version its pictures and its objects."""
        resources = self.state.resources
        return {
            address.removeprefix("version/"): (
                len(resource.members),
                sum(map(len, resources[address.replace("version/", "annotations/", 1)].members.values()))
                if address.replace("version/", "annotations/", 1) in resources
                else 0,
            )
            for address, resource in resources.items()
            if address.startswith("version/")
        }

    def labels(self) -> set[tuple[str, str]]:
        """Return the labels of the dataset."""
        return set(self.declaration.datasets[0].versions[0].labels or ())

    def grave(self) -> list[Diagnostic]:
        """Return what is more than a remark."""
        return [one for one in self.state.findings if one.severity > Severity.info]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PICSELLIA_CACHE_DIR", str(tmp_path / "cache"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def picture(path: Path, seed: int = 0, size: tuple[int, int] = (64, 48)) -> None:
    """Write a small picture with its own bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = random.Random(os.fsencode(path) + bytes([seed]))  # noqa: S311 - not for secrets
    Image.new("RGB", size, (rng.randrange(256), rng.randrange(256), rng.randrange(256))).save(path)


def coco(names: list[str], *, label: str = "car", polygon: bool = False) -> dict[str, Any]:
    """Return a COCO file with two objects on each picture."""
    images = [{"id": index, "file_name": name, "width": 64, "height": 48} for index, name in enumerate(names)]
    annotations = [
        {"id": 2 * index + side, "image_id": index, "category_id": 0, "bbox": [side * 10, 5, 8, 9]}
        | ({"segmentation": [[side * 10, 5, side * 10 + 8, 5, side * 10, 14]]} if polygon else {})
        for index in range(len(names))
        for side in (0, 1)
    ]
    return {"images": images, "annotations": annotations, "categories": [{"id": 0, "name": label}]}


def voc(filename: str, *boxes: tuple[int, int, int, int], more: str = "") -> str:
    objects = "".join(
        f"<object><name>cell</name>{more}<bndbox><xmin>{a}</xmin><ymin>{b}</ymin><xmax>{c}</xmax><ymax>{d}</ymax></bndbox>"
        "</object>"
        for a, b, c, d in boxes
    )
    return f"<annotation><filename>{filename}</filename>{objects}</annotation>"


def write(path: Path, content: str | dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


def init(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def made(folder: Path, *arguments: str | Path) -> Made:
    """Run init, load what it wrote, and resolve it against an empty platform."""
    result = init(folder, *arguments)
    if result.exception is not None:
        raise result.exception
    out = Path("manifests")
    declaration = load([out])
    return Made(result, out, declaration, resolve(declaration, State()))


def devkit(data: Path, *, full_names: bool = False) -> None:
    """Write BCCD's seeded twin: its layout and its faults."""
    stems = [f"cell_{index:03}" for index in range(12)]
    for index, stem in enumerate(stems):
        picture(data / "JPEGImages" / f"{stem}.png")
        boxes = [(1 + index, 2, 20 + index, 30), (5, 5, 5, 5)] if index == 3 else [(1 + index, 2, 20 + index, 30)]
        write(data / "Annotations" / f"{stem}.xml", voc(f"{stem}.png", *boxes, more="<truncated>1</truncated>"))
    names = [f"{stem}.png" for stem in stems] if full_names else stems
    splits = {"train": names[:6], "val": names[6:9], "test": names[9:], "trainval": names[:9]}
    for split, listed in splits.items():
        write(data / "ImageSets" / "Main" / f"{split}.txt", "\n".join(listed) + "\n")
    write(data / "ImageSets" / "Main" / "cell_train.txt", "".join(f"{stem}  1\n" for stem in stems))


def test_devkit_with_split_lists(data: Path) -> None:
    devkit(data)
    found = made(data, "--name", "cells")
    assert found.members() == {"cells-train@first": (6, 7), "cells-val@first": (3, 3), "cells-test@first": (3, 3)}
    assert found.labels() == {("cell", "rectangle")}
    assert [one.code for one in found.grave()] == ["Q003"]
    assert len(found.state.lake.pictures) == 12
    assert set(found.state.lake.tags) == {"cells"}
    assert "trainval.txt left out" in found.result.stdout
    assert "Next: picsellia-apply plan manifests" in found.result.stdout
    text = (found.out / "dataset.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=./picsellia-apply.schema.json\n")
    assert json.loads((found.out / "picsellia-apply.schema.json").read_text()) == json_schema()


@pytest.mark.parametrize("full_names", [True, False])
def test_a_split_is_made_of_the_pictures_that_are_there(data: Path, *, full_names: bool) -> None:
    devkit(data, full_names=full_names)
    for name in ("val", "trainval"):
        path = data / "ImageSets/Main" / f"{name}.txt"
        path.write_text(path.read_text() + "".join(f"gone_{row}\n" for row in range(4 if name == "val" else 1)))
    write(data / "ImageSets/Main/extra.txt", "nothing\nof it\n")
    found = made(data, "--name", "cells")
    assert found.members() == {"cells-train@first": (6, 7), "cells-val@first": (3, 3), "cells-test@first": (3, 3)}
    assert [one.code for one in found.grave()] == ["Q003"], "the lists name only what is there"
    told = "4 of the 7 lines of val.txt name no picture: `gone_0`, `gone_1`, `gone_2` and 1 more"
    assert f"  ! {told}; split val is made without them\n" in found.result.stdout
    assert "split list extra.txt left out: none of its 2 lines names a picture, e.g. `nothing`" in found.result.stdout
    assert "split list trainval.txt left out: it is the others together" in found.result.stdout


def test_lists_of_whole_names_are_named_where_they_are(data: Path) -> None:
    devkit(data, full_names=True)
    (data.parent / ".git").mkdir()
    found = made(data)
    assert found.members()["data-train@first"] == (6, 7)
    assert "ImageSets/Main/train.txt" in (found.out / "dataset.yaml").read_text()
    assert not (found.out / "splits").exists()


def test_lists_of_whole_names_outside_of_the_project_are_copied(data: Path) -> None:
    devkit(data, full_names=True)
    found = made(data)
    assert found.members()["data-train@first"] == (6, 7)
    assert (found.out / "splits/train.txt").read_text().split() == [f"cell_{index:03}.png" for index in range(6)]


def test_labelimg_with_files_beside_the_pictures(data: Path) -> None:
    for index in range(3):
        picture(data / f"{index}.jpg")
        write(data / f"{index}.xml", voc(f"{index}.jpg", (0, index, 10, 10)))
    found = made(data)
    assert found.members() == {"data@first": (3, 3)}
    assert found.grave() == []
    assert "coordinates: zero-based" in (found.out / "dataset.yaml").read_text()


@pytest.mark.parametrize("beside", [True, False])
def test_folders_that_files_divide_become_versions(data: Path, *, beside: bool) -> None:
    for split, count in (("valid", 2), ("train", 3)):
        names = [f"{split}{index}.jpg" for index in range(count)]
        for name in names:
            picture(data / "images" / split / name)
        file = data / "images" / split / "_annotations.coco.json" if beside else data / "annotations" / f"{split}.json"
        write(file, coco(names))
    found = made(data)
    assert found.members() == {"data-train@first": (3, 6), "data-valid@first": (2, 4)}
    assert {one.name: one.tags for one in found.declaration.picture_sets} == {
        "data-train": ("data", "train"),
        "data-valid": ("data", "valid"),
    }
    assert found.grave() == []


def test_equal_base_names_are_called_by_their_path(data: Path) -> None:
    for split in ("train[1]", "val"):
        for index in range(2):
            picture(data / split / f"{index}.jpg")
        write(data / split / "labels.json", coco(["0.jpg", "1.jpg"]))
    found = made(data)
    assert found.members() == {"data-train[1]@first": (2, 4), "data-val@first": (2, 4)}
    assert set(found.state.lake.pictures) == {"train[1]/0.jpg", "train[1]/1.jpg", "val/0.jpg", "val/1.jpg"}
    assert found.grave() == []


def test_folder_without_annotations_becomes_a_version_too(data: Path) -> None:
    for split in ("train", "val", "test"):
        picture(data / split / f"{split}.jpg")
        if split != "test":
            write(data / split / "c.json", coco([f"{split}.jpg"]))
    assert made(data).members() == {"data-train@first": (1, 2), "data-val@first": (1, 2), "data-test@first": (1, 0)}


def test_picsellia_file_with_questions(data: Path) -> None:
    picture(data / "pictures" / "a.jpg")
    box = {"top": 1, "left": 2, "width": 3, "height": 4}
    qa = [{"type": "range", "question": "how many?", "answer": 2, "min": 0, "max": 5}]
    objects = [
        {"type": "rectangle", "label": "x", "rectangle": box, "qa": qa},
        {"type": "classification", "label": "x"},
        {
            "type": "polygon",
            "label": "x",
            "polygon": {"geometry": [{"x": 1, "y": 1}, {"x": 5, "y": 1}, {"x": 1, "y": 9}]},
        },
    ]
    entry = {"external_picture_url": "a.jpg", "annotations": objects, "image_qa": qa}
    write(data / "export.json", {"annotations": [entry], "images": [], "categories": [{"name": "unused"}]})
    found = made(data)
    assert found.members() == {"data@first": (1, 4)}
    assert {kind for name, kind in found.labels() if name == "x"} == {"rectangle", "polygon", "classification"}
    assert "unused" in {name for name, _ in found.labels()}
    assert found.grave() == []


def test_label_type_follows_the_geometry(data: Path) -> None:
    picture(data / "a.jpg")
    outline = coco(["a.jpg"], label="outline", polygon=True)
    extra = [
        {"id": 90, "image_id": 0, "category_id": 1, "bbox": [1, 1, 5, 5], "segmentation": [[1, 1, 6, 1, 6, 6]] * 2},
        {"id": 91, "image_id": 0, "category_id": 2},
    ]
    outline["annotations"] += extra
    outline["categories"] += [{"id": 1, "name": "parts"}, {"id": 2, "name": "day"}, {"id": 3, "name": "unused"}]
    write(data / "c.json", outline)
    found = made(data)
    assert found.labels() == {
        ("outline", "polygon"),
        ("parts", "rectangle"),
        ("day", "classification"),
        ("unused", "polygon"),
    }
    assert found.members() == {"data@first": (1, 4)}


def test_two_files_about_the_same_pictures_are_not_added_up(data: Path) -> None:
    picture(data / "a.jpg")
    write(data / "c.json", coco(["a.jpg"]))
    write(data / "v" / "a.xml", voc("a.jpg", (1, 2, 3, 4)))
    found = made(data)
    assert found.members() == {"data@first": (1, 2)}
    assert "not used: it speaks of the same pictures as c.json" in found.result.stdout
    assert "# not used: {path: ../../data/v, format: PASCAL-VOC}" in (found.out / "dataset.yaml").read_text()


def test_broken_files_are_left_out_and_told(data: Path) -> None:
    picture(data / "pics" / "good.jpg")
    (data / "pics" / "bad.jpg").write_bytes(b"no picture")
    broken = coco(["good.jpg"])
    broken["annotations"][0]["category_id"] = 99
    write(data / "c.json", broken)
    found = made(data)
    assert found.members() == {"data@first": (1, 0)}
    assert "error[A016]" in found.result.stderr
    assert "bad.jpg" in found.result.stdout
    assert found.grave() == []


def test_names_reach_the_terminal_without_control_characters(data: Path) -> None:
    picture(data / "good.jpg")
    (data / "\x1b[31mred.jpg").write_bytes(b"x")
    (data / os.fsdecode(b"\xff.jpg")).write_bytes(b"x")
    result = init(data)
    assert result.exception is None
    assert "\\x1b[31mred.jpg" in result.stdout
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize("name", HOSTILE_FILES)
@pytest.mark.parametrize("split", [False, True])
def test_hostile_file_names_validate(data: Path, name: str, *, split: bool) -> None:
    for number, beside in enumerate((f"{name}.jpg", "img1.jpg", "new_line.jpg", "aXb.jpg", f"in {name}/x.jpg")):
        picture(data / "good" / beside, number)
    write(data / "good" / "labels.json", coco(["img1.jpg", "aXb.jpg"]))
    if split:
        picture(data / "other" / "y.jpg")
        write(data / "other" / f"labels{name}.json", coco(["y.jpg"]))
    for folder in ("good", f"bad {name}"):
        write(data / folder / f"broken {name}.jpg", "no picture")
    found = made(data)
    assert [one for one in found.declaration.findings if one.severity > Severity.note] == []
    names = {posixpath.basename(one) for pictures in found.declaration.picture_sets for one in pictures.pictures.names}
    assert {"img1.jpg", "new_line.jpg", "aXb.jpg"} <= names


def test_what_a_stand_in_would_match_too_is_kept(data: Path) -> None:
    picture(data / "new line.jpg")
    picture(data / "new\nline.jpg", 1)
    picture(data / "new_line.jpg", 2)
    found = made(data)
    assert found.declaration.picture_sets[0].pictures.names == ("new line.jpg", "new_line.jpg")
    assert found.grave() == []


def test_names_made_of_other_characters_are_left_out(data: Path) -> None:
    for number, form in enumerate(("\u00e9.jpg", "e\u0301.jpg", "plain.jpg")):
        picture(data / form, number)
    found = made(data)
    assert found.declaration.picture_sets[0].pictures.names == ("plain.jpg",)
    assert "another file has the same name" in found.result.stdout


def test_a_folder_that_no_manifest_can_name(data: Path) -> None:
    picture(data / "two\nlines" / "a.jpg")
    result = init(data / "two\nlines")
    assert isinstance(result.exception, UsageError)
    assert "control character" in result.exception.message
    assert not Path("manifests").exists()


@pytest.mark.parametrize(
    ("folder", "workspace"),
    [("My Pictures (2024)", "my-pictures-2024"), ("default", "default-pictures"), ("...", "pictures"), ("猫", "猫")],
)
def test_the_workspace_is_called_after_the_folder(folder: str, workspace: str) -> None:
    assert workspace_name(folder) == workspace


def test_a_workspace_is_written(data: Path) -> None:
    picture(data / "a.jpg")
    found = made(data)
    chosen = found.declaration.workspace
    assert (chosen.name, chosen.prune, chosen.host) == ("data", False, None)
    assert made(data, "--name", "White Cells", "--force").declaration.workspace.name == "white-cells"
    text = (found.out / "workspace.yaml").read_text()
    assert "  prune: false" in text
    assert text.startswith("# yaml-language-server")


def test_masks_of_the_devkit_are_no_pictures(data: Path) -> None:
    devkit(data)
    for index in range(3):
        picture(data / "SegmentationClass" / f"cell_{index:03}.png")
    found = made(data)
    assert len(found.state.lake.pictures) == 12
    assert found.members()["data-train@first"] == (6, 7)


def test_pictures_alone(data: Path) -> None:
    for index in range(4):
        picture(data / f"d{index % 2}" / f"{index}.jpg")
    found = made(data)
    assert found.members() == {"data@first": (4, 0)}
    assert found.declaration.datasets[0].versions[0].labels is None


@pytest.mark.parametrize("label", HOSTILE)
def test_hostile_labels_and_names(data: Path, label: str) -> None:
    written = label.replace("\\", "").strip(".")
    folder = data / f"{written}"
    name = f"p{written}.jpg"
    picture(folder / f"{written} pics" / name)
    write(folder / f"labels{written}.json", coco([name], label=label))
    found = made(folder, "--name", label)
    assert found.labels() == {(label, "rectangle")}
    assert list(found.members().values()) == [(1, 2)]
    assert found.grave() == []
    assert (found.declaration.datasets[0].name, found.declaration.picture_sets[0].name) == (label, label)


@pytest.mark.parametrize("name", ["a/b", "", "  ", "a\nb"])
def test_names_that_cannot_be(data: Path, name: str) -> None:
    picture(data / "a.jpg")
    assert isinstance(init(data, "--name", name).exception, UsageError)
    assert not Path("manifests").exists()


def test_label_that_no_manifest_can_hold_leaves_its_file_out(data: Path) -> None:
    picture(data / "a.jpg")
    write(data / "c.json", coco(["a.jpg"], label="two\nlines"))
    found = made(data)
    assert found.members() == {"data@first": (1, 0)}
    assert "control character" in found.result.stdout


@pytest.mark.parametrize(
    "text", [*HOSTILE, "plain", "two words", "../a/b.jpg", "./x", "a-b_c.d", "x (1)", " lead", "trail ", ""]
)
def test_scalars_are_read_back_by_every_reader(text: str) -> None:
    line = f"metadata: {{name: {scalar(text)}}}\nlist: [{scalar(text)}]\nkey: {scalar(text)}  # why\n"
    assert yaml.safe_load(line) == {"metadata": {"name": text}, "list": [text], "key": text}
    documents = parse_values(line)
    assert documents == {"metadata": {"name": text}, "list": [text], "key": text}


def parse_values(text: str) -> object:
    """Return what the program's own reader makes of one document."""
    (document,) = parse(text.encode(), "x.yaml").documents
    return document.value


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_nothing_is_changed_in_the_folder_and_nothing_is_overwritten(data: Path) -> None:
    devkit(data)
    before = snapshot(data)
    first = made(data)
    assert snapshot(data) == before
    (first.out / "dataset.yaml").write_text("mine\n")
    written = snapshot(first.out)
    again = init(data)
    assert isinstance(again.exception, UsageError)
    assert "dataset.yaml" in again.exception.message
    assert "--force" in again.exception.hint
    assert snapshot(first.out) == written
    made(data, "--force")
    assert (first.out / "dataset.yaml").read_text() != "mine\n"
    assert not list(first.out.rglob(".*"))


def test_one_file_in_the_way_leaves_all_unwritten(data: Path) -> None:
    devkit(data)
    write(Path("out/splits/val.txt"), "mine\n")
    result = init(data, "--out", "out")
    assert isinstance(result.exception, UsageError)
    assert sorted(path.name for path in Path("out").rglob("*") if path.is_file()) == ["val.txt"]


def test_same_folder_gives_the_same_bytes(data: Path) -> None:
    devkit(data)
    made(data)
    first = {name: content for name, (content, _) in snapshot(Path("manifests")).items()}
    made(data, "--force")
    assert {name: content for name, (content, _) in snapshot(Path("manifests")).items()} == first


def empty(folder: Path) -> None:
    (folder / "notes.txt").write_text("x")


def pointers(folder: Path) -> None:
    (folder / "a.jpg").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")


def only_broken(folder: Path) -> None:
    (folder / "a.jpg").write_bytes(b"x")


@pytest.mark.parametrize(
    ("fill", "error", "words"),
    [
        (empty, UsageError, "holds no picture"),
        (only_broken, UsageError, "holds no picture"),
        (pointers, InvalidInput, "git-lfs pointers"),
    ],
)
def test_folders_that_cannot_be_used(
    data: Path, fill: Callable[[Path], None], error: type[Exception], words: str
) -> None:
    fill(data)
    result = init(data)
    assert isinstance(result.exception, error)
    said = result.exception
    text = said.diagnostics[0].message if isinstance(said, InvalidInput) else str(said)
    assert words in text
    assert not Path("manifests").exists()


@pytest.mark.parametrize("name", ["missing", "file"])
def test_what_is_no_folder(data: Path, name: str) -> None:
    (data / "file").touch()
    assert isinstance(init(data / name).exception, UsageError)


def run(*arguments: str | Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "picsellia_apply", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, check=False, env={**os.environ, **(env or {})})


def test_through_the_command_line(data: Path) -> None:
    devkit(data)
    first = run("init", data)
    assert (first.returncode, first.stderr.count("Traceback")) == (0, 0)
    assert run("init", data).returncode == 64
    assert run("init", data / "none").returncode == 64
    assert run("init").returncode == 64


def fill_coco(data: Path) -> None:
    for index in range(3):
        picture(data / "pics" / f"{index}.jpg")
    write(data / "c.json", coco(["0.jpg", "pics/1.jpg", "deep\\2.jpg"], polygon=True))


def fill_picsellia(data: Path) -> None:
    picture(data / "a.jpg")
    qa = [{"type": "text", "question": "?", "answer": "!"}]
    objects = [
        {"type": "rectangle", "label": "x", "rectangle": {"top": 1, "left": 2, "width": 3, "height": 4}, "qa": qa}
    ]
    write(data / "p.json", {"annotations": [{"external_picture_url": "a.jpg", "annotations": objects, "image_qa": qa}]})


@pytest.mark.parametrize("fill", [devkit, fill_coco, fill_picsellia])
def test_init_plan_apply_and_the_next_plan_is_empty(data: Path, fill: Callable[[Path], None]) -> None:
    fill(data)
    env = {"CI": "", "PICSELLIA_HOST": "", "PICSELLIA_TOKEN": ""}
    assert run("init", data).returncode == 0
    assert run("plan", "manifests", "--detailed-exitcode", env=env).returncode == 2
    applied = run("apply", "manifests", "--auto-approve", env=env)
    assert (applied.returncode, "Traceback" in applied.stderr) == (0, False), applied.stderr
    assert run("plan", "manifests", "--detailed-exitcode", env=env).returncode == 0


@pytest.mark.skipif(not BCCD.is_dir(), reason="the shared BCCD photographs are not on this machine")
def test_bccd() -> None:
    found = made(BCCD)
    assert found.members() == {
        "bccd-train@first": (205, 2805),
        "bccd-val@first": (87, 1138),
        "bccd-test@first": (72, 945),
    }
    assert found.labels() == {("WBC", "rectangle"), ("RBC", "rectangle"), ("Platelets", "rectangle")}
    assert len(found.state.lake.pictures) == 364
    assert Counter(one.code for one in found.grave()) == {"Q003": 1}
