"""Saved plans: written and read again, and refused when anybody touched them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from picsellia_apply.errors import Diagnostic, InvalidInput, Severity, StalePlan, UsageError
from picsellia_apply.model.declaration import Declaration, Network
from picsellia_apply.model.plan import Notice, Plan
from picsellia_apply.model.state import State
from picsellia_apply.planner import plan_digest
from picsellia_apply.render.json import plan_to_json
from picsellia_apply.render.saved import members_path, read_plan, write_plan
from picsellia_apply.source import Place, Position
from tests.worlds import NOTHING, apply, box, dataset, of_set, picture_set, place, planned, source, version


@pytest.fixture
def made() -> Plan:
    """A plan with every kind of operation, a finding at a position and one at a place."""
    cars = source({"a.jpg": [box("car"), box("car", 50)], "b.jpg": [box("car", 5)]})
    declaration = Declaration(
        "root",
        picture_sets=(picture_set("cells", ["a.jpg", "b.jpg"], ["drone"]),),
        datasets=(dataset("cells", version("first", of_set("cells"), cars), description="Cells"),),
        networks=(Network("net", place(), {"type": "detection", "base_parameters": {"lr": 0.5}}),),
        findings=(
            Diagnostic("Q003", Severity.warning, "2 boxes without area", Position("a.xml", 4, 2, 5), count=2),
            Diagnostic("L003", Severity.info, "nothing", Place("a.yaml", 1, ("spec",)), "a hint"),
        ),
    )
    return planned(declaration)


@pytest.fixture
def saved(made: Plan, tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    write_plan(made, path)
    return path


def test_what_is_read_is_what_was_written(made: Plan, saved: Path) -> None:
    assert read_plan(saved) == replace(made, records=read_plan(saved).records)
    assert msgspec.json.encode(read_plan(saved).records, order="sorted") == (
        msgspec.json.encode(made.records, order="sorted")
    )


def test_writing_what_was_read_gives_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.json"
    write_plan(read_plan(saved), again)
    assert again.read_bytes() == saved.read_bytes()
    assert members_path(again).read_bytes() == members_path(saved).read_bytes()
    assert members_path(saved).name == "plan.members.ndjson.gz"


def test_no_path_of_this_machine_is_in_a_plan(saved: Path) -> None:
    assert b"/somewhere/" not in saved.read_bytes()
    assert b"/somewhere/" not in gzip.decompress(members_path(saved).read_bytes())


def test_the_json_is_the_printed_one_and_the_binding(made: Plan, saved: Path) -> None:
    printed, written = json.loads(plan_to_json(made)), json.loads(saved.read_bytes())
    assert set(written.pop("members")) == {"sha256", "size", "told"}
    assert written == printed
    assert plan_digest(made) == made.digest == printed["digest"]


def test_a_plan_with_deletes_survives_too(tmp_path: Path) -> None:
    declared = Declaration("root", picture_sets=(picture_set("cells", ["a.jpg", "b.jpg"], ["drone"]),))
    first = planned(declared)
    state, inventory = apply(first, State(), NOTHING)
    fewer = Declaration("root", picture_sets=(picture_set("cells", ["a.jpg"], []),))
    deleting = planned(fewer, state, inventory, replace(first.policy, prune=True) if first.policy else None)  # type: ignore[arg-type]
    assert [one.action for one in deleting.operations] == ["delete", "delete"]
    write_plan(deleting, tmp_path / "p.json")
    assert read_plan(tmp_path / "p.json").operations == deleting.operations


def _edit(path: Path, change: Callable[[Any], None]) -> None:
    document = json.loads(path.read_bytes())
    change(document)
    path.write_bytes(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n")


TAMPERINGS: dict[str, Callable[[Any], Any]] = {
    "reason": lambda document: document["operations"][0].update(reason="harmless"),
    "count": lambda document: document["operations"][0]["members"].update(add=1),
    "sample": lambda document: document["operations"][0]["members"].update(sample=["z.jpg"]),
    "summary": lambda document: document["summary"].update(create=0),
    "outcome": lambda document: document.update(outcome="no_changes"),
    "target": lambda document: document["target"].update(organization="other"),
    "serial": lambda document: document.update(inventory_serial=9),
    "allowances": lambda document: document["policy"].update(allowances=["empty:workspace/demo"]),
}


@pytest.mark.parametrize("change", TAMPERINGS.values(), ids=TAMPERINGS)
def test_an_altered_plan_is_stale(saved: Path, change: Callable[[Any], None]) -> None:
    _edit(saved, change)
    with pytest.raises(StalePlan, match=r"changed after it was written"):
        read_plan(saved)


def test_reformatting_is_an_alteration(saved: Path) -> None:
    saved.write_bytes(json.dumps(json.loads(saved.read_bytes())).encode())
    with pytest.raises(StalePlan):
        read_plan(saved)


def test_altered_members_are_stale(saved: Path) -> None:
    text = gzip.decompress(members_path(saved).read_bytes())
    members_path(saved).write_bytes(gzip.compress(text.replace(b"a.jpg", b"z.jpg"), mtime=0))
    with pytest.raises(StalePlan, match="does not belong"):
        read_plan(saved)


@pytest.mark.parametrize(
    ("written", "edited"),
    [
        ("2 boxes without area", "nothing to see here"),
        ('"code": "Q003"', '"code": "Q004"'),
        ('"line": 4', '"line": 5'),
        ("somebody moved it", "all is well"),
        ('"kind": "drift"', '"kind": "adopt"'),
        ("cannot compare labels", "compared labels"),
        ('"unchanged": 7', '"unchanged": 8'),
    ],
)
def test_what_is_only_told_is_bound_too(made: Plan, saved: Path, written: str, edited: str) -> None:
    """None of it is in the digest: it names files by paths of a machine, and decides nothing."""
    told = replace(made, notices=(Notice("drift", "dataset/cells", "somebody moved it"),), unchanged=7)
    told = replace(told, limits=("cannot compare labels",))
    assert plan_digest(told) == made.digest
    write_plan(told, saved)
    text = saved.read_text()
    assert text.count(written) == 1
    read_plan(saved)
    saved.write_text(text.replace(written, edited))
    with pytest.raises(StalePlan, match="changed after it was written"):
        read_plan(saved)


def test_members_bound_again_by_a_forger_are_stale(saved: Path, made: Plan, tmp_path: Path) -> None:
    forged = replace(made, records={})
    write_plan(replace(forged, digest=made.digest), saved)
    with pytest.raises(StalePlan):
        read_plan(saved)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no saved plan"),
        (b"[]", "no saved plan"),
        (b"\xff\xfe", "no saved plan"),
        (b'{"format_version": 99}', "format 99"),
        (b'{"format_version": 2}', "no saved plan"),
        (b'{"format_version": 2, "digest": {}}', "no saved plan"),
    ],
)
def test_what_is_no_plan_is_told(saved: Path, content: bytes, message: str) -> None:
    saved.write_bytes(content)
    with pytest.raises(InvalidInput) as raised:
        read_plan(saved)
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "L010"
    assert message in diagnostic.message
    assert diagnostic.position == Position(str(saved))


def test_missing_members_are_told(saved: Path) -> None:
    members_path(saved).unlink()
    with pytest.raises(InvalidInput) as raised:
        read_plan(saved)
    assert raised.value.diagnostics[0].code == "L011"


def test_members_that_unfold_to_more_than_stated_are_refused(saved: Path) -> None:
    _edit(saved, lambda document: document["members"].update(size=10))
    with pytest.raises(InvalidInput) as raised:
        read_plan(saved)
    assert "not as long" in raised.value.diagnostics[0].message


def test_a_folder_in_the_way_is_told(made: Plan, tmp_path: Path) -> None:
    (tmp_path / "plan.json").mkdir()
    with pytest.raises(UsageError, match="Is a directory"):
        write_plan(made, tmp_path / "plan.json")
    assert not list(tmp_path.glob(".*"))
