"""A folder that is ours: killed anywhere and taken up again; a list of somebody else's making harms nothing."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from picsellia_apply.client import Client
from picsellia_apply.client.listing import Listing
from picsellia_apply.errors import UsageError
from picsellia_apply.export import Wish, laid_out, read_content, write_export
from picsellia_apply.export.platform import platform_of
from picsellia_apply.export.writing import FORMAT_VERSION, MARKER, check_folder, check_platform
from picsellia_apply.wire.extension import AnnotationItem
from tests.laws.worlds import World
from tests.unit.client.test_listing import CAR, fill

WRITES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir"})


class Killed(BaseException):
    """No handler of the program's own: it is gone."""


@dataclass
class Death:
    """Dies at one of the changes of the files below a folder: from then on nothing is changed any more."""

    below: str = ""
    left: int = 0
    lock = threading.Lock()

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        """Count a change, as Python's audit hooks tell it; die."""
        if not self.below or not (event in WRITES or (event == "open" and args[2] & (os.O_WRONLY | os.O_RDWR))):
            return
        if not isinstance(args[0], int) and str(args[0]).startswith(self.below):
            with self.lock:
                self.left -= 1
                if self.left < 0:
                    raise Killed


death = Death()
sys.addaudithook(death)


@contextmanager
def dying(out: Path, after: int) -> Iterator[None]:
    """Die at the change after so many below a folder."""
    death.below, death.left = str(out), after
    try:
        yield
    finally:
        death.below = ""


def export(world: World, out: Path, *, download: bool) -> None:
    """Export as the command does."""
    wish = Wish(download=download)
    check_folder(out, download=download)
    with world.client(read_only=True) as client:
        check_platform(out, platform_of(client))
        made = laid_out(read_content(client, wish, world.folder), client, wish)
        write_export(made, out, Listing(client), download=download)


