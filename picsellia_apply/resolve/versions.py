"""Datasets, versions and labels: which pictures each version holds, exactly, even one that does not exist yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from picsellia_apply.errors import Diagnostic
from picsellia_apply.model.address import Address
from picsellia_apply.model.declaration import Dataset, Declaration, PictureSet, Selection, Version
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.state import Lake, Resource, State
from picsellia_apply.resolve.annotations import matched_annotations
from picsellia_apply.resolve.lake import Pictures
from picsellia_apply.resolve.selection import empty_selection, selected, unknown_names
from picsellia_apply.resolve.tags import tag_addresses

Found = tuple[str, Resource] | Diagnostic
"""What resolving yields: a resource under its address, or a finding."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What versions are resolved on.

    Attributes:
        lake: The predicted one.
        observed: What is there.
        queries: Query name to what it selects.
        sets: The declared picture sets, by name.
        query_tags: Query name to the tags it selects by.
        by_tag: Tag to the addresses that keep it.
        dropped: Pictures that would be deleted from the lake.
        known: Pictures that an annotation file may name without a finding: predicted ones, and those kept deleted.
        held_back: Pictures that get nothing new, see `resolve.lake`.
        records: The inventory's.
    """

    lake: Lake
    observed: State
    queries: Mapping[str, frozenset[str]]
    sets: Mapping[str, PictureSet]
    query_tags: Mapping[str, tuple[str, ...]]
    by_tag: Mapping[str, Sequence[str]]
    dropped: frozenset[str]
    known: Mapping[str, object]
    held_back: frozenset[str]
    records: Mapping[str, Record]


def ground_of(  # noqa: PLR0917 - made in one place
    declaration: Declaration,
    observed: State,
    lake: Lake,
    queries: Mapping[str, frozenset[str]],
    pictures: Pictures,
    records: Mapping[str, Record],
) -> Ground:
    """Return what the versions of `declaration` are resolved on."""
    sets = {one.name: one for one in declaration.picture_sets}
    query_tags = {query.name: query.tags for query in declaration.queries}
    known = {**lake.pictures, **dict.fromkeys(pictures.kept_deleted)} if pictures.kept_deleted else lake.pictures
    return Ground(
        lake=lake,
        observed=observed,
        queries=queries,
        sets=sets,
        query_tags=query_tags,
        by_tag=tag_addresses(declaration),
        dropped=pictures.dropped,
        known=known,
        held_back=pictures.held_back,
        records=records,
    )


def resolve_dataset(dataset: Dataset, ground: Ground) -> Iterator[Found]:
    """Yield the dataset's resources and findings, versions in manifest order.

    Raises:
        InvalidInput: Two annotation sources of one version decide about one picture in different ways.
    """
    managed = {"description": dataset.description, "private": dataset.private}
    fields = {name: value for name, value in managed.items() if value is not None}
    options: dict[str, object] = {"unmanaged_parts": ("versions",)} if "versions" in dataset.unmanaged else {}
    options |= protection(dataset.protect)
    yield str(Address("dataset", dataset.name)), Resource(fields, options=options, place=dataset.place)
    holds: dict[str, Set[str]] = {}
    for index, version in enumerate(dataset.versions):
        address = str(Address("version", dataset.name, version.name))
        there = ground.observed.resources.get(address, Resource()).members
        names = _selection(version, ground, there.keys())
        inherited = _inherited(dataset.name, version, ground, holds)
        holds[version.name] = ((names or frozenset()) | inherited | there.keys()) - ground.dropped
        needs = _needs(dataset, version, ground)
        members = dict.fromkeys(sorted((names or frozenset()) | inherited))
        how = {"order": index, **_options(version, inherited), **_kept_out(version, ground, there.keys())}
        yield address, Resource(members=members, options=how, needs=needs, place=version.place)
        yield from _labels(dataset.name, version)
        if version.annotations:
            for found in matched_annotations(dataset.name, version, holds[version.name], ground.known):
                yield found if isinstance(found, Diagnostic) else (found[0], _held_back(*found, ground))
        if version.pictures is not None:
            yield from _findings(f"version `{version.name}` of `{dataset.name}`", version.pictures, names, ground)


def _held_back(address: str, annotations: Resource, ground: Ground) -> Resource:
    """Return the annotations with what was last applied to pictures that are held back, or nothing."""
    names = ground.held_back & annotations.members.keys()
    if not names:
        return annotations
    base = ground.records.get(address, Record()).members
    members = {name: texts for name, texts in annotations.members.items() if name not in names}
    members.update((name, base[name]) for name in sorted(names & base.keys()))
    return replace(annotations, members=members)


def _selection(version: Version, ground: Ground, there: Set[str]) -> frozenset[str] | None:
    """Return what a version selects; pictures that are held back only where it holds them now."""
    if version.pictures is None:
        return None
    names = _selected(version.pictures, ground)
    return names - (ground.held_back - there) if ground.held_back else names


def _selected(pictures: Selection, ground: Ground) -> frozenset[str]:
    return selected(
        pictures,
        pictures=ground.lake.pictures,
        carriers=lambda tag: ground.lake.tags.get(tag, frozenset()),
        queries=ground.queries,
        sets=ground.sets,
    )


def _kept_out(version: Version, ground: Ground, there: Set[str]) -> dict[str, object]:
    """Return the option that names the pictures which a version selects and does not get: they are held back."""
    out = ground.held_back - there
    names = out & _selected(version.pictures, ground) if out and version.pictures is not None else out
    return {"held_back": frozenset(names)} if names and version.pictures is not None else {}


def _inherited(dataset: str, version: Version, ground: Ground, holds: Mapping[str, Set[str]]) -> Set[str]:
    """Return the pictures that a version yet to be created takes over from its origin."""
    exists = str(Address("version", dataset, version.name)) in ground.observed.resources
    if version.origin is None or exists:
        return frozenset()
    if version.origin in holds:
        return holds[version.origin]
    origin = ground.observed.resources.get(str(Address("version", dataset, version.origin)), Resource())
    return frozenset(origin.members) - ground.dropped


def protection(protect: bool | None) -> dict[str, object]:  # noqa: FBT001 - a value, not a switch
    """Return the option that says whether a thing is protected; none where the manifest does not say."""
    return {} if protect is None else {"protect": protect}


def _options(version: Version, inherited: Set[str]) -> dict[str, object]:
    options = protection(version.protect)
    if version.frozen:
        options["frozen"] = True
    if version.pictures is None:
        options["unmanaged"] = True
    absent = [*(["labels"] if version.labels is None else []), *sorted(version.unmanaged)]
    if absent:
        options["unmanaged_parts"] = tuple(absent)
    if version.origin is not None:
        options["origin"] = version.origin
    if inherited:
        options["inherited"] = frozenset(inherited)
    return options


def _needs(dataset: Dataset, version: Version, ground: Ground) -> tuple[str, ...]:
    """Return what a version depends on; one that is created takes over its origin's labels and annotations too."""
    needs = {str(Address("dataset", dataset.name))}
    if version.origin is not None:
        needs.add(str(Address("version", dataset.name, version.origin)))
        if str(Address("version", dataset.name, version.name)) not in ground.observed.resources:
            needs.update(*(_parts(dataset.name, one) for one in dataset.versions if one.name == version.origin))
    if version.pictures is not None:
        needs |= selection_needs(version.pictures, ground)
    return tuple(sorted(needs))


