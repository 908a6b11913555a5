"""Declaration and observed State in, desired State out."""

from __future__ import annotations

from collections.abc import Iterator

from picsellia_apply.errors import Diagnostic, InvalidInput
from picsellia_apply.model.address import Address, parse_address, quote_name
from picsellia_apply.model.declaration import Declaration, LocalFile, Network
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.ownership import frozen_pictures, ours_of
from picsellia_apply.model.state import Resource, State
from picsellia_apply.resolve.lake import PredictedTags, keep_set_tags, predict_pictures
from picsellia_apply.resolve.sizes import lake_size_findings
from picsellia_apply.resolve.tags import evaluate, tag_resources, tags_at_war
from picsellia_apply.resolve.versions import Found, ground_of, protection, resolve_dataset


def resolve(
    declaration: Declaration, observed: State, inventory: Inventory | None = None, *, prune: bool = False
) -> State:
    """Return what should be there.

    Args:
        declaration: What the manifests say.
        observed: What is there, in the scope of the declaration.
        inventory: What this workspace manages: a picture that it knows and that is gone was deleted by a person. None
            for a workspace that never wrote one.
        prune: Whether deletes are on: pictures and tags that would go are then not predicted.

    Returns:
        The desired state: the predicted lake, every managed resource, and the declaration's findings with those made
        on the way; their positions may be Places.

    Raises:
        InvalidInput: Queries wait for each other, tags are at war, or sources disagree about one picture.
    """
    known = inventory or Inventory(declaration.workspace.name)
    released = _released_tags(declaration, known)
    ours = ours_of(known, observed.lake.pictures, released)
    pinned = _pinned(declaration, observed) | observed.others.pictures.keys() if prune else frozenset()
    pictures = predict_pictures(declaration, observed.lake, ours, known.records, pinned, prune=prune)
    alone = {tag: names - observed.others.tags.get(tag, frozenset()) for tag, names in ours.tags.items()}
    tags = PredictedTags(pictures.sha256.keys(), observed.lake.tags, alone, prune, pictures.held_back)
    kept = keep_set_tags(declaration, tags, pictures.kept_deleted)
    evaluated = evaluate(declaration, tags)
    wars = tuple(tags_at_war(tags))
    if wars:
        raise InvalidInput(wars)
    lake = tags.lake(pictures.sha256)
    ground = ground_of(declaration, observed, lake, evaluated.members, pictures, known.records)
    resources = dict(_picture_sets(declaration, pictures.kept_deleted))
    resources.update(tag_resources(declaration, {**kept, **evaluated.keepers}))
    findings = [*declaration.findings, *evaluated.findings]
    for dataset in declaration.datasets:
        _collect(resolve_dataset(dataset, ground), resources, findings)
    for network in declaration.networks:
        resources.update(_network(network))
    findings += lake_size_findings(declaration, observed, resources)
    return State(lake, resources, tuple(findings), released=released)


def _pinned(declaration: Declaration, observed: State) -> frozenset[str]:
    """Return the pictures that frozen versions hold."""
    declared = [(dataset.name, version) for dataset in declaration.datasets for version in dataset.versions]
    frozen = [str(Address("version", name, version.name)) for name, version in declared if version.frozen]
    return frozenset().union(*frozen_pictures(frozen, observed.resources).values())


def _released_tags(declaration: Declaration, inventory: Inventory) -> frozenset[str]:
    """Return recorded tags of sets and queries that no longer manage theirs: an absent field is left alone."""
    heads = {
        str(Address("pictures", one.name)): frozenset({"add"}) for one in declaration.picture_sets if one.tags is None
    }
    heads |= {f"query/{quote_name(one.name)}": one.unmanaged for one in declaration.queries if one.unmanaged}
    found = set()
    for text, record in inventory.records.items() if heads else ():
        address = parse_address(text)
        absent = heads.get(f"{address.kind}/{quote_name(address.name)}", frozenset())
        if address.rest and ("remove" if record.fields.get("absent") else "add") in absent:
            found.add(text)
    return frozenset(found)


def _collect(found: Iterator[Found], resources: dict[str, Resource], findings: list[Diagnostic]) -> None:
    for one in found:
        if isinstance(one, Diagnostic):
            findings.append(one)
        else:
            resources[one[0]] = one[1]


def _picture_sets(declaration: Declaration, kept_deleted: frozenset[str]) -> Iterator[tuple[str, Resource]]:
    """Yield the sets in manifest order; one that shares pictures with earlier ones needs them."""
    owners: dict[str, str] = {}
    shared = sum(len(one.pictures.names) for one in declaration.picture_sets) != len(
        {name for one in declaration.picture_sets for name in one.pictures.names}
    )
    for index, one in enumerate(declaration.picture_sets):
        address = str(Address("pictures", one.name))
        needs: set[str] = set()
        if shared:
            needs = {owners.setdefault(name, address) for name in one.pictures.names} - {address}
        options: dict[str, object] = {"order": index, "files": one.pictures, "restore": one.restore}
        options["kept_deleted"] = frozenset() if one.restore or not kept_deleted else kept_deleted
        members = dict(zip(one.pictures.names, one.pictures.sha256, strict=True))
        if one.tags is None:
            options["unmanaged_parts"] = ("tags",)
        options |= protection(one.protect)
        yield address, Resource(members=members, options=options, needs=tuple(sorted(needs)), place=one.place)


def _network(network: Network) -> Iterator[tuple[str, Resource]]:
    address = str(Address("network", network.name))
    options: dict[str, object] = {"unmanaged_parts": tuple(sorted(network.unmanaged))} if network.unmanaged else {}
    options |= protection(network.protect)
    yield address, Resource(network.fields, options=options, place=network.place)
    for key, file in network.files.items():
        yield str(Address("file", network.name, rest=(key,))), _file(file, address, network)
    if network.thumbnail is not None:
        yield str(Address("thumbnail", network.name)), _file(network.thumbnail, address, network)


def _file(file: LocalFile, network_address: str, network: Network) -> Resource:
    fields = {"sha256": file.sha256, "size": file.size}
    return Resource(fields, options={"written": file.written}, needs=(network_address,), place=network.place)
