"""The write-ahead journal: what a killed apply leaves, and what it proves."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from picsellia_apply.errors import UsageError
from picsellia_apply.executor.journal import Journal, journal_path
from picsellia_apply.executor.leftover import Leftover, content_digest
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.plan import Target

TARGET = Target("embedded", "acme", "demo")
RECORD = Record(fields={"type": "x"}, members={"a.jpg": None})
CONTENT = content_digest(RECORD)


def journal(folder: Path, target: Target = TARGET) -> Journal:
    return Journal(journal_path(folder, target.workspace), target)


def test_nothing_is_made_on_disk_before_the_first_line(tmp_path: Path) -> None:
    assert journal(tmp_path).leftovers() == {}
    assert not list(tmp_path.iterdir())


def test_a_creation_that_began_is_left_over_with_its_content(tmp_path: Path) -> None:
    one = journal(tmp_path)
    one.begin("version/cells@first", "create", RECORD)
    one.begin("network/n", "update", RECORD)
    one.close()
    assert journal(tmp_path).leftovers() == {
        "version/cells@first": Leftover(content=frozenset({CONTENT}), fields=RECORD.fields),
        "network/n": Leftover(),
    }


def test_what_the_platform_refused_was_not_made_by_us(tmp_path: Path) -> None:
    one = journal(tmp_path)
    one.begin("network/n", "create", RECORD)
    one.end("network/n", "refused")
    one.close()
    assert journal(tmp_path).leftovers()["network/n"].content == frozenset()


def test_what_the_platform_confirmed_is_ours_even_if_the_rest_was_refused(tmp_path: Path) -> None:
    one = journal(tmp_path)
    one.begin("network/n", "create", RECORD)
    one.created("network/n")
    one.end("network/n", "refused")
    one.close()
    assert journal(tmp_path).leftovers()["network/n"].created


def test_a_line_cut_short_by_a_kill_is_passed_over_and_does_not_swallow_the_next(tmp_path: Path) -> None:
    one = journal(tmp_path)
    one.begin("network/n", "create", RECORD)
    one.begin("network/m", "create", RECORD)
    one.close()
    os.truncate(one.path, one.path.stat().st_size - 5)
    two = journal(tmp_path)
    assert set(two.leftovers()) == {"network/n"}
    two.created("dataset/d")
    two.close()
    assert set(journal(tmp_path).leftovers()) == {"network/n", "dataset/d"}


def test_lines_of_another_target_are_not_ours(tmp_path: Path) -> None:
    other = journal(tmp_path, Target("https://x.example/", "acme", "demo"))
    other.begin("network/n", "create", RECORD)
    other.close()
    assert journal(tmp_path).leftovers() == {}


def test_rotating_puts_it_away_and_the_next_begins_empty(tmp_path: Path) -> None:
    one = journal(tmp_path)
    one.begin("network/n", "create", RECORD)
    one.rotate({"network/n"})
    assert journal(tmp_path).leftovers() == {}
    assert len(list(one.path.parent.iterdir())) == 1


def test_rotating_keeps_what_is_not_settled_and_what_is_of_another_target(tmp_path: Path) -> None:
    elsewhere = Target("https://x.example/", "acme", "demo")
    other = journal(tmp_path, elsewhere)
    other.begin("network/n", "create", RECORD)
    other.close()
    one = journal(tmp_path)
    one.begin("network/n", "create", RECORD)
    one.begin("dataset/d", "create", RECORD)
    one.rotate({"network/n"})
    assert set(journal(tmp_path).leftovers()) == {"dataset/d"}
    assert set(journal(tmp_path, elsewhere).leftovers()) == {"network/n"}


def test_a_workspaces_name_never_leaves_the_folder(tmp_path: Path) -> None:
    for name in ("..", "a/b", "../../x", "."):
        assert journal_path(tmp_path, name).parent == tmp_path / "journal"


def test_every_line_is_one_json_object(tmp_path: Path) -> None:
    one = journal(tmp_path)
    one.begin("label/d@first/a%2Fb/polygon", "create", RECORD)
    one.end("label/d@first/a%2Fb/polygon", "done")
    one.close()
    lines = one.path.read_bytes().splitlines()
    assert [msgspec.json.decode(line)["event"] for line in lines] == ["begin", "end"]


def test_content_is_what_is_there_not_who_made_it() -> None:
    record = Record(fields={"a": 1, "b": 2}, members={"x": None})
    assert content_digest(record) == content_digest(Record(created=False, fields={"b": 2, "a": 1}, members={"x": None}))
    assert content_digest(record) != content_digest(Record(fields={"a": 1}, members={"x": None}))


def test_members_that_were_being_added_are_left_over_apart_from_those_that_failed(tmp_path: Path) -> None:
    one = journal(tmp_path)
    one.begin("pictures/s", "create", RECORD)
    assert one.leftovers()["pictures/s"].members == set()
    one.adding("pictures/s", ["a", "b"])
    one.adding("pictures/s", iter("c"))
    assert one.leftovers()["pictures/s"].members == {"a", "b", "c"}
    one.end("pictures/s", "failed", ["b"])
    one.close()
    assert journal(tmp_path).leftovers()["pictures/s"].members == {"a", "c"}


def test_what_was_deleted_is_rotated_away_although_no_record_of_it_is_left(tmp_path: Path) -> None:
    one = journal(tmp_path)
    one.begin("network/n", "delete", None)
    one.end("network/n", "done")
    one.begin("network/m", "delete", None)
    one.rotate({"dataset/d"})
    assert not one.path.exists()


def written(serial: int, applied: str = "sha256:1") -> Inventory:
    return Inventory("demo", serial, applied=applied)


def begun(folder: Path, *serials: int) -> Journal:
    """Return the journal of an apply that wrote the inventory with these serials and made a network in between."""
    one = journal(folder)
    first, *rest = serials
    one.writing(written(first))
    one.begin("network/n", "create", RECORD)
    for serial in rest:
        one.writing(written(serial))
    one.close()
    return one


@pytest.mark.parametrize(
    ("stored", "left"),
    [
        (written(4), True),  # killed before the first write
        (written(5), True),
        (written(6), True),
        (written(7), False),  # another apply wrote it since
        (written(6, "sha256:2"), False),  # another one wrote it with the serial that we were about to use
        (written(3), False),  # one that was lost and made again
    ],
)
def test_once_somebody_else_wrote_the_inventory_nothing_is_left_over(
    tmp_path: Path, *, stored: Inventory, left: bool
) -> None:
    one = begun(tmp_path, 5, 6)
    assert bool(one.leftovers(stored)) is left


def test_one_killed_apply_after_another_leaves_both_their_doings(tmp_path: Path) -> None:
    begun(tmp_path, 5, 6)
    two = journal(tmp_path)
    two.writing(written(7))
    two.begin("network/m", "create", RECORD)
    assert set(two.leftovers(written(7))) == {"network/n", "network/m"}
    again = journal(tmp_path)  # nothing was written since the last one announced it
    again.writing(written(7, "sha256:3"))
    assert set(again.leftovers(written(7, "sha256:3"))) == {"network/n", "network/m"}


def test_what_was_left_before_others_wrote_stays_forgotten_by_later_applies(tmp_path: Path) -> None:
    begun(tmp_path, 5, 6)
    two = journal(tmp_path)
    two.writing(written(9))
    two.begin("network/m", "create", RECORD)
    assert set(two.leftovers(written(9))) == {"network/m"}
    assert set(two.leftovers()) == {"network/m"}


def test_an_announced_write_that_never_came_to_be_does_not_lead_on_from_somebody_elses(tmp_path: Path) -> None:
    begun(tmp_path, 5, 6)  # killed before it was written with serial 6; then somebody else wrote it with that
    two = journal(tmp_path)
    assert two.leftovers(written(6, "")) == {}
    two.writing(written(7, "sha256:2"), "")
    two.begin("network/m", "create", RECORD)
    assert set(two.leftovers(written(7, "sha256:2"))) == {"network/m"}
    three = journal(tmp_path)
    three.writing(written(8, "sha256:3"), "sha256:2")
    assert set(three.leftovers(written(8, "sha256:3"))) == {"network/m"}


def test_lines_without_a_serial_prove_nothing(tmp_path: Path) -> None:
    one = journal(tmp_path)
    one.created("network/n")
    assert one.leftovers(written(1)) == {}


def test_rotating_keeps_the_serials_of_what_stays(tmp_path: Path) -> None:
    one = begun(tmp_path, 5)
    one.begin("dataset/d", "create", RECORD)
    one.writing(written(6))
    one.rotate({"network/n"})
    assert set(journal(tmp_path).leftovers(written(6))) == {"dataset/d"}
    assert journal(tmp_path).leftovers(written(7)) == {}
    one.rotate({"dataset/d"})
    assert not one.path.exists()


@pytest.mark.parametrize(
    "line",
    [b"{", b"", b'{"event":"created","target":"embedded/acme/demo","address":"nonsense"}', b'{"event":"\xff"}', b"[]"],
)
def test_a_broken_line_in_the_middle_is_told_and_passed_over(tmp_path: Path, line: bytes) -> None:
    one = begun(tmp_path, 5)
    first, second = one.path.read_bytes().splitlines()
    one.path.write_bytes(b"\n".join((first, line, second, b"")))
    assert set(one.leftovers(written(5))) == {"network/n"}
    (fault,) = one.faults()
    assert (fault.code, getattr(fault.position, "line", None)) == ("L025", 2)


def test_a_cut_last_line_is_told_by_nobody_also_once_more_was_written(tmp_path: Path) -> None:
    one = begun(tmp_path, 5)
    os.truncate(one.path, one.path.stat().st_size - 5)
    assert one.faults() == ()
    one.created("network/n")
    assert one.faults() == ()
    assert one.leftovers(written(5))["network/n"].created


def test_a_line_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A nearly full disk takes a part of a line: the rest follows, or the caller hears of it and no half stays."""
    one, really = journal(tmp_path), os.write
    monkeypatch.setattr(os, "write", lambda descriptor, text: really(descriptor, bytes(text)[:7]))
    one.created("network/n")
    assert one.leftovers()["network/n"].created
    size = one.path.stat().st_size
    room = [7, 0]
    monkeypatch.setattr(os, "write", lambda descriptor, text: really(descriptor, bytes(text)[: room.pop(0)]))
    with pytest.raises(OSError, match="No space left"):
        one.created("network/m")
    assert one.path.stat().st_size == size


def test_a_journal_that_cannot_be_made_names_the_folder(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file is in the way")
    with pytest.raises(UsageError, match="the journal cannot be written") as caught:
        journal(tmp_path).writing(written(1))
    assert str(tmp_path) in caught.value.hint


def test_a_rename_that_began_is_left_over_until_it_is_refused(tmp_path: Path) -> None:
    one = journal(tmp_path)
    one.begin("network/m", "update", RECORD, origin="network/n")
    assert one.leftovers()["network/m"].origin == "network/n"
    one.end("network/m", "refused")
    assert one.leftovers()["network/m"].origin == ""
