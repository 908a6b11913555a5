"""What others do between the plan and our requests: neither overwritten, nor taken for ours, killed or not."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from picsellia_apply.client import Client, network_files, upload
from picsellia_apply.client.conditional import Conditional
from picsellia_apply.errors import ConflictError
from picsellia_apply.executor import run as running
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.plan import FieldChange, Members, Operation
from picsellia_apply.model.result import OperationResult
from picsellia_apply.wire import v2
from tests.unit.executor.test_run import Bench, dataset, label, statuses, tagging, uploading, version, whole


class Killed(BaseException):
    """Ends an apply as a kill would: nothing that follows is run, apart from what Python itself does."""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Client(host="embedded", data_dir=tmp_path / ".picsellia") as client:
        yield Bench(client, tmp_path)


def by_a_person(bench: Bench, operation: Operation) -> None:
    """Upload an operation's pictures as somebody else would."""
    files = [
        upload.PictureFile(name, Path(bench.paths[one.ref]), one.sha256, one.size, 4, 3)
        for name, one in operation.members.add.items()
        if one is not None
    ]
    assert {one.status for one in bench.client.writer.upload_pictures(files)} == {"created"}


def die_before(bench: Bench, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill the apply right before its Nth request that writes, not counting the claim of the inventory."""
    left = iter(range(number + 1))  # for the claim it is asked twice: before it is made, and before it is sent

    def check() -> None:
        if next(left, None) is None:
            raise Killed

    monkeypatch.setattr(bench.client, "before_write", check)


def adopted(bench: Bench, address: str) -> list[str]:
    return list(bench.records()[address].fields.get("adopted", ()))


def test_a_picture_that_a_person_uploaded_after_the_plan_is_theirs(bench: Bench) -> None:
    operation = uploading(bench, "a.png", "b.png")
    plan = bench.plan(operation)
    by_a_person(bench, replace(operation, members=Members(add={"b.png": operation.members.add["b.png"]})))
    assert bench.apply(plan).complete
    assert adopted(bench, "pictures/s") == ["b.png"]


def test_a_tag_and_a_membership_that_a_person_added_after_the_plan_are_theirs(bench: Bench) -> None:
    bench.apply(bench.plan(uploading(bench, "a.png", "b.png", "c.png"), dataset(), version("a.png")))
    more = replace(version("b.png", "c.png"), action="update", diff=(), needs=())
    plan = bench.plan(tagging("a.png", "b.png"), more, records=bench.records())
    records = {**plan.records, "version/D@v": Record(members=dict.fromkeys(["a.png", "b.png", "c.png"]))}
    ids = bench.client.writer.picture_ids(["b.png"])
    bench.client.writer.tag(["t"], list(ids.values()))
    (info,) = bench.client.reader.datasets(["D"])
    bench.client.writer.add_pictures(info.versions[0].dataset_id, list(ids.values()))
    assert bench.apply(replace(plan, records=records)).complete
    assert adopted(bench, "pictures/s/t") == ["b.png"]
    assert adopted(bench, "version/D@v") == ["b.png"]


def test_what_was_ours_before_a_person_put_it_back_stays_ours(bench: Bench) -> None:
    bench.apply(bench.plan(uploading(bench, "a.png"), tagging("a.png")))
    plan = bench.plan(replace(tagging("a.png"), action="update"), records=bench.records())
    assert bench.apply(plan).complete
    assert adopted(bench, "pictures/s/t") == []


def test_only_pictures_whose_request_was_about_to_leave_are_claimed_after_a_kill(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "BYTES_AT_ONCE", 1)
    names = ["a.png", "b.png", "c.png", "d.png", "e.png", "f.png", "g.png", "h.png"]
    plan = bench.plan(uploading(bench, *names))
    die_before(bench, 3, monkeypatch)
    with pytest.raises(Killed):
        bench.apply(plan)
    claimed = bench.journal().leftovers()["pictures/s"].members
    arrived = set(bench.client.reader.all_pictures().names)
    assert arrived
    assert arrived < claimed
    assert len(claimed - arrived) <= 4, "those of the requests that were on their way at once"
    assert len(claimed) < len(names)


def test_a_picture_of_a_person_is_not_claimed_although_its_request_was_about_to_leave(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = uploading(bench, "a.png", "b.png")
    plan = bench.plan(operation)
    by_a_person(bench, replace(operation, members=Members(add={"b.png": operation.members.add["b.png"]})))
    die_before(bench, 1, monkeypatch)
    with pytest.raises(Killed):
        bench.apply(plan)
    assert bench.journal().leftovers()["pictures/s"].members == {"a.png"}


def pre(operation: Operation, **fields: Any) -> Operation:
    return replace(operation, pre=fields)


def test_a_description_that_a_person_edited_after_the_plan_is_not_overwritten(bench: Bench) -> None:
    bench.apply(bench.plan(*whole(bench)))
    diff = (FieldChange("description", "cells", "ours"),)
    change = pre(Operation("dataset/D", "update", "x", diff), fields={"description": "cells"})
    bench.client.writer.patch_dataset("D", description="theirs")
    result = bench.apply(bench.plan(change, records=bench.records()))
    assert statuses(result) == {"dataset/D": "failed"}
    assert "`description` changed on the platform since the plan was made: now 'theirs'" in result.operations[0].error
    (info,) = bench.client.reader.datasets(["D"])
    assert info.description == "theirs"


def test_a_network_that_a_person_edited_after_the_plan_is_not_overwritten(bench: Bench) -> None:
    bench.apply(bench.plan(*whole(bench)))
    fields = {"description": "", "tag": ["x"], "labels": {}}
    record = {"network/n": Record(fields={"type": "detection", "tag": ["y"]})}
    change = Operation("network/n", "update", "x", (FieldChange("tag", ["x"], ["y"]),))
    plan = bench.plan(pre(change, fields=fields), records=record)
    (found,) = bench.client.reader.networks(["n"])
    bench.client.writer.update_network(found.network.model_id, {"description": "theirs"})
    assert "`description` changed" in bench.apply(plan).operations[0].error
    plan = bench.plan(pre(change, fields={**fields, "description": "theirs"}), records=record)
    assert bench.apply(plan).complete


def test_a_network_that_is_renamed_is_looked_for_under_its_old_name(bench: Bench) -> None:
    bench.apply(bench.plan(*whole(bench)))
    diff = (FieldChange("network_name", "n", "m"), FieldChange("tag", ["x"], ["y"]))
    change = pre(Operation("network/m", "update", "renamed", diff), fields={"tag": ["x"]})
    record = {"network/m": Record(fields={"type": "detection", "tag": ["y"], "network_name": "m"})}
    result = bench.apply(bench.plan(change, records=record))
    assert "since the plan was made" not in result.operations[0].error
    wrong = pre(change, fields={"tag": ["z"]})
    assert "`tag` changed" in bench.apply(bench.plan(wrong, records=record)).operations[0].error


@pytest.mark.parametrize("kind", ["network", "dataset", "version", "label"])
def test_what_a_person_made_after_the_plan_is_not_called_ours(bench: Bench, kind: str) -> None:
    bench.apply(bench.plan(uploading(bench, "a.png")))
    writer = bench.client.writer
    network = pre(Operation("network/n", "create", "new", (FieldChange("type", None, "detection"),)), absent=True)
    made = (pre(dataset(description="ours"), absent=True), pre(version("a.png"), absent=True))
    if kind == "label":
        bench.apply(bench.plan(*made, records=bench.records()))
        made = (pre(label("cell"), absent=True),)  # type: ignore[assignment]
    plan = bench.plan(*((network,) if kind == "network" else made), records=bench.records())
    match kind:
        case "network":
            writer.create_network("n", "detection")
        case "dataset":
            writer.create_version("D", "other", [])
        case "version":
            writer.create_version("D", "v", list(writer.picture_ids(["a.png"]).values()))
        case _:
            (info,) = bench.client.reader.datasets(["D"])
            writer.create_label(info.versions[0].dataset_id, "cell", "rectangle")
    result = bench.apply(plan)
    assert set(statuses(result).values()) == {"failed"}
    assert "somebody made it since the plan was made" in result.operations[0].error
    assert not {one.address for one in plan.operations} & bench.records().keys()
    assert not {one.address for one in plan.operations} & bench.journal().leftovers().keys()


def store(bench: Bench, address: str, content: bytes, name: str = "theirs") -> None:
    """Store a network's file, or its thumbnail, as somebody else would."""
    path = bench.folder / "their folder" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    (found,) = bench.client.reader.networks(["n"])
    if address == "thumbnail/n":
        bench.client.writer.store_thumbnail(found.network.model_id, path)
    else:
        bench.client.writer.store_file(found.network.model_id, "config", path)


def stored(bench: Bench, address: str) -> str | None:
    (found,) = bench.client.reader.networks(["n"])
    one = found.thumbnail if address == "thumbnail/n" else found.files["config"]
    return one.sha256 if one is not None else None


@pytest.fixture(params=["file/n/config", "thumbnail/n"])
def storing(request: pytest.FixtureRequest, bench: Bench) -> Operation:
    """An operation that stores `ours` where nothing is."""
    bench.client.writer.create_network("n", "detection")
    digest = bench.file(request.param, b"ours")
    return pre(Operation(request.param, "create", "new", (FieldChange("sha256", None, digest),)), sha256=None)


def test_a_file_that_a_person_replaced_after_the_plan_is_not_overwritten(bench: Bench, storing: Operation) -> None:
    address = storing.address
    plan = bench.plan(storing)
    store(bench, address, b"theirs")
    assert bench.apply(plan).operations[0].error.startswith("somebody stored it since the plan was made")
    there = pre(replace(storing, action="update"), sha256=stored(bench, address))
    plan = bench.plan(there)
    store(bench, address, b"theirs again")
    assert "its file changed on the platform" in bench.apply(plan).operations[0].error
    assert stored(bench, address) == hashlib.sha256(b"theirs again").hexdigest()
    assert bench.apply(bench.plan(pre(there, sha256=stored(bench, address)))).complete


@pytest.mark.parametrize("theirs", [b"theirs", b"ours"], ids=["other bytes", "the same bytes"])
@pytest.mark.parametrize("there", [b"", b"before"], ids=["new", "replaced"])
@pytest.mark.parametrize(("name", "landed"), [("theirs", True), ("theirs", False), ("ours", False)])
def test_a_file_that_a_person_stores_while_ours_is_sent_is_theirs(
    bench: Bench,
    storing: Operation,
    monkeypatch: pytest.MonkeyPatch,
    *,
    theirs: bytes,
    there: bytes,
    name: str,
    landed: bool,
) -> None:
    """Under another name before or after our bytes are there, and under the very name of ours."""
    address = storing.address
    name = Path(bench.paths[address]).name if name == "ours" else name
    if there:
        store(bench, address, there, name)
        storing = pre(replace(storing, action="update"), sha256=stored(bench, address))
    send = network_files.send_form

    def sent(*what: Any, **how: Any) -> None:
        if landed:
            send(*what, **how)
        with monkeypatch.context() as person:
            person.setattr(network_files, "send_form", send)
            store(bench, address, theirs, name)
        if not landed:
            send(*what, **how)

    monkeypatch.setattr(network_files, "send_form", sent)
    (result,) = bench.apply(bench.plan(storing)).operations
    assert (result.status, "since the plan was made" in result.error) == ("failed", True)
    assert stored(bench, address) == hashlib.sha256(theirs).hexdigest()
    assert address not in bench.records()
    assert not bench.journal().leftovers()[address].says_anything


def test_a_large_file_is_not_put_together_over_what_a_person_stored_meanwhile(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.client.writer.create_network("n", "detection")
    digest = bench.file("file/n/config", b"x" * (v2.MULTIPART_PART_SIZE + 5))
    storing = Operation("file/n/config", "create", "new", (FieldChange("sha256", None, digest),))
    send = network_files._send_parts

    def sent(transport: Any, object_name: str, path: Path, reached: Any, check: Any) -> str:
        if not (bench.folder / "their folder").exists():
            store(bench, "file/n/config", b"theirs", path.name)
        return send(transport, object_name, path, reached, check)

    monkeypatch.setattr(network_files, "_send_parts", sent)
    (result,) = bench.apply(bench.plan(pre(storing, sha256=None))).operations
    assert result.error.startswith("somebody stored it since the plan was made")
    assert stored(bench, "file/n/config") == hashlib.sha256(b"theirs").hexdigest()
    assert not bench.journal().leftovers()["file/n/config"].says_anything


@pytest.mark.parametrize("lost", [False, True])
def test_a_file_whose_name_stays_is_replaced_though_its_object_changes_as_it_is_sent(
    bench: Bench, storing: Operation, monkeypatch: pytest.MonkeyPatch, *, lost: bool
) -> None:
    address = storing.address
    if lost:
        change = Conditional.change_network

        def answer_lost(self: Conditional, *how: Any) -> None:
            change(self, *how)
            raise ConflictError("another state: ours")

        monkeypatch.setattr(Conditional, "change_network", answer_lost)
    assert bench.apply(bench.plan(storing)).complete
    was, digest = stored(bench, address), bench.file(address, b"ours, changed")
    again = pre(replace(storing, action="update", diff=(FieldChange("sha256", was, digest),)), sha256=was)
    assert bench.apply(bench.plan(again)).complete
    assert stored(bench, address) == digest


class Racing(dict[tuple[str, str], OperationResult]):
    """Results whose every walk is met by another thread that adds one: the race, as it would be at its worst."""

    def _meet(self) -> None:
        def add() -> None:
            self[f"network/{len(self)}x", "create"] = OperationResult(f"network/{len(self)}x", "create", "done")

        thread = threading.Thread(target=add)
        thread.start()
        thread.join()

    def items(self) -> Any:
        for one in super().items():
            self._meet()
            yield one

    def values(self) -> Any:
        for one in super().values():
            self._meet()
            yield one


def test_an_operation_that_ends_while_another_looks_at_what_it_needs_is_no_error(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = running._Run.__init__

    def with_a_race(self: Any, *arguments: Any) -> None:
        made(self, *arguments)
        self._results = Racing()

    monkeypatch.setattr(running._Run, "__init__", with_a_race)
    networks = [Operation(f"network/n{row}", "create", "new", (FieldChange("type", None, "t"),)) for row in range(3)]
    gone = [Operation(f"label/D@v/x{row}/rectangle", "delete", "x", needs=("network/n0",)) for row in range(2)]
    result = bench.apply(bench.plan(*networks, *gone))
    assert [one.status for one in result.operations[:3]] == ["done"] * 3
    assert [one.status for one in result.operations[3:]] == ["failed"] * 2, "there is no such version"
