"""What each version holds once a plan was applied: what is there, with every operation done to it in the plan's order.

What is blocked, in conflict or left alone stays as it is. Nothing that is given is changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace

from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.annotation import labels_of
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Operation
from picsellia_apply.model.state import State

VersionKey = tuple[str, str]
"""A dataset's and a version's name."""
Label = tuple[str, ...]
"""A label's name and type."""
Objects = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One version after the apply.

    Attributes:
        pictures: Names.
        labels: Name and type of each.
        objects: Annotated pictures to canonical object texts; None when the version's annotations were not read.
        background: Pictures of which the manifests say that there is nothing on them; the platform need not know.
    """

    pictures: Set[str] = frozenset()
    labels: frozenset[Label] = frozenset()
    objects: Objects | None = None
    background: Set[str] = frozenset()


def outcomes(
    operations: Iterable[Operation], observed: State, inventory: Inventory, *, labels_seen: bool
) -> dict[VersionKey, Outcome]:
    """Return every version that is there after the apply.

    Args:
        operations: The plan's, in order.
        observed: What is there now.
        inventory: What this workspace manages.
        labels_seen: Whether the platform tells its labels; else those that we made count.
    """
    found = _now(observed, inventory, labels_seen=labels_seen)
    for operation in operations:
        address = parse_address(operation.address)
        if address.kind == "pictures" and not address.rest:
            if operation.members.remove:
                found = {key: _without(one, frozenset(operation.members.remove)) for key, one in found.items()}
        elif address.version:
            _change(found, address, operation)
    return found


def _now(observed: State, inventory: Inventory, *, labels_seen: bool) -> dict[VersionKey, Outcome]:
    labels: dict[VersionKey, set[Label]] = {}
    for text in observed.resources if labels_seen else observed.resources.keys() | inventory.records.keys():
        if text.startswith("label/"):
            address = parse_address(text)
            labels.setdefault((address.name, address.version), set()).add(address.rest)
    return {key: Outcome(names, frozenset(labels.get(key, ())), objects) for key, names, objects in _versions(observed)}


def _versions(observed: State) -> Iterator[tuple[VersionKey, Set[str], Objects | None]]:
    for text, resource in observed.resources.items():
        if text.startswith("version/"):
            address = parse_address(text)
            annotations = observed.resources.get(str(Address("annotations", address.name, address.version)))
            objects = annotations.members if annotations is not None else None
            yield (address.name, address.version), resource.members.keys(), objects


def _change(found: dict[VersionKey, Outcome], address: Address, operation: Operation) -> None:
    """Do one operation on a version, or on a part of it."""
    key = (address.name, address.version)
    before = found.get(key, Outcome())
    match address.kind:
        case "version" if operation.action == "create":
            found[key] = _created(found, address, operation)
        case "version" if operation.action == "delete" and not operation.members.remove:
            found.pop(key, None)
        case "version":
            grown = replace(before, pictures=before.pictures | operation.members.add.keys())
            found[key] = _without(grown, frozenset(operation.members.remove))
        case "label":
            found[key] = _relabelled(before, address.rest, gone=operation.action == "delete")
        case "annotations":
            written = {name: change.after for name, change in operation.members.objects.items()}
            found[key] = replace(before, objects={**(before.objects or {}), **written})
        case _:
            pass


def _created(found: Mapping[VersionKey, Outcome], address: Address, operation: Operation) -> Outcome:
    """Return a new version with what it takes over from its origin: labels, and the annotations of its pictures."""
    names = operation.members.add.keys()
    origins = [change.after for change in operation.diff if change.field == "from"]
    if not origins:
        return Outcome(names, frozenset(), {})
    origin = found.get((address.name, origins[0]), Outcome(objects={}))
    if origin.objects is None:
        return Outcome(names, origin.labels, None)
    return Outcome(names, origin.labels, {name: texts for name, texts in origin.objects.items() if name in names})


def _without(one: Outcome, names: Set[str]) -> Outcome:
    """Return a version that pictures leave, with their annotations."""
    if not names or names.isdisjoint(one.pictures):
        return one
    objects = one.objects and {name: texts for name, texts in one.objects.items() if name not in names}
    return replace(one, pictures=one.pictures - names, objects=objects)


def _relabelled(one: Outcome, label: Label, *, gone: bool) -> Outcome:
    """Return a version with a label more, or with one less and without its objects."""
    if not gone:
        return replace(one, labels=one.labels | {label})
    objects = one.objects and {name: _others(texts, label) for name, texts in one.objects.items()}
    return replace(one, labels=one.labels - {label}, objects=objects)


def _others(texts: tuple[str, ...], label: Label) -> tuple[str, ...]:
    return tuple(text for text in texts if label not in labels_of([text]))
