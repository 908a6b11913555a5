"""Every declared address compared with what is there, in the one order in which decisions rest on each other.

What `Operation.pre` says must still hold when a saved plan is applied (`executor.staleness` sees to it):

    absent   nothing is there
    fields   field to the whole value that is there now
    sha256   digest of the stored file, None for none
    takes    what goes or changes with it at most: unit to [how many, how many of them are not ours]
    annotations have theirs in `Members.objects`: `before` of each picture
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.plan import Blocked
from picsellia_apply.model.state import Resource
from picsellia_apply.planner.annotations import Objects, VersionState, diff_annotations
from picsellia_apply.planner.case import UNSUPPORTED, Carried, Case, Found, World
from picsellia_apply.planner.networks import diff_file, diff_network
from picsellia_apply.planner.pictures import diff_pictures, diff_tag
from picsellia_apply.planner.prefer import preferred
from picsellia_apply.planner.versions import diff_dataset, diff_label, diff_version, is_settled


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
    impossible: dict[str, set[str]] = {}
    yield from _diff_versions(cases, world, impossible)
    yield from _without_versions(cases, world, impossible)


def _without_versions(
    cases: Mapping[str, Case], world: World, impossible: Mapping[str, Set[str]]
) -> Iterator[tuple[str, Found]]:
    """Yield again, without an operation, the datasets that are not there and of which no version can be created."""
    holding = {parse_address(text).name for text in world.desired.resources if text.startswith("version/")}
    for text, case in cases.items():
        if case.address.kind == "dataset" and case.observed is None and case.address.name not in holding:
            refused = Blocked(text, UNSUPPORTED, "creating a dataset without a version", hint="give it a version")
            yield text, Found(case.record, blocked=(refused,))
    for name, blocked in impossible.items():
        text = str(Address("dataset", name))
        versions = {
            case.address.version
            for case in cases.values()
            if case.address.kind == "version" and case.address.name == name
        }
        if text in cases and cases[text].observed is None and versions <= blocked:
            yield text, Found(cases[text].record)


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
    """Compare the tags: what two documents do to one tag on a picture is done, and counted, once."""
    claimed: dict[tuple[str, bool], set[str]] = {}
    for text, case in cases.items():
        if case.address.kind in ("pictures", "query") and case.address.rest:
            absent = bool(case.desired.options.get("absent"))
            names = claimed.setdefault((case.address.rest[0], absent), set())
            found = diff_tag(case, world, names)
            for operation in found.operations:
                names.update(operation.members.remove if absent else operation.members.add)
            yield text, found


def _diff_versions(
    cases: Mapping[str, Case], world: World, impossible: dict[str, set[str]]
) -> Iterator[tuple[str, Found]]:
    """Compare versions in manifest order, each with its labels and annotations: a later one may carry them over.

    Versions that are not there and cannot be created are added to `impossible`, by dataset.
    """
    labels: dict[tuple[str, str], list[Case]] = {}
    for case in cases.values():
        if case.address.kind == "label":
            labels.setdefault((case.address.name, case.address.version), []).append(case)
    carried: dict[tuple[str, str], Carried] = {}
    versions = [case for case in cases.values() if case.address.kind == "version"]
    for case in sorted(versions, key=lambda case: (case.address.name, case.desired.options.get("order", 0))):
        key = (case.address.name, case.address.version)
        found = diff_version(case, world, impossible.get(case.address.name, frozenset()))
        yield case.text, found
        annotations = cases.get(str(Address("annotations", *key)))
        if found.blocked and case.observed is None:
            impossible.setdefault(case.address.name, set()).add(case.address.version)
            parts = [*labels.get(key, ()), *([annotations] if annotations is not None else [])]
            yield from ((part.text, Found(part.record)) for part in parts)
            continue
        held = _held(case, found, world)
        taken = _taken_over(case, world, carried, held)
        named = {label.text: diff_label(label, world, taken) for label in labels.get(key, ())}
        yield from named.items()
        objects = dict(taken.objects if case.observed is None else _observed(*key, world).objects)
        if annotations is not None:
            side = preferred(world.policy, annotations.text)
            annotated = diff_annotations(annotations, _version_state(annotations, world, taken.objects, held), side)
            objects |= _put(annotated)
            yield annotations.text, annotated
        carried[key] = Carried(objects, taken.labels | _labels_had(named, world))


def _labels_had(named: Mapping[str, Found], world: World) -> frozenset[tuple[str, ...]]:
    """Return the labels that a version has once they are made; where none can be read, those that are remembered."""
    unseen = "labels" not in world.policy.features
    had = [text for text, found in named.items() if found.operations or (unseen and found.record is not None)]
    return frozenset(parse_address(text).rest for text in had)


def _version_state(annotations: Case, world: World, objects: Objects, held: Set[str]) -> VersionState:
    dataset, version = annotations.address.name, annotations.address.version
    observed = world.observed.resources.get(str(Address("version", dataset, version)))
    return VersionState(
        objects=objects,
        held=held,
        added=held - observed.members.keys() if observed is not None else frozenset(),
        exists=observed is not None,
        settled=is_settled(annotations.address, world),
    )


def _put(annotated: Found) -> dict[str, tuple[str, ...]]:
    """Return what is written before a version is created from this one; deletes come after that."""
    puts = [operation for operation in annotated.operations if operation.action != "delete"]
    return {name: change.after for operation in puts for name, change in operation.members.objects.items()}


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