def files(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def changed(world: World) -> None:
    """Change something in every kind of file, and take something away."""
    world.close()
    plain, world.plain = world.plain, False
    with world.client() as client:
        client.writer.update_network(client.writer.create_network("other", "OTHER"), {"readme_text": "x" * 500})
        client.writer.delete_network(client.writer.create_network("gone", "detection"))
        ids = client.writer.picture_ids(["a.png", "b.png", "c.png"])
        first = client.writer.create_version("Cars", "third", [ids["a.png"]])
        client.writer.replace_annotations(first, [AnnotationItem("a.png", [CAR])])
        client.writer.tag(["new"], [ids["b.png"]])
        client.writer.delete_pictures([ids["c.png"]])
    world.close()
    world.plain = plain


def cut_short(world: World, base: Path | None, out: Path, *, download: bool) -> int:
    """Kill exports of it at every change, twice where there are two; take each up again; return how many there were."""
    whole = out.with_name("whole")
    shutil.copytree(base, whole) if base else None
    export(world, whole, download=download)
    points = 0
    while True:
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(base, out) if base else None
        try:
            with dying(out, points):
                export(world, out, download=download)
        except Killed:
            points += 1
        else:
            break
        if points % 3 == 0:
            with pytest.raises(Killed), dying(out, points // 2):
                export(world, out, download=download)
        export(world, out, download=download)
        left = {path: data for path, data in files(out).items() if not path.endswith(".part")}
        assert left == files(whole), f"killed at change {points}"
    return points


@pytest.mark.parametrize("plain", [False, True])
def test_killed_anywhere_it_is_taken_up_again(tmp_path: Path, plain: bool) -> None:
    with World() as world:
        fill(world)
        world.close()
        world.plain = plain
        assert cut_short(world, None, tmp_path / "first/out", download=True) > 10
        export(world, tmp_path / "base", download=True)
        changed(world)
        assert cut_short(world, tmp_path / "base", tmp_path / "again/out", download=True) > 10


def test_killed_and_then_changed_by_somebody_it_is_not_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with World() as world:
        fill(world)
        with pytest.raises(Killed), dying(out, 12):
            export(world, out, download=False)
        (out / "workspace.yaml").write_text("mine")
        with pytest.raises(UsageError, match=r"workspace\.yaml"):
            export(world, out, download=False)
        assert (out / "workspace.yaml").read_text() == "mine"


@pytest.mark.parametrize("kind", ["files", "begun"])
@pytest.mark.parametrize("path", [
    "../precious.txt", "pictures/../../precious.txt", "ABSOLUTE", "mine.txt", "pictures/.env", ".git/config",
    "pictures//x", "pictures/./x", "", "pictures", "datasets/a\0", "datasets\\..\\..\\precious.txt",
])  # fmt: skip
def test_a_list_that_names_what_no_export_writes_is_refused(tmp_path: Path, path: str, kind: str) -> None:
    out, precious = tmp_path / "out", tmp_path / "precious.txt"
    precious.write_text("mine")
    digest = None if kind == "begun" else "0" * 64
    out.mkdir()
    named = {kind: {str(precious) if path == "ABSOLUTE" else path: digest}}
    (out / MARKER).write_text(json.dumps({"format_version": FORMAT_VERSION, **named}))
    with World() as world:
        fill(world)
        with pytest.raises(UsageError, match="which no export writes"):
            export(world, out, download=False)
    assert precious.read_text() == "mine"
    assert set(files(out)) == {MARKER}


def test_nothing_is_removed_through_a_link(tmp_path: Path) -> None:
    out, outside = tmp_path / "out", tmp_path / "outside"
    outside.mkdir()
    (outside / "precious.txt").write_text("mine")
    out.mkdir()
    (out / "pictures").symlink_to(outside)
    (out / "datasets").mkdir()
    (out / "datasets/link.txt").symlink_to(outside / "precious.txt")
    begun = {"pictures/precious.txt": None, "datasets/link.txt": None}
    with World() as world:
        fill(world)
        with world.client(read_only=True) as client:
            platform = msgspec.to_builtins(platform_of(client))
        listed = {"format_version": FORMAT_VERSION, "platform": platform, "begun": begun}
        (out / MARKER).write_text(json.dumps(listed))
        export(world, out, download=False)
    assert (outside / "precious.txt").read_text() == "mine"
    assert (out / "datasets/link.txt").is_symlink()


def test_a_list_and_a_stage_that_are_links_are_never_followed(tmp_path: Path) -> None:
    out, outside = tmp_path / "out", tmp_path / "outside"
    outside.mkdir()
    (outside / "0").write_text("mine")
    with World() as world:
        fill(world)
        export(world, out, download=False)
        (out / ".picsellia-export.new").symlink_to(outside)
        (out / f"{MARKER}.new").symlink_to(outside / "0")
        export(world, out, download=False)
        assert (outside / "0").read_text() == "mine"
        (out / MARKER).rename(outside / MARKER)
        (out / MARKER).symlink_to(outside / MARKER)
        with pytest.raises(UsageError, match="is a link"):
            export(world, out, download=False)


def test_a_dataset_and_a_network_may_be_called_as_the_document_of_another(tmp_path: Path) -> None:
    names = ("a", "a.yaml", "A.YAML.yaml")
    with World() as world:
        fill(world)
        with world.client() as client:
            ids = list(client.writer.picture_ids(["a.png"]).values())
            for name in names:
                client.writer.create_network(name, "OTHER")
                client.writer.create_version(name, "first", ids)
        export(world, tmp_path / "out", download=False)
        made = {path.casefold() for path in files(tmp_path / "out")}
        for folder in ("datasets", "networks"):
            assert sum(path.startswith(f"{folder}/") and path.count("/") == 1 for path in made) > len(names)


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[tuple[World, Path]]:
    """A lake, and an export of it."""
    with World() as world:
        fill(world)
        export(world, tmp_path / "out", download=True)
        yield world, tmp_path / "out"


def edited(out: Path, **changes: Any) -> None:
    """Write something else into the list of an export; None takes it away."""
    listed = json.loads((out / MARKER).read_bytes()) | changes
    (out / MARKER).write_text(json.dumps({key: value for key, value in listed.items() if value is not None}))


def test_an_export_of_another_lake_removes_nothing(ours: tuple[World, Path], tmp_path: Path) -> None:
    world, out = ours
    before, wish = files(out), Wish(download=True)
    told = r"holds an export of the embedded lake [0-9a-f]{8}, and the embedded lake [0-9a-f]{8} is asked for"
    with Client(host="embedded", data_dir=tmp_path / "other") as client:  # two worlds are copies of one lake
        made = laid_out(read_content(client, wish, tmp_path), client, wish)
        with pytest.raises(UsageError, match=told):
            write_export(made, out, Listing(client), download=True)
    assert files(out) == before
    export(world, out, download=True)
    assert files(out) == before


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format_version": 2, "platform": None}, "was written by another version"),
        ({"platform": None}, "does not say which platform it is of"),
        ({"platform": {}}, "cannot be read"),
        ({"platform": {"host": "embedded", "organization": "local", "organization_id": 1}}, "cannot be read"),
        ({"platform": {"host": "embedded", "organization": "local", "organization_id": ""}}, "holds an export of"),
        ({"platform": {"host": "http://a\x1b]0;\u202e", "organization": "\n" * 9999, "organization_id": "i"}},
         r" \(i\) at http://a \]0;, and the embedded lake "),
    ],
)  # fmt: skip
def test_nothing_is_removed_where_the_platform_is_not_told(
    ours: tuple[World, Path], changes: dict[str, Any], told: str
) -> None:
    world, out = ours
    edited(out, **changes)
    before = files(out)
    with pytest.raises(UsageError, match=told):
        export(world, out, download=True)
    assert files(out) == before


def test_an_organization_that_got_another_name_is_the_same(ours: tuple[World, Path]) -> None:
    world, out = ours
    before = files(out)
    platform = json.loads(before[MARKER])["platform"]
    edited(out, platform={**platform, "organization": "as it was called"})
    export(world, out, download=True)
    assert files(out) == before


def test_the_list_names_the_platform_and_no_path_of_this_machine(ours: tuple[World, Path]) -> None:
    world, out = ours
    text = (out / MARKER).read_text()
    assert json.loads(text)["platform"]["host"] == "embedded"
    assert str(world.root) not in text
    assert str(out.parent) not in text
