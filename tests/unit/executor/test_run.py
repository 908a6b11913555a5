"""Plans executed on a real lake in this process: order, failures, interrupts, and what the inventory says then."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from PIL import Image

from picsellia_apply.client import Client
from picsellia_apply.errors import StalePlan
from picsellia_apply.executor import Advanced, Event, Finished, Journal, Started, execute, journal_path
from picsellia_apply.inventory import read_inventory
from picsellia_apply.model.annotation import texts_of
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.plan import (
    Action,
    Bytes,
    FieldChange,
    Members,
    ObjectChange,
    Operation,
    Plan,
    Target,
)
from picsellia_apply.model.result import Result

BOX = {"type": "rectangle", "label": "cell", "rectangle": {"left": 1, "top": 2, "width": 3, "height": 4}}
OTHER = {"type": "rectangle", "label": "cell", "rectangle": {"left": 5, "top": 2, "width": 3, "height": 4}}
ONE, TWO = texts_of([BOX]), texts_of([OTHER])


@dataclass
class Bench:
    """A lake, a folder of files, and an apply of hand-made plans."""

    client: Client
    folder: Path
    paths: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def picture(self, name: str, *, color: int = 0) -> Bytes:
        path = self.folder / name
        Image.new("RGB", (4, 3), (color, len(self.paths), 7)).save(path)
        self.paths[f"pictures/s:{name}"] = str(path)
        content = path.read_bytes()
        return Bytes(f"pictures/s:{name}", hashlib.sha256(content).hexdigest(), len(content), 4, 3)

    def file(self, address: str, content: bytes) -> str:
        path = self.folder / address.replace("/", "-")
        path.write_bytes(content)
        self.paths[address] = str(path)
        return hashlib.sha256(content).hexdigest()

    def journal(self) -> Journal:
        return Journal(journal_path(self.folder / "state", "demo"), self.target)

    @property
    def target(self) -> Target:
        return Target(self.client.host, self.client.organization, "demo")

    def plan(self, *operations: Operation, records: Mapping[str, Record] | None = None) -> Plan:
        serial = read_inventory(self.client, "demo").serial
        made = {operation.address: record_for(operation) for operation in operations if operation.action != "delete"}
        return Plan(self.target, operations, inventory_serial=serial, records={**made, **(records or {})})

    def apply(self, plan: Plan, *, stopped: Callable[[], bool] = lambda: False) -> Result:
        inventory = read_inventory(self.client, "demo")
        self.events.clear()
        return execute(
            plan, self.client, self.paths, self.journal(), inventory, on_event=self.events.append, stopped=stopped
        )

    def records(self) -> Mapping[str, Record]:
        return read_inventory(self.client, "demo").records


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Client(host="embedded", data_dir=tmp_path / ".picsellia") as client:
        yield Bench(client, tmp_path)


def record_for(operation: Operation) -> Record:
    members: dict[str, object] = {name: one.sha256 if one else None for name, one in operation.members.add.items()}
    members |= {name: change.after for name, change in operation.members.objects.items()}
    return Record(fields={change.field: change.after for change in operation.diff}, members=members)


def uploading(bench: Bench, *names: str, action: Action = "create") -> Operation:
    return Operation("pictures/s", action, "new", members=Members(add={name: bench.picture(name) for name in names}))


def tagging(*names: str, address: str = "pictures/s/t") -> Operation:
    return Operation(address, "create", "new", members=Members(add=dict.fromkeys(names)), needs=("pictures/s",))


def dataset(**fields: object) -> Operation:
    return Operation("dataset/D", "create", "new", tuple(FieldChange(name, None, one) for name, one in fields.items()))


def version(*names: str, address: str = "version/D@v", origin: str | None = None) -> Operation:
    diff = (FieldChange("from", None, origin),) if origin else ()
    needs = ("dataset/D", "pictures/s", *([f"version/D@{origin}"] if origin else []))
    return Operation(address, "create", "new", diff, Members(add=dict.fromkeys(names)), needs=needs)


def label(name: str) -> Operation:
    return Operation(f"label/D@v/{name}/rectangle", "create", "new", needs=("version/D@v",))


def annotating(needs: tuple[str, ...] = ("version/D@v",), **changes: ObjectChange) -> Operation:
    objects = {f"{stem}.png": change for stem, change in changes.items()}
    return Operation("annotations/D@v", "create", "new", members=Members(objects=objects), needs=needs)


def whole(bench: Bench) -> tuple[Operation, ...]:
    return (
        uploading(bench, "a.png", "b.png"),
        tagging("a.png", "b.png"),
        dataset(description="cells", private=False),
        version("a.png", "b.png"),
        label("cell"),
        label("a/b".replace("/", "%2F")),
        annotating(a=ObjectChange(None, ONE)),
        Operation(
            "network/n", "create", "new", (FieldChange("type", None, "detection"), FieldChange("tag", None, ["x"]))
        ),
    )


def statuses(result: Result) -> dict[str, str]:
    return {one.address: one.status for one in result.operations}


def test_a_whole_plan_is_done_in_order_and_recorded(bench: Bench) -> None:
    plan = bench.plan(*whole(bench))
    result = bench.apply(plan)
    assert result.complete
    assert [one.address for one in result.operations] == [one.address for one in plan.operations]
    assert bench.records() == plan.records
    (info,) = bench.client.reader.datasets(["D"])
    assert (info.description, info.private, [one.name for one in info.versions]) == ("cells", False, ["v"])
    assert {one.name for one in info.versions[0].labels} == {"cell", "a/b"}
    assert bench.client.reader.annotations(info.versions[0].dataset_id, ["a.png", "b.png"]) == {"a.png": ONE}
    assert bench.client.reader.pictures_tagged(["t"]).names == ["a.png", "b.png"]
    (network,) = bench.client.reader.networks(["n"])
    assert (network.network.type, network.network.tag) == ("detection", ["x"])
    assert not bench.journal().leftovers()


def test_events_say_what_begins_how_far_it_is_and_how_it_ends(bench: Bench) -> None:
    bench.apply(bench.plan(uploading(bench, "a.png", "b.png"), tagging("a.png", "b.png")))
    kinds = [(type(one), one.result.address if isinstance(one, Finished) else one.address) for one in bench.events]
    assert kinds == [
        (kind, address) for address in ("pictures/s", "pictures/s/t") for kind in (Started, Advanced, Finished)
    ]
    assert isinstance(bench.events[1], Advanced)
    assert bench.events[1].members == 2


def test_a_failed_member_fails_its_operation_skips_dependants_and_spares_the_rest(bench: Bench) -> None:
    plan = bench.plan(*whole(bench))
    (bench.folder / "b.png").unlink()
    result = bench.apply(plan)
    assert statuses(result) == {
        "pictures/s": "failed",
        "pictures/s/t": "skipped",
        "dataset/D": "skipped",
        "version/D@v": "skipped",
        "label/D@v/cell/rectangle": "skipped",
        "label/D@v/a%2Fb/rectangle": "skipped",
        "annotations/D@v": "skipped",
        "network/n": "done",
    }
    assert set(result.operations[0].failures) == {"b.png"}
    assert "pictures/s" in next(one.error for one in result.operations if one.address == "version/D@v")
    assert set(bench.records()) == {"pictures/s", "network/n"}
    assert set(bench.records()["pictures/s"].members) == {"a.png"}


def test_a_file_that_changed_since_the_plan_is_not_sent(bench: Bench) -> None:
    plan = bench.plan(uploading(bench, "a.png", "b.png"))
    bench.picture("a.png", color=200)
    result = bench.apply(plan)
    assert "changed since it was planned" in result.operations[0].failures["a.png"]
    assert bench.client.reader.pictures_named(["a.png", "b.png"]).names == ["b.png"]


def test_a_name_taken_by_other_bytes_meanwhile_is_a_failure_of_that_picture(bench: Bench) -> None:
    bench.apply(bench.plan(uploading(bench, "a.png")))
    again = replace(uploading(bench, "a.png", "b.png", action="update"))
    result = bench.apply(bench.plan(again))
    assert "other bytes" in result.operations[0].failures["a.png"]
    assert result.operations[0].done == 1


def test_an_annotation_that_moved_is_left_alone_and_its_base_stays(bench: Bench) -> None:
    bench.apply(bench.plan(*whole(bench)))
    held = bench.records()
    change = annotating(a=ObjectChange(TWO, ()), b=ObjectChange(None, TWO))
    result = bench.apply(
        bench.plan(replace(change, action="update"), records={**held, change.address: record_for(change)})
    )
    assert "changed on the platform meanwhile" in result.operations[0].failures["a.png"]
    assert bench.records()["annotations/D@v"].members == {"a.png": ONE, "b.png": TWO}


def test_a_picture_outside_the_version_cannot_be_annotated(bench: Bench) -> None:
    bench.apply(bench.plan(*whole(bench)))
    result = bench.apply(bench.plan(replace(annotating(z=ObjectChange(None, ONE)), action="update")))
    assert "not in the version" in result.operations[0].failures["z.png"]


def test_a_version_of_pictures_that_are_gone_is_not_made(bench: Bench) -> None:
    bench.apply(bench.plan(uploading(bench, "a.png")))
    result = bench.apply(bench.plan(dataset(), version("a.png", "gone.png")))
    assert statuses(result) == {"dataset/D": "failed", "version/D@v": "failed"}
    assert "gone.png" in result.operations[1].error
    assert bench.client.reader.datasets(["D"]) == ()


def test_a_second_version_from_the_first_carries_what_was_known(bench: Bench) -> None:
    second = replace(version("a.png", address="version/D@w", origin="v"), needs=("version/D@v", "annotations/D@v"))
    bench.apply(bench.plan(*whole(bench), second))
    (info,) = bench.client.reader.datasets(["D"])
    after = {one.name: one for one in info.versions}
    assert after["w"].labels == after["v"].labels
    assert bench.client.reader.annotations(after["w"].dataset_id, ["a.png"]) == {"a.png": ONE}


def test_updates_of_everything(bench: Bench) -> None:
    bench.apply(bench.plan(*whole(bench)))
    more = uploading(bench, "c.png", action="update")
    plan = bench.plan(
        more,
        Operation(
            "pictures/s/t",
            "update",
            "x",
            members=Members(add={"c.png": None}, remove=("a.png",)),
            needs=("pictures/s",),
        ),
        Operation("dataset/D", "update", "x", (FieldChange("private", False, True),)),
        Operation(
            "version/D@v", "update", "x", members=Members(add={"c.png": None}, remove=("b.png",)), needs=("pictures/s",)
        ),
        Operation("network/n", "update", "x", (FieldChange("labels.1", None, "car"),)),
        records={"network/n": Record(fields={"labels": {"1": "car"}})},
    )
    assert bench.apply(plan).complete
    assert bench.client.reader.pictures_tagged(["t"]).names == ["b.png", "c.png"]
    (info,) = bench.client.reader.datasets(["D"])
    assert (info.description, info.private) == ("cells", True)
    assert bench.client.reader.version_members(info.versions[0].dataset_id) == ("a.png", "c.png")
    assert bench.client.reader.networks(["n"])[0].network.labels == {"1": "car"}


def network_with_files(bench: Bench) -> tuple[Operation, ...]:
    config = bench.file("file/n/config", b"x" * 100)
    Image.new("RGB", (2, 2)).save(bench.folder / "thumb.png")
    thumbnail = bench.file("thumbnail/n", (bench.folder / "thumb.png").read_bytes())
    return (
        Operation("network/n", "create", "new", (FieldChange("type", None, "detection"),)),
        Operation("file/n/config", "create", "new", (FieldChange("sha256", None, config),), needs=("network/n",)),
        Operation("thumbnail/n", "create", "new", (FieldChange("sha256", None, thumbnail),), needs=("network/n",)),
    )


def test_files_and_thumbnails_are_stored_under_their_keys(bench: Bench) -> None:
    plan = bench.plan(*network_with_files(bench))
    result = bench.apply(plan)
    assert result.complete
    assert result.operations[1].bytes_sent == 100
    (info,) = bench.client.reader.networks(["n"])
    assert info.files["config"].sha256 == plan.records["file/n/config"].fields["sha256"]
    assert info.thumbnail is not None
    assert info.thumbnail.sha256 == plan.records["thumbnail/n"].fields["sha256"]


def test_a_network_file_that_changed_since_the_plan_is_not_stored(bench: Bench) -> None:
    plan = bench.plan(*network_with_files(bench))
    bench.file("file/n/config", b"else")
    result = bench.apply(plan)
    assert statuses(result) == {"network/n": "done", "file/n/config": "failed", "thumbnail/n": "done"}
    assert "changed since it was planned" in result.operations[1].error


def deleting(address: str, *needs: str, remove: tuple[str, ...] = ()) -> Operation:
    return Operation(address, "delete", "gone", members=Members(remove=remove), needs=needs)


def test_deletes_leave_nothing_and_no_record(bench: Bench) -> None:
    bench.apply(bench.plan(*whole(bench)))
    bench.apply(bench.plan(*network_with_files(bench)[1:], records=bench.records()))
    result = bench.apply(
        bench.plan(
            deleting("label/D@v/cell/rectangle"),
            deleting("version/D@v", "label/D@v/cell/rectangle"),
            deleting("dataset/D", "version/D@v"),
            deleting("file/n/config"),
            deleting("thumbnail/n"),
            deleting("network/n", "file/n/config", "thumbnail/n"),
            deleting("pictures/s/t", remove=("a.png",)),
            deleting("pictures/s", "pictures/s/t", "version/D@v", remove=("a.png", "b.png")),
        )
    )
    assert result.complete
    assert bench.records() == {}
    assert bench.client.reader.all_pictures().names == []
    assert bench.client.reader.datasets(["D"]) == ()
    assert bench.client.reader.networks(["n"]) == ()


def test_nothing_is_deleted_when_anything_failed(bench: Bench) -> None:
    bench.apply(bench.plan(*whole(bench)))
    plan = bench.plan(uploading(bench, "c.png", action="update"), deleting("network/n"), records=bench.records())
    (bench.folder / "c.png").unlink()
    result = bench.apply(plan)
    assert statuses(result) == {"pictures/s": "failed", "network/n": "skipped"}
    assert len(bench.client.reader.networks(["n"])) == 1


def test_one_address_may_change_and_lose_members(bench: Bench) -> None:
    bench.apply(bench.plan(uploading(bench, "a.png")))
    add = uploading(bench, "b.png", action="update")
    gone = deleting("pictures/s", remove=("a.png",))
    after = {"pictures/s": record_for(add)}
    (bench.folder / "b.png").unlink()
    assert statuses(bench.apply(bench.plan(add, gone, records=after))) == {"pictures/s": "skipped"}
    assert set(bench.records()["pictures/s"].members) == {"a.png"}
    add = uploading(bench, "b.png", action="update")
    assert bench.apply(bench.plan(add, gone, records={"pictures/s": record_for(add)})).complete
    assert set(bench.records()["pictures/s"].members) == {"b.png"}


def test_a_dataset_that_holds_versions_of_others_is_not_deleted(bench: Bench) -> None:
    bench.apply(bench.plan(*whole(bench)))
    bench.client.writer.create_version("D", "theirs", [])
    result = bench.apply(bench.plan(deleting("version/D@v"), deleting("dataset/D", "version/D@v")))
    assert statuses(result) == {"version/D@v": "done", "dataset/D": "failed"}
    assert "theirs" in result.operations[1].error


def test_an_interrupt_begins_nothing_new_and_keeps_what_was_done(bench: Bench) -> None:
    plan = bench.plan(*whole(bench))
    finished = lambda: any(isinstance(one, Finished) for one in bench.events)  # noqa: E731
    result = bench.apply(plan, stopped=finished)
    states = statuses(result)
    assert list(states.values()).count("done") == 1
    assert set(states.values()) == {"done", "interrupted", "skipped"}
    assert set(bench.records()) == {address for address, status in states.items() if status == "done"}


def test_adoptions_are_recorded_without_any_operation(bench: Bench) -> None:
    adopted = {"network/n": Record(created=False, fields={"type": "detection"})}
    assert bench.apply(bench.plan(records=adopted)).complete
    assert bench.records() == adopted


def test_a_plan_of_another_inventory_is_stale_before_the_first_write(bench: Bench) -> None:
    plan = replace(bench.plan(uploading(bench, "a.png")), inventory_serial=5)
    with pytest.raises(StalePlan, match="serial 5 to 0"):
        bench.apply(plan)
    assert bench.client.reader.all_pictures().names == []


def test_what_a_killed_apply_made_is_not_adopted_by_the_next(bench: Bench) -> None:
    operation = whole(bench)[-1]
    planned = record_for(operation)
    killed = bench.journal()
    killed.writing(Inventory("demo", 1))
    killed.begin("network/n", "create", planned)
    killed.close()
    bench.client.writer.create_network("n", "detection")
    bench.apply(bench.plan(records={"network/n": replace(planned, created=False)}))
    assert bench.records()["network/n"].created
