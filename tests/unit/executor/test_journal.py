"""The write-ahead journal: what a killed apply leaves, and what it proves."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from picsellia_apply.executor.journal import Journal, Leftover, content_digest, journal_path
from picsellia_apply.model.inventory import Record
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
    one.begin("pictures/s", "create", RECORD, ["a", "b", "c"])
    assert one.leftovers()["pictures/s"].members == {"a", "b", "c"}
    one.end("pictures/s", "failed", ["b"])
    one.close()
    assert journal(tmp_path).leftovers()["pictures/s"].members == {"a", "c"}
