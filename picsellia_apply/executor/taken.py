"""What a delete takes along, asked for again right before it: never more than the plan saw.

Between a plan's reading and its deletes an apply may upload for an hour. What a person makes meanwhile of something
that goes (an annotation, a label, a picture in a version, a file of a network) is no part of what was reviewed: the
operation fails, and the next plan shows it. Less than was seen is fine, and so is what this plan itself put there.

Where the platform offers conditional writes, what was looked at here is also what is deleted (`client.conditional`);
elsewhere whoever writes between this look and the delete, one request later, is not noticed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from picsellia_apply.errors import ConflictError
from picsellia_apply.executor.preconditions import same
from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.annotation import annotation_digest
from picsellia_apply.model.plan import SAMPLE, Operation, Plan
from picsellia_apply.model.state import Resource, State

if TYPE_CHECKING:
    from picsellia_apply.model.holdings import Held, Holdings
    from picsellia_apply.wire.extension import DatasetInfo, NetworkInfo, VersionInfo

CHANGED = "changed since the plan was made"
HINT = "plan again: the next plan shows what would go along"


def changed(*parts: str) -> NoReturn:
    """Refuse a delete.

    Args:
        parts: What changed, with numbers and names.

    Raises:
        ConflictError: Always.
    """
    raise ConflictError(f"{CHANGED}: {'; '.join(parts)}", HINT)


def named(names: Collection[str], noun: str, plural: str = "") -> str:
    """Return `2 pictures (a.jpg, b.jpg)`."""
    ordered = sorted(names)
    shown = ", ".join(ordered[:SAMPLE]) + (", ..." if len(ordered) > SAMPLE else "")
    return f"{len(ordered):,} {noun if len(ordered) == 1 else plural or f'{noun}s'} ({shown})"


class Taken:
    """What the deletes of a plan may take along."""

    def __init__(self, plan: Plan) -> None:
        """Keep the plan; where it does not say what was seen, nothing is compared."""
        self._plan = plan
        self._seen = plan.seen or State()
        self._blind = plan.seen is None

    @cached_property
    def _operations(self) -> Mapping[str, tuple[Operation, ...]]:
        """Return what this plan writes before it deletes, by address."""
        found: dict[str, tuple[Operation, ...]] = {}
        for one in self._plan.operations:
            if one.action != "delete":
                found[one.address] = (*found.get(one.address, ()), one)
        return found

    def check_pictures(self, operation: Operation, found: Holdings) -> None:
        """Pass when pictures that go are tagged, held and annotated no more than the plan saw.

        Raises:
            ConflictError: Somebody made more of them since then.
        """
        if self._blind:
            return
        known, keys = self._seen.lake.pictures, self._seen.lake.keys
        other = {name for name, digest in found.sha256.items() if _differ(digest, known.get(name))}
        other |= {name for name, key in found.keys.items() if keys.get(name, key) != key}
        parts = [f"{named(other, 'picture')} now with other bytes"] if other else []
        for tag, names in found.tags.items():
            fresh = names - self._seen.lake.tags.get(tag, frozenset())
            parts += [f"{named(fresh, 'picture')} tagged `{tag:.80}`"] if fresh else []
        for (dataset, version), held in found.versions.items():
            address = Address("version", dataset, version)
            if str(address) in self._seen.resources or str(address) in self._operations:
                parts += self._more_in(address, held)
            else:
                parts += self._more_elsewhere(operation, str(address), held)
        if parts:
            changed(*parts)

    def check_annotations(self, address: Address, held: Mapping[str, Held]) -> None:
        """Pass when the annotations of a version's pictures that are taken out are as the plan saw them.

        Raises:
            ConflictError: Somebody drew in them since then.
        """
        if not self._blind and (parts := self._more_in(address, held)):
            changed(*parts)

    def check_version(
        self, address: Address, dataset: DatasetInfo, info: VersionInfo, held: Mapping[str, Held]
    ) -> None:
        """Pass when a version that goes holds no more than the plan saw.

        Args:
            address: Of the version.
            dataset: That it belongs to; with its last version a dataset goes.
            info: The version with its labels.
            held: Its pictures.

        Raises:
            ConflictError: Somebody put more into it since then.
        """
        if self._blind:
            return
        parts = self._more_in(address, held)
        labels = {str(Address("label", address.name, address.version, (one.name, one.type))) for one in info.labels}
        fresh = labels - self._seen.resources.keys() - self._operations.keys()
        if fresh:
            parts.append(f"{named([parse_address(one).rest[0] for one in fresh], 'label')} added")
        if len(dataset.versions) == 1:
            whole = str(Address("dataset", address.name))
            there = {"description": dataset.description, "private": dataset.private}
            parts += self._other_fields(whole, there, f"dataset `{address.name}`: ")
        if parts:
            changed(*parts)

    def check_network(self, address: Address, info: NetworkInfo) -> None:
        """Pass when a network that goes has no more than the plan saw: its properties, its files.

        Raises:
            ConflictError: Somebody changed it since then.
        """
        if self._blind:
            return
        there = {name: getattr(info.network, name) for name in self._fields_of(str(address))}
        parts = self._other_fields(str(address), there)
        files = {str(Address("file", address.name, rest=(key,))): (key, one) for key, one in info.files.items()}
        if info.thumbnail is not None:
            files[str(Address("thumbnail", address.name))] = ("its thumbnail", info.thumbnail)
        other = [name for text, (name, one) in files.items() if not self._has_file(text, one.sha256)]
        if other:
            parts.append(f"{named(other, 'file')} stored")
        if parts:
            changed(*parts)

    def check_file(self, address: str, sha256: str | None) -> None:
        """Pass when a network's file that goes is the one that the plan saw.

        Raises:
            ConflictError: Somebody stored another since then.
        """
        if not self._blind and not self._has_file(address, sha256):
            changed("another file was stored")

    def _more_in(self, address: Address, held: Mapping[str, Held]) -> list[str]:
        """Return what of a version that was read the plan did not see."""
        added = held.keys() - self._members(str(address))
        drawn = {name for name in held.keys() - added if not self._saw(address, name, held[name])}
        where = f"`{address.name}` `{address.version}`"
        parts = [f"{named(added, 'picture')} put into {where}"] if added else []
        return [*parts, *([f"annotations of {named(drawn, 'picture')} in {where}"] if drawn else [])]

    def _more_elsewhere(self, operation: Operation, version: str, held: Mapping[str, Held]) -> Iterator[str]:
        """Yield what is more in a version of which the plan saw numbers only."""
        pictures, objects = self._seen.holders.get(operation.address, {}).get(version, (0, 0))
        address = parse_address(version)
        where = f"`{address.name}` `{address.version}`"
        if len(held) > pictures:
            yield f"{named(held, 'picture')} held by {where}, {pictures:,} before"
        now = sum(one.objects for one in held.values())
        if now > objects:
            yield f"{now:,} objects on them in {where}, {objects:,} before"

    def _members(self, version: str) -> Set[str]:
        there = self._seen.resources.get(version, Resource()).members.keys()
        return there | {name for one in self._operations.get(version, ()) for name in one.members.add}

    def _saw(self, address: Address, name: str, held: Held) -> bool:
        """Return whether a picture's annotation is none, or was seen, or is of this plan."""
        if not held.objects:
            return True
        return any(digest == held.digest for digest in self._digests(address, name))

    def _digests(self, version: Address, name: str) -> Iterator[str]:
        """Yield what a picture's annotation may be: as it was read, as it is written, or as it is carried over."""
        annotations = str(Address("annotations", version.name, version.version))
        texts = self._seen.resources.get(annotations, Resource()).members.get(name)
        if texts is not None:
            yield annotation_digest(texts)
        unread = self._seen.unread.get(annotations, {}).get(name)
        if unread is not None:
            yield unread.digest
        for one in self._operations.get(annotations, ()):
            if name in one.members.objects:
                yield annotation_digest(one.members.objects[name].after)
        for origin in self._origins(str(version)):
            yield from self._digests(Address("version", version.name, origin), name)

    def _origins(self, version: str) -> Iterable[str]:
        """Return from which version this plan makes one."""
        return (
            change.after
            for one in self._operations.get(version, ())
            if one.action == "create"
            for change in one.diff
            if change.field == "from"
        )

    def _fields_of(self, address: str) -> Mapping[str, Any]:
        return self._seen.resources.get(address, Resource()).fields

    def _other_fields(self, address: str, there: Mapping[str, Any], where: str = "") -> list[str]:
        """Return the fields that are neither as they were read nor as this plan leaves them."""
        seen, record = self._fields_of(address), self._plan.records.get(address)
        written = record.fields if record is not None else {}
        return [
            f"{where}`{name}` is {value!r:.80} now"
            for name, value in there.items()
            if not any(name in known and same(name, known[name], value) for known in (seen, written))
        ]

    def _has_file(self, address: str, sha256: str | None) -> bool:
        """Return whether a file was seen, or is stored by this plan; what has no digest is told by its being there."""
        stored = [one for one in (self._seen.resources.get(address),) if one is not None]
        digests = [one.fields.get("sha256") for one in stored]
        record = self._plan.records.get(address)
        if record is not None and address in self._operations:
            digests.append(record.fields.get("sha256"))
        return any(not _differ(sha256, digest) for digest in digests)


def _differ(now: str | None, seen: str | None) -> bool:
    return now is not None and seen is not None and now != seen
