"""The inventory made again, from what is declared and what is there: everything found is adopted, nothing is ours.

What is adopted is never deleted by us, so that a mistake here costs nothing but tidiness; objects of annotations follow
their files, whoever drew them. What is declared and not there, or not as declared, is left to the next plan, as on a
first run. Where a platform shows neither digests nor labels, what it holds is taken to be as declared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.annotation import names_digest
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.ownership import ADOPTED, WHOLE
from picsellia_apply.model.state import Resource, State
from picsellia_apply.planner.fields import same


def rebuilt(desired: State, observed: State, *, shows_labels: bool) -> dict[str, Record]:
    """Return the records of what is declared and there, all of it adopted.

    Args:
        desired: See `resolve`, for an empty inventory.
        observed: What is there; addresses of other workspaces are passed over.
        shows_labels: Whether the platform shows which labels a version has.
    """
    found = dict(_found(desired, observed, shows_labels=shows_labels))
    return dict(sorted(found.items()))


def _found(desired: State, observed: State, *, shows_labels: bool) -> Iterator[tuple[str, Record]]:
    for text, resource in desired.resources.items():
        address = parse_address(text)
        if text in observed.owners:
            continue
        if address.kind == "label" and not shows_labels:
            version = str(Address("version", address.name, address.version))
            record = Record() if version in observed.resources else None
        else:
            record = _record(address, text, resource, observed)
        if record is not None:
            protected = bool(resource.options.get("protect"))
            yield text, Record(created=False, fields=record.fields, members=record.members, protected=protected)


def _record(address: Address, text: str, resource: Resource, observed: State) -> Record | None:
    match address.kind:
        case "pictures" | "query":
            return _tag(address, resource, observed) if address.rest else _pictures(resource, observed)
        case _:
            there = observed.resources.get(text)
            return _of_thing(address, resource, there) if there is not None else None


def _of_thing(address: Address, resource: Resource, there: Resource) -> Record | None:
    match address.kind:
        case "version":
            return _version(resource, there)
        case "annotations":
            return _annotations(resource, there)
        case "file" | "thumbnail":
            stored = there.fields.get("sha256")
            return Record(fields=resource.fields) if stored in (None, resource.fields["sha256"]) else None
        case _:
            held = there.fields
            return Record(fields={n: value for n, value in resource.fields.items() if same(n, value, held.get(n))})


def _adopted(members: Mapping[str, Any], wanted: int) -> Record | None:
    """Return the record of members that are all others'; None where many are wanted and none is there."""
    if wanted and not members:
        return None
    return Record(fields={ADOPTED: sorted(members)} if members else {}, members=members)


def _pictures(resource: Resource, observed: State) -> Record | None:
    there = observed.lake.pictures
    members = {name: sha for name, sha in resource.members.items() if name in there and there[name] in (None, sha)}
    return _adopted(members, len(resource.members))


def _tag(address: Address, resource: Resource, observed: State) -> Record | None:
    carriers = observed.lake.tags.get(address.rest[0], frozenset())
    if resource.options.get("absent"):
        return Record(fields={"absent": True})
    return _adopted({name: None for name in resource.members if name in carriers}, len(resource.members))


def _version(resource: Resource, there: Resource) -> Record:
    wanted = there.members if resource.options.get("frozen") else resource.members
    members = {name: None for name in wanted if name in there.members}
    return Record(fields={ADOPTED: sorted(members)} if members else {}, members=members)


def _annotations(resource: Resource, there: Resource) -> Record | None:
    held = there.members
    members = {name: texts for name, texts in resource.members.items() if held.get(name) == texts}
    if not held and any(resource.members.values()):
        return None
    frozen = {WHOLE: names_digest(members)} if resource.options.get("frozen") else {}
    return Record(fields=frozen, members=members)
