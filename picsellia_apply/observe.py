"""Read what is there, as far as the declaration and the inventory touch it, and prove that it is complete.

    pictures      by name: those of every PictureSet, of `names` selections, of the inventory's picture and tag records;
                  by tag: what each query and selection finds today; the sizes of those that are in no set, where an
                  annotation file states sizes
    datasets      declared and recorded ones, in one request; members of a version only where its digest is not that
                  of the members we know; annotations only of versions whose annotations are managed: digests first,
                  then the objects of those pictures whose digest stands for nothing that we know already
    deletes       where they are on: digests and numbers of the annotations that nobody manages, and which other
                  versions hold the pictures that would go: what a delete takes along is known before it is planned;
                  where the platform tells no digests, the bytes of those pictures: a person may have put another in
                  the place of ours, and nothing else shows it
    networks      declared and recorded ones, in one request

Why "all of its tags, today" is enough to predict a query: after the apply a picture has all tags of a query either
because it has them now (it is found by tag), or because something declared gives it one of them: a PictureSet (it is
found by name) or another query that selects it (it is found by that one; queries have no cycles). Nothing else can
enter the predicted selection, and every picture found comes with all of its tags.

The reader raises where a listing does not add up, so a State that is returned is complete. This module only reads; it
must not know how a difference is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from picsellia_apply.contents import dropped_pictures, with_digests, with_file_digests
from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.annotation import annotation_digest, names_digest
from picsellia_apply.model.declaration import Declaration, Version
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.policy import PolicyChecks
from picsellia_apply.model.state import Lake, PictureSize, Resource, State, Unread
from picsellia_apply.model.touched import Touched

if TYPE_CHECKING:
    from picsellia_apply.client.reader import Reader
    from picsellia_apply.wire.extension import DatasetInfo, FileInfo, NetworkInfo, PictureColumns, VersionInfo

Texts = tuple[str, ...]
VersionKey = tuple[str, str]
"""A dataset's and a version's name."""

FEW = 1_000
"""Up to so many pictures their annotations are read, beyond it their digests first."""

NETWORK_FIELDS = ("type", "framework", "description", "private", "tag", "labels", "base_parameters", "readme_text")
"""The properties of a network that a manifest can manage, under the wire's names."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the declaration and the inventory touch: names only.

    Attributes:
        pictures: Picture names to look up.
        tags: Per query and selection: the tags whose carriers are asked for.
        datasets: Dataset names to look up.
        versions: Versions to read, of those datasets.
        annotated: Versions whose annotations are compared, or counted by a policy, or carried over to such a version.
        networks: Network names to look up.
    """

    pictures: frozenset[str]
    tags: frozenset[frozenset[str]]
    datasets: frozenset[str]
    versions: frozenset[VersionKey]
    annotated: frozenset[VersionKey]
    networks: frozenset[str]


def scope(declaration: Declaration, inventory: Inventory, *, prune: bool = False) -> Scope:
    """Return what must be read to compare `declaration` with the platform.

    Args:
        declaration: What the manifests say.
        inventory: What this workspace manages.
        prune: Whether deletes are on: of a label that would go the objects are counted.
    """
    recorded = [parse_address(address) for address in inventory.records]
    declared = [(dataset.name, version) for dataset in declaration.datasets for version in dataset.versions]
    versions = {(name, version.name) for name, version in declared}
    versions |= {(name, version.origin) for name, version in declared if version.origin is not None}
    versions |= {(one.name, one.version) for one in recorded if one.version}
    return Scope(
        pictures=frozenset(_picture_names(declaration, inventory, recorded)),
        tags=frozenset(_tag_selections(declaration)),
        datasets=frozenset({d.name for d in declaration.datasets})
        | {one.name for one in recorded if one.kind in ("dataset", "version", "label", "annotations")},
        versions=frozenset(versions),
        annotated=frozenset(_annotated(declared, recorded, declaration.policies)).union(
            _unlabelled(declared, recorded) if prune else ()
        ),
        networks=frozenset({n.name for n in declaration.networks})
        | {one.name for one in recorded if one.kind in ("network", "file", "thumbnail")},
    )


def _picture_names(declaration: Declaration, inventory: Inventory, recorded: Iterable[Address]) -> set[str]:
    names: set[str] = set()
    for picture_set in declaration.picture_sets:
        names.update(picture_set.pictures.names)
    for dataset in declaration.datasets:
        for version in dataset.versions:
            if version.pictures is not None and version.pictures.names is not None:
                names.update(version.pictures.names)
    for one, record in zip(recorded, inventory.records.values(), strict=True):
        if one.kind in ("pictures", "query"):
            names.update(record.members)
    return names


def _tag_selections(declaration: Declaration) -> Iterator[frozenset[str]]:
    yield from (frozenset(query.tags) for query in declaration.queries if query.tags)
    for dataset in declaration.datasets:
        for version in dataset.versions:
            if version.pictures is not None and version.pictures.tags:
                yield frozenset(version.pictures.tags)


def _annotated(
    declared: Iterable[tuple[str, Version]], recorded: Iterable[Address], policies: Iterable[PolicyChecks]
) -> Iterator[VersionKey]:
    counting = [policy for policy in policies if policy.counts_objects]
    versions = list(declared)
    origins = {(name, version.name): version.origin for name, version in versions}
    for name, version in versions:
        if version.annotations or any(policy.judges(name, version.name) for policy in counting):
            one: str | None = version.name
            while one is not None:  # what an origin is to take over from its own comes along
                yield name, one
                one = origins.get((name, one))
    yield from ((one.name, one.version) for one in recorded if one.kind == "annotations")


def _unlabelled(declared: Iterable[tuple[str, Version]], recorded: Iterable[Address]) -> Iterator[VersionKey]:
    """Yield the versions that are declared without a label that is recorded."""
    labels = {(name, version.name): version.labels for name, version in declared if version.labels is not None}
    for one in recorded:
        key = (one.name, one.version)
        if one.kind == "label" and key in labels and one.rest not in labels[key]:
            yield key


def touched_scope(whole: Scope, touched: Touched) -> Scope:
    """Return what must be read of a scope to see whether a saved plan still holds: no query is asked again."""
    if touched.wide:
        return replace(whole, pictures=touched.pictures, tags=frozenset(), networks=whole.networks & touched.networks)
    return Scope(
        pictures=touched.pictures,
        tags=frozenset(),
        datasets=whole.datasets & touched.datasets,
        versions=whole.versions & touched.versions,
        annotated=whole.annotated & touched.annotated,
        networks=whole.networks & touched.networks,
    )


def observe(
    reader: Reader,
    declaration: Declaration,
    inventory: Inventory,
    *,
    prune: bool = False,
    touched: Touched | None = None,
) -> State:
    """Read what is on the platform, in the scope of the declaration and the inventory.

    Args:
        reader: `client.reader`.
        declaration: What the manifests say.
        inventory: What this workspace manages.
        prune: Whether deletes are on: what they would take along is then read too.
        touched: What a saved plan touches: nothing else is read; None for everything.

    Returns:
        The observed state.

    Raises:
        PicselliaError: The platform could not be read to the end, or an answer makes no sense.
    """
    wanted, bytes_count = scope(declaration, inventory, prune=prune), prune
    if touched is not None:
        wanted, prune = touched_scope(wanted, touched), prune and touched.wide
    lake = _lake(reader, wanted, _local(declaration) if touched is None else None)
    lake = with_digests(reader, declaration, inventory, lake) if bytes_count else lake
    datasets = reader.datasets(sorted(wanted.datasets)) if wanted.datasets else ()
    resources = _datasets(reader, datasets, wanted, declaration, inventory, touched)
    networks = reader.networks(sorted(wanted.networks)) if wanted.networks else ()
    for network in networks:
        resources.update(_network(network))
    if bytes_count:
        resources.update(with_file_digests(reader, declaration, inventory, networks, resources))
    return State(
        lake=lake,
        resources=resources,
        complete=True,
        versions={dataset.name: tuple(version.name for version in dataset.versions) for dataset in datasets},
        unread=_unread(reader, datasets, wanted) if prune else {},
        holders=_holders(reader, declaration, inventory, lake, resources) if prune else {},
    )


def _datasets(  # noqa: PLR0917 - what is read, of what, and how much of it
    reader: Reader,
    datasets: Iterable[DatasetInfo],
    wanted: Scope,
    declaration: Declaration,
    inventory: Inventory,
    touched: Touched | None,
) -> dict[str, Resource]:
    """Return the datasets with those of their versions, labels and annotations that are wanted."""
    known = _KnownTexts(declaration, inventory)
    resources: dict[str, Resource] = {}
    for dataset in datasets:
        resources[str(Address("dataset", dataset.name))] = _dataset(dataset)
        for version in dataset.versions:
            key = dataset.name, version.name
            if key in wanted.versions:
                resources.update(_version(reader, key, version, inventory, touched))
            if key in wanted.annotated:
                address = str(Address("annotations", *key))
                some = touched.names[address] if touched is not None and not touched.whole(key) else None
                resources[address] = Resource(members=_annotations(reader, key, version, known, some))
    return resources


def _unread(reader: Reader, datasets: Iterable[DatasetInfo], wanted: Scope) -> Mapping[str, Mapping[str, Unread]]:
    """Return how much is annotated in the versions whose annotations are not read."""
    keys = wanted.versions - wanted.annotated
    return {
        str(Address("annotations", dataset.name, version.name)): {
            name: Unread(*one) for name, one in reader.annotation_sizes(version.dataset_id).items()
        }
        for dataset in datasets
        for version in dataset.versions
        if (dataset.name, version.name) in keys and version.objects
    }


def _holders(
    reader: Reader, declaration: Declaration, inventory: Inventory, lake: Lake, seen: Mapping[str, Resource]
) -> Mapping[str, Mapping[str, tuple[int, int]]]:
    """Return which versions that are not seen hold the pictures that would be deleted, by the set that drops them."""
    found: dict[str, Mapping[str, tuple[int, int]]] = {}
    for text, dropped in dropped_pictures(declaration, inventory, lake):
        holders = reader.holders(dropped) if dropped else {}
        held = {str(Address("version", *key)): counts for key, counts in holders.items()}
        found[text] = {version: counts for version, counts in held.items() if version not in seen}
    return {text: held for text, held in found.items() if held}


def _lake(reader: Reader, wanted: Scope, local: Set[str] | None) -> Lake:
    """Read pictures and their tags; with the sizes of those that are not `local`, None for no sizes."""
    pictures: dict[str, str | None] = {}
    carriers: dict[str, set[str]] = {}
    sizes: dict[str, PictureSize] = {}
    listings = [reader.pictures_named(wanted.pictures)] if wanted.pictures else []
    for found in chain(listings, map(reader.pictures_tagged, sorted(map(sorted, wanted.tags)))):
        pictures.update(zip(found.names, found.sha256, strict=True))
        for tag, rows in found.tags.items():
            carriers.setdefault(tag, set()).update(map(found.names.__getitem__, rows))
        sizes.update(() if local is None else _sizes(found, local))
    return Lake(pictures, {tag: frozenset(names) for tag, names in carriers.items()}, sizes)


def _local(declaration: Declaration) -> Set[str] | None:
    """Return the pictures of sets, whose sizes are known here; None where no annotation file states any size."""
    versions = (version for dataset in declaration.datasets for version in dataset.versions)
    if not any(source.sizes_wh for version in versions for source in version.annotations):
        return None
    return {name for one in declaration.picture_sets for name in one.pictures.names}


def _sizes(found: PictureColumns, local: Set[str]) -> Iterator[tuple[str, PictureSize]]:
    columns = (found.widths, found.heights, found.stored_widths, found.stored_heights)
    for name, digest, width, height, *stored in zip(found.names, found.sha256, *columns, strict=True):
        if name not in local and min(width, height) > 0:
            yield name, (width, height, *((0, 0) if digest is None else stored))


def _dataset(info: DatasetInfo) -> Resource:
    return Resource({"description": info.description, "private": info.private})


def _version(
    reader: Reader, key: VersionKey, info: VersionInfo, inventory: Inventory, touched: Touched | None
) -> Iterator[tuple[str, Resource]]:
    address = str(Address("version", *key))
    if touched is not None and not touched.whole_version(key) and not touched.names.get(address):
        yield address, Resource(members=inventory.records.get(address, Record()).members)
    else:
        yield address, Resource(members=_members(reader, key, info, inventory))
    for label in info.labels:
        yield str(Address("label", *key, (label.name, label.type))), Resource()


def _members(reader: Reader, key: VersionKey, version: VersionInfo, inventory: Inventory) -> Mapping[str, None]:
    """Return the version's pictures, without asking for them when their digest is that of what we last applied."""
    if not version.size:
        return {}
    record = inventory.records.get(str(Address("version", *key)))
    known = record.members if record is not None else {}
    if len(known) == version.size and names_digest(known) == version.members_digest:
        return known
    return dict.fromkeys(reader.version_members(version.dataset_id))


