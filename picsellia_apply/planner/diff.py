"""Every declared address compared with what is there, in the one order in which decisions rest on each other.

What `Operation.pre` says must still hold when the operation runs:

    absent           nothing is there (for pictures: so many of the names)
    fields           field to the whole value that is there now
    members_digest   names_digest of the version's pictures
    sha256           digest of the stored file, None for none
    annotations have theirs in `Members.objects`: `before` of each picture
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.state import Resource
from picsellia_apply.planner.annotations import Objects, VersionState, diff_annotations
from picsellia_apply.planner.case import Carried, Case, Found, World
from picsellia_apply.planner.networks import diff_file, diff_network
from picsellia_apply.planner.pictures import diff_pictures, diff_tag
from picsellia_apply.planner.versions import diff_dataset, diff_label, diff_version


def diff(world: World, planned: Set[str]) -> Iterator[tuple[str, Found]]:
    """Yield what was found for every planned address.

    Args:
        world: What decisions rest on.
        planned: Declared addresses.
    """
    cases = {text: _case(text, world) for text in sorted(planned)}
    yield from _diff_pictures(cases, world)
    yield from _diff_tags(cases, world)
    for text, case in cases.items():
        match case.address.kind:
            case "dataset":
                yield text, diff_dataset(case, world)
            case "network":
                yield text, diff_network(case, world)
            case "file" | "thumbnail":
                yield text, diff_file(case, world)
            case _:
                pass
    yield from _diff_versions(cases, world)


def _case(text: str, world: World) -> Case:
    desired, observed = world.desired.resources[text], world.observed.resources.get(text)
    return Case(parse_address(text), text, desired, observed, world.inventory.records.get(text))


def _diff_pictures(cases: Mapping[str, Case], world: World) -> Iterator[tuple[str, Found]]:
    """Compare the sets in manifest order: a picture that two of them declare is uploaded by the first."""
    claimed: set[str] = set()
    sets = [case for case in cases.values() if case.address.kind == "pictures" and not case.address.rest]
    for case in sorted(sets, key=lambda case: (case.desired.options.get("order", 0), case.text)):
        found = diff_pictures(case, world, claimed)
        for operation in found.operations:
            claimed.update(operation.members.add)
        yield case.text, found


def _diff_tags(cases: Mapping[str, Case], world: World) -> Iterator[tuple[str, Found]]:
    """Compare the tags: a picture to which two documents give one tag gets it once."""
    claimed: dict[str, set[str]] = {}
    for text, case in cases.items():
        if case.address.kind in ("pictures", "query") and case.address.rest:
            names = claimed.setdefault(case.address.rest[0], set())
            found = diff_tag(case, world, names)
            for operation in found.operations:
                names.update(operation.members.add)
            yield text, found


def _diff_versions(cases: Mapping[str, Case], world: World) -> Iterator[tuple[str, Found]]:
    """Compare versions in manifest order, each with its labels and annotations: a later one may carry them over."""
    labels: dict[tuple[str, str], list[Case]] = {}
    for case in cases.values():
        if case.address.kind == "label":
            labels.setdefault((case.address.name, case.address.version), []).append(case)
    carried: dict[tuple[str, str], Carried] = {}
    versions = [case for case in cases.values() if case.address.kind == "version"]
    for case in sorted(versions, key=lambda case: (case.address.name, case.desired.options.get("order", 0))):
        key = (case.address.name, case.address.version)
        found = diff_version(case, world)
        yield case.text, found
        annotations = cases.get(str(Address("annotations", *key)))
        if found.blocked and case.observed is None:
            parts = [*labels.get(key, ()), *([annotations] if annotations is not None else [])]
            yield from ((part.text, Found(part.record)) for part in parts)
            continue
        held = _held(case, found, world)
        taken = _taken_over(case, world, carried, held)
        for label in labels.get(key, ()):
            yield label.text, diff_label(label, world, taken)
        objects = taken.objects
        if annotations is not None:
            state = VersionState(objects, held, exists=case.observed is not None, adopted=_is_adopted(case))
            annotated, objects = diff_annotations(annotations, state)
            yield annotations.text, annotated
        carried[key] = Carried(objects, taken.labels | {label.address.rest for label in labels.get(key, ())})


def _held(case: Case, found: Found, world: World) -> Set[str]:
    """Return the pictures that the version holds when its annotations are written."""
    if case.observed is None:
        return case.desired.members.keys()
    added = {name for operation in found.operations for name in operation.members.add}
    removed = {name for operation in found.operations for name in operation.members.remove}
    there = case.observed.members.keys()
    if not (added or removed or world.doomed):
        return there
    return (there | added) - removed - world.doomed


def _is_adopted(case: Case) -> bool:
    """Return whether the version was there before this workspace."""
    return case.observed is not None and (case.record is None or not case.record.created)


def _taken_over(case: Case, world: World, carried: Mapping[tuple[str, str], Carried], held: Set[str]) -> Carried:
    """Return what a version holds before this plan writes to it: what is there, or what its origin will hold."""
    dataset, version = case.address.name, case.address.version
    if case.observed is not None:
        there = _observed(dataset, version, world)
        return there if there.objects.keys() <= held else Carried(_within(there.objects, held), there.labels)
    origin = case.desired.options.get("origin")
    if origin is None:
        return Carried()
    source = carried.get((dataset, origin)) or _observed(dataset, origin, world)
    members = case.desired.options.get("inherited", frozenset())
    return Carried(_within(source.objects, members), source.labels)


def _within(objects: Objects, names: Set[str]) -> Objects:
    return {name: texts for name, texts in objects.items() if name in names}


def _observed(dataset: str, version: str, world: World) -> Carried:
    annotations = world.observed.resources.get(str(Address("annotations", dataset, version)), Resource())
    head = str(Address("label", dataset, version)) + "/"
    found = [text for text in world.observed.resources if text.startswith(head)]
    return Carried(annotations.members, frozenset(parse_address(text).rest for text in found))
