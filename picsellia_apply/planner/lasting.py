"""The last version of a dataset that stays declared is never deleted: the platform would delete the dataset with it.

The plan after that one would make the dataset again, and never come to an end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from picsellia_apply.model.address import Address, parse_address, quote_name
from picsellia_apply.model.plan import Blocked
from picsellia_apply.planner.case import UNSUPPORTED, Found, World
from picsellia_apply.planner.gone import still_held


def with_last_versions(gone: Mapping[str, Found], found: Mapping[str, Found], world: World) -> dict[str, Found]:
    """Return what was found with the deletion of such versions blocked: they and their parts stay remembered.

    Args:
        gone: By address, what is no longer declared.
        found: By address, what is declared: a version that this plan creates outlives the others.
        world: What decisions rest on.
    """
    kept = {**gone}
    created = {_dataset_of(text) for text, one in found.items() if _creates_version(text, one)}
    for dataset in sorted(world.desired.resources.keys() - created):
        if not dataset.startswith("dataset/"):
            continue
        versions = _versions(dataset, world)
        if versions and all(text in gone and _deletes(gone[text]) for text in versions):
            kept |= _kept(versions[-1], gone, world)
    return kept


def _creates_version(text: str, found: Found) -> bool:
    return text.startswith("version/") and any(one.action == "create" for one in found.operations)


def _deletes(found: Found) -> bool:
    return any(one.action == "delete" and not one.members.remove for one in found.operations)


def _dataset_of(version: str) -> str:
    return str(Address("dataset", parse_address(version).name))


def _versions(dataset: str, world: World) -> list[str]:
    """Return the versions that a dataset has, in the platform's order, the oldest first."""
    name = parse_address(dataset).name
    listed = [str(Address("version", name, version)) for version in world.observed.versions.get(name, ())]
    head = f"version/{quote_name(name)}@"
    return listed or sorted(text for text in world.observed.resources if text.startswith(head))


def _kept(version: str, gone: Mapping[str, Found], world: World) -> Iterator[tuple[str, Found]]:
    key, records = parse_address(version), world.inventory.records
    hint = "declare it, begin another version `from` it, or declare the dataset no more so that all of it goes"
    message = "deleting the last version of a dataset that is declared"
    record = still_held(version, records[version], world)
    yield version, Found(record, blocked=(Blocked(version, UNSUPPORTED, message, hint=hint),))
    for text in gone:
        part = parse_address(text)
        if part.kind in ("label", "annotations") and (part.name, part.version) == (key.name, key.version):
            yield text, Found(records[text])