class _KnownTexts:
    """Annotations that need not be read, since we hold texts of the same digest: the inventory's, then the files'."""

    def __init__(self, declaration: Declaration, inventory: Inventory) -> None:
        self._declaration = declaration
        self._records = inventory.records
        self._declared: dict[str, Texts] | None = None

    def of(self, key: VersionKey) -> Callable[[str, str], Texts | None]:
        """Return how to find, for a picture of one version, the texts that a digest stands for; None: unknown."""
        record = self._records.get(str(Address("annotations", *key)))
        recorded: Mapping[str, Texts] = record.members if record is not None else {}

        def find(name: str, digest: str) -> Texts | None:
            texts = recorded.get(name)
            if texts is not None and annotation_digest(texts) == digest:
                return texts
            return self._from_files().get(digest)

        return find

    def _from_files(self) -> dict[str, Texts]:
        if self._declared is None:
            versions = [version for dataset in self._declaration.datasets for version in dataset.versions]
            objects = [source.objects for version in versions for source in version.annotations]
            self._declared = {annotation_digest(texts): texts for one in objects for texts in one.values()}
        return self._declared


def _annotations(
    reader: Reader, key: VersionKey, version: VersionInfo, known: _KnownTexts, some: Set[str] | None = None
) -> Mapping[str, Texts]:
    """Return the texts of every annotated picture; a picture that loses its annotation meanwhile is left out.

    Args:
        reader: Of the platform.
        key: Whose annotations.
        version: What the platform says of it.
        known: What need not be read.
        some: The pictures that count, None for all.
    """
    if not version.annotated or some == frozenset():
        return {}
    if some is not None and len(some) <= FEW:
        return reader.annotations(version.dataset_id, some)
    find = known.of(key)
    digests = reader.annotation_digests(version.dataset_id)
    if some is not None:
        digests = {name: digest for name, digest in digests.items() if name in some}
    found = {name: find(name, digest) for name, digest in digests.items()}
    unknown = [name for name, texts in found.items() if texts is None]
    read = reader.annotations(version.dataset_id, unknown) if unknown else {}
    texts_of = {name: read.get(name) if texts is None else texts for name, texts in found.items()}
    return {name: texts for name, texts in texts_of.items() if texts is not None}


def _network(info: NetworkInfo) -> Iterator[tuple[str, Resource]]:
    network = info.network
    fields: dict[str, Any] = {name: getattr(network, name) for name in NETWORK_FIELDS}
    fields["tag"] = list(network.tag or ())
    yield str(Address("network", network.network_name)), Resource(fields)
    for key, file in info.files.items():
        yield str(Address("file", network.network_name, rest=(key,))), _file(file)
    if info.thumbnail is not None:
        yield str(Address("thumbnail", network.network_name)), _file(info.thumbnail)


def _file(file: FileInfo) -> Resource:
    return Resource({"sha256": file.sha256, "size": file.size})
