"""The inventory as text: what is written is read back, what is damaged or newer is refused."""

from __future__ import annotations

import base64
import zlib
from dataclasses import replace

import msgspec
import pytest

from picsellia_apply.errors import ProcessingError, UsageError
from picsellia_apply.inventory.body import DamagedInventory, dump_json, load_json, pack, unpack
from picsellia_apply.model.inventory import Inventory, Record

INVENTORY = Inventory(
    "demo",
    7,
    {
        "pictures/cells": Record(members={"b.jpg": "b" * 64, "a.jpg": "a" * 64}),
        "pictures/cells/blood": Record(created=False, members={"a.jpg": None, "b.jpg": None}),
        "dataset/Cells": Record(fields={"description": "é", "private": True}),
        "annotations/Cells@first": Record(members={"a.jpg": ('{"label":"x"}', '{"label":"y"}'), "b.jpg": ()}),
        "network/n": Record(fields={"labels": {"1": "car"}, "tag": [], "base_parameters": {"lr": 0.5}}),
    },
    applied="c" * 64,
    former={
        "annotations/Cells@second": Record(members={"a.jpg": ('{"label":"x"}',)}),
        "label/Cells@second/x/point": Record(),
    },
)


def test_what_is_written_is_read_back() -> None:
    assert load_json(dump_json(INVENTORY), workspace="demo") == INVENTORY
    assert unpack(pack(INVENTORY), workspace="demo") == INVENTORY


def test_the_order_of_records_and_members_does_not_show() -> None:
    turned = replace(INVENTORY, records=dict(reversed(list(INVENTORY.records.items()))))
    assert dump_json(turned) == dump_json(INVENTORY)


def test_names_without_values_stand_once() -> None:
    written = msgspec.json.decode(dump_json(INVENTORY))
    assert written["records"]["pictures/cells/blood"]["members"] == ["a.jpg", "b.jpg"]


def test_a_newer_format_is_refused_with_what_to_do() -> None:
    newer = msgspec.json.encode({"format_version": 2, "surprise": True})
    with pytest.raises(UsageError, match="format 2") as caught:
        load_json(newer, workspace="demo")
    assert "newer" in caught.value.hint


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"format_version": 1}', b'{"format_version": "1"}'])
def test_damaged_json_is_told(text: bytes) -> None:
    with pytest.raises(ProcessingError, match="damaged"):
        load_json(text, workspace="demo")


def test_another_workspaces_inventory_is_refused() -> None:
    with pytest.raises(ProcessingError, match="that of `demo`"):
        load_json(dump_json(INVENTORY), workspace="prod")


@pytest.mark.parametrize("text", ["%%%", "aGVsbG8=", base64.b64encode(zlib.compress(b"{}" * 99)[:-3]).decode()])
def test_a_damaged_body_is_told(text: str) -> None:
    with pytest.raises(ProcessingError):
        unpack(text, workspace="demo")


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("nonsense", {}),
        ("foo/x", {}),
        ("label/FZ@first", {}),
        ("annotations/FZ", {}),
        ("policy/p", {}),
        ("pictures/s", {"adopted": 5}),
        ("pictures/s", {"deleted": [1]}),
        ("version/d@v", {"parts": "x"}),
        ("dataset/d", {"settled": []}),
    ],
)
def test_a_record_that_cannot_be_one_is_damage(address: str, fields: dict[str, object]) -> None:
    text = dump_json(Inventory("demo", 1, {address: Record(fields=fields)}))
    with pytest.raises(DamagedInventory, match="damaged"):
        load_json(text, workspace="demo")


@pytest.mark.parametrize("old_new", [(b"description", b"\xff\xfe"), (b'"serial":7', b'"serial":-7')])
def test_bytes_that_are_no_text_and_a_serial_below_zero_are_damage(old_new: tuple[bytes, bytes]) -> None:
    with pytest.raises(DamagedInventory, match="damaged"):
        load_json(dump_json(INVENTORY).replace(*old_new), workspace="demo")


def test_nesting_without_end_is_damage() -> None:
    with pytest.raises(DamagedInventory, match="damaged"):
        load_json(b'{"format_version":1,"x":' + b"[" * 100_000, workspace="demo")
