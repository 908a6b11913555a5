"""Small declarations for tests of the pure part, and an applier that does on a State what an apply does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.annotation import object_text
from picsellia_apply.model.declaration import (
    AnnotationPolicy,
    AnnotationSource,
    Dataset,
    Declaration,
    LocalPictures,
    PictureSet,
    Selection,
    Version,
)
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.plan import Operation, Plan, Policy, Target
from picsellia_apply.model.state import Lake, Resource, State
from picsellia_apply.planner import plan
from picsellia_apply.resolve import resolve
from picsellia_apply.source import Place

FEATURES = frozenset({"labels", "replace", "digest", "batch", "page", "workspace"})
TARGET = Target("embedded", "acme", "demo")
NOTHING = Inventory("demo")
LAX = Policy(delete_percent=100, update_percent=100, features=FEATURES)


def sha(text: str) -> str:
    """Return a digest that stands for the bytes `text`."""
    return hashlib.sha256(text.encode()).hexdigest()


def place(line: int = 0, file: str = "demo.yaml") -> Place:
    return Place(file, line)


def local(names: Iterable[str], salt: str = "") -> LocalPictures:
    """Return pictures of this disk: 20 KB each, 4 x 3 px, bytes that depend on name and salt."""
    ordered = tuple(sorted(names))
    count = len(ordered)
    return LocalPictures(
        ordered,
        ordered,
        tuple(f"/somewhere/{name}" for name in ordered),
        tuple(sha(name + salt) for name in ordered),
        (20_000,) * count,
        (4,) * count,
        (3,) * count,
        (1,) * count,
    )


def picture_set(
    name: str, names: Iterable[str], tags: Sequence[str] | None = None, *, salt: str = "", restore: bool = False
) -> PictureSet:
    return PictureSet(name, place(), local(names, salt), None if tags is None else tuple(tags), restore)


def box(label: str, x: float = 0, y: float = 0, w: float = 10, h: float = 10) -> str:
    """Return the canonical text of a rectangle."""
    return object_text(
        {"type": "rectangle", "label": label, "rectangle": {"top": y, "left": x, "width": w, "height": h}}
    )


def source(
    objects: Mapping[str, Iterable[str]], policy: AnnotationPolicy = "merge", path: str = "coco.json"
) -> AnnotationSource:
    return AnnotationSource(place(), path, policy, {name: tuple(sorted(texts)) for name, texts in objects.items()})


def version(
    name: str,
    pictures: Selection | None = None,
    *annotations: AnnotationSource,
    origin: str | None = None,
    labels: Sequence[tuple[str, str]] | None = (("car", "rectangle"),),
    frozen: bool = False,
) -> Version:
    named = None if labels is None else tuple(labels)
    return Version(name, place(), pictures, origin, named, annotations, frozen)


def of_set(name: str) -> Selection:
    return Selection(place(), picture_set=name)


def names(*these: str) -> Selection:
    return Selection(place(), names=these)


def of_tags(*tags: str, quantity: float = 1.0) -> Selection:
    return Selection(place(), tags=tags, quantity=quantity)


def dataset(name: str, *versions: Version, description: str | None = None, private: bool | None = None) -> Dataset:
    return Dataset(name, place(), versions, description, private)


def planned(
    declaration: Declaration,
    observed: State | None = None,
    inventory: Inventory = NOTHING,
    policy: Policy = LAX,
) -> Plan:
    """Resolve and plan."""
    there = observed if observed is not None else State()
    desired = resolve(declaration, there, inventory, prune=policy.sweeps)
    return plan(desired, there, inventory, policy, TARGET)


def apply(made: Plan, observed: State, inventory: Inventory) -> tuple[State, Inventory]:
    """Do what a plan says, on a State; asserts that each operation finds what it needs."""
    scratch = _Scratch(observed)
    done: set[str] = set()
    waiting = {operation.address for operation in made.operations if operation.action != "delete"}
    for operation in made.operations:
        if operation.action != "delete":
            assert set(operation.needs) <= waiting, f"{operation.address} needs what is not in the plan"
            assert set(operation.needs) <= done, f"{operation.address} comes before what it needs"
            done.add(operation.address)
        scratch.do(operation, made.records)
    return scratch.state(observed), Inventory(inventory.workspace, inventory.serial + 1, made.records)


class _Scratch:
    """A platform in memory."""

    def __init__(self, observed: State) -> None:
        self.pictures = dict(observed.lake.pictures)
        self.tags = {tag: set(names) for tag, names in observed.lake.tags.items()}
        self.fields = {address: dict(resource.fields) for address, resource in observed.resources.items()}
        self.members = {address: dict(resource.members) for address, resource in observed.resources.items()}

    def state(self, observed: State) -> State:
        tags = {tag: frozenset(names) for tag, names in self.tags.items() if names}
        resources = {address: Resource(self.fields[address], self.members[address]) for address in self.fields}
        return State(Lake(self.pictures, tags), resources, complete=observed.complete)

    def do(self, operation: Operation, records: Mapping[str, Record]) -> None:
        address = parse_address(operation.address)
        match address.kind:
            case "pictures" | "query" if address.rest:
                self._tag(operation, address.rest[0])
            case "pictures":
                self._pictures(operation)
            case "version":
                self._version(operation, address)
            case "annotations":
                self._annotations(operation, address)
            case _ if operation.action == "delete":
                self._drop(operation.address)
            case _:
                self._put(operation, records.get(operation.address, Record()).fields)

    def _put(self, operation: Operation, fields: Mapping[str, Any]) -> None:
        assert (operation.action == "create") == (operation.address not in self.fields), operation.address
        self.fields.setdefault(operation.address, {}).update(fields)
        self.members.setdefault(operation.address, {})

    def _drop(self, address: str) -> None:
        del self.fields[address], self.members[address]

    def _pictures(self, operation: Operation) -> None:
        for name, content in operation.members.add.items():
            assert name not in self.pictures
            assert content is not None
            self.pictures[name] = content.sha256
        for name in operation.members.remove:
            del self.pictures[name]
            for names in self.tags.values():
                names.discard(name)
            for members in self.members.values():
                members.pop(name, None)

    def _tag(self, operation: Operation, tag: str) -> None:
        carriers = self.tags.setdefault(tag, set())
        assert operation.members.add.keys() <= self.pictures.keys()
        assert not carriers & operation.members.add.keys()
        assert carriers.issuperset(operation.members.remove)
        carriers.update(operation.members.add)
        carriers.difference_update(operation.members.remove)

    def _version(self, operation: Operation, address: Address) -> None:
        if operation.action == "delete" and not operation.members.remove:
            for text in list(self.fields):
                part = parse_address(text)
                if part.version == address.version and part.name == address.name:
                    self._drop(text)
            return
        assert operation.members.add.keys() <= self.pictures.keys()
        if operation.action == "create":
            assert operation.address not in self.fields
            self.fields[operation.address], self.members[operation.address] = {}, {}
            for change in operation.diff:
                self._carry_over(address, change.after, operation.members.add.keys())
        self.members[operation.address].update(operation.members.add)
        for name in operation.members.remove:
            del self.members[operation.address][name]
            self.members.get(str(Address("annotations", address.name, address.version)), {}).pop(name, None)

    def _carry_over(self, address: Address, origin: str, names: Iterable[str]) -> None:
        wanted = frozenset(names)
        for text in list(self.fields):
            part = parse_address(text)
            if part.name == address.name and part.version == origin and part.kind in ("label", "annotations"):
                copy = str(Address(part.kind, part.name, address.version, part.rest))
                self.fields[copy] = dict(self.fields[text])
                self.members[copy] = {name: v for name, v in self.members[text].items() if name in wanted}

    def _annotations(self, operation: Operation, address: Address) -> None:
        held = self.members[str(Address("version", address.name, address.version))]
        self.fields.setdefault(operation.address, {})
        objects = self.members.setdefault(operation.address, {})
        for name, change in operation.members.objects.items():
            assert name in held, f"{name} is not in the version"
            assert objects.get(name) == change.before
            objects[name] = change.after