def _parts(dataset: str, version: Version) -> Iterator[str]:
    yield from (str(Address("label", dataset, version.name, label)) for label in version.labels or ())
    if version.annotations:
        yield str(Address("annotations", dataset, version.name))


def selection_needs(selection: Selection, ground: Ground) -> set[str]:
    """Return the addresses whose uploads and tag changes decide what is selected."""
    if selection.picture_set is not None:
        return {str(Address("pictures", selection.picture_set))}
    if selection.names is not None:
        names = frozenset(selection.names)
        touched = [one.name for one in ground.sets.values() if not names.isdisjoint(one.pictures.names)]
        return {str(Address("pictures", name)) for name in touched}
    tags = ground.query_tags[selection.query] if selection.query is not None else selection.tags or ()
    return {address for tag in tags for address in ground.by_tag.get(tag, ())}


def _labels(dataset: str, version: Version) -> Iterator[Found]:
    needs = (str(Address("version", dataset, version.name)),)
    options = {"frozen": True} if version.frozen else {}
    for name, kind in version.labels or ():
        address = str(Address("label", dataset, version.name, (name, kind)))
        yield address, Resource(options=options, needs=needs, place=version.place)


def _findings(what: str, selection: Selection, names: frozenset[str] | None, ground: Ground) -> Iterator[Diagnostic]:
    if not names and selection.query is None:
        yield empty_selection(what, selection.place)
    unknown = [name for name in selection.names or () if name not in ground.lake.pictures]
    if unknown:
        deleted = ground.known.keys() - ground.lake.pictures.keys()
        yield from unknown_names(what, unknown, selection.place, deleted=deleted, dropped=ground.dropped)
