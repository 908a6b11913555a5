"""What moved in the members of the things that a saved plan touches: pictures, tags on them, objects on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from picsellia_apply.errors import Moved
from picsellia_apply.executor.again import Again, Pair
from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.ownership import INHERITED
from picsellia_apply.model.plan import Bytes, ObjectChange, Operation

Texts = tuple[str, ...]
_WORDS = {
    "pictures": ("in the lake", "not in the lake"),
    "tag": ("tagged", "not tagged"),
    "version": ("in the version", "not in the version"),
}
_NO_BYTES: dict[str, Bytes | None] = {}


def moved_members(again: Again, address: str, pair: Pair) -> Iterator[Moved]:
    """Yield the members that moved.

    Args:
        again: The plan, made again.
        address: Of pictures, a tag, a version or annotations.
        pair: Its operations.
    """
    if address.startswith("annotations/"):
        yield from _moved_objects(again, address, pair)
        return
    yield from _moved_additions(again, address, pair)
    yield from _moved_removals(again, address, pair)
    if pair.saved is not None and pair.saved.action == "create" and address.startswith("version/"):
        yield from _moved_version(again, address, pair.saved)


def _words(address: str) -> tuple[str, str]:
    parsed = parse_address(address)
    return _WORDS["tag" if parsed.rest or parsed.kind == "query" else parsed.kind]


def _moved_additions(again: Again, address: str, pair: Pair) -> Iterator[Moved]:
    planned = pair.saved.members.add if pair.saved is not None else _NO_BYTES
    now = pair.now.members.add if pair.now is not None else _NO_BYTES
    inside, outside = _words(address)
    for name in sorted(now.keys() - planned.keys()):
        yield Moved(address, name, inside, outside)
    for name in sorted(now.keys() & planned.keys()):
        one, other = planned[name], now[name]
        if one != other and one is not None and other is not None:
            yield Moved(address, name, _digest(one.sha256), _digest(other.sha256), "files")
    there, asked = again.there(address), again.asked(address)
    pictures = again.observed.lake.pictures
    for name in sorted(planned.keys() - now.keys()):
        content = planned[name]
        stored = pictures.get(name) if content is not None else None
        if content is not None and stored is not None and stored != content.sha256:
            yield Moved(address, name, outside, f"{inside} with other bytes: {_digest(stored)}")
        elif name not in there and name not in asked and not again.kept_deleted(name):
            yield Moved(address, name, "asked for", "no longer asked for", "manifests")
        elif name not in there:
            yield Moved(address, name, "to be added", "deleted on the platform")


def _moved_removals(again: Again, address: str, pair: Pair) -> Iterator[Moved]:
    inside, outside = _words(address)
    planned = _removed(pair.saved) | _removed(pair.saved_delete)
    now = _removed(pair.now) | _removed(pair.now_delete)
    for name in sorted(now - planned):
        yield Moved(address, name, f"{outside}, or to stay", f"{inside}: it would be taken away", "manifests")
    for name in sorted((planned - now) & again.there(address)):
        asked = name in again.asked(address)
        text = "asked for again" if asked else "not ours to take away"
        yield Moved(address, name, "to be taken away", text, "manifests" if asked else "platform")


def _removed(operation: Operation | None) -> frozenset[str]:
    return frozenset(operation.members.remove) if operation is not None else frozenset()


def _moved_version(again: Again, address: str, created: Operation) -> Iterator[Moved]:
    """Yield what a version that was to be created holds already beyond what it was to hold, or takes over otherwise."""
    inside, outside = _words(address)
    for name in sorted(again.there(address) - created.members.add.keys()):
        yield Moved(address, name, outside, inside)
    if address in again.observed.resources:
        return
    planned, now = (
        frozenset(plan.records.get(address, Record()).fields.get(INHERITED, ())) for plan in (again.saved, again.now)
    )
    origins = (str(Address("version", *key)) for key in again.touched.origins)
    counting = frozenset(again.touched.names[address]).union(*map(again.there, origins))
    for name in sorted((planned ^ now) & counting):
        words = ("in the origin", "not in the origin")
        yield Moved(address, name, *(words if name in planned else words[::-1]))


def _moved_objects(again: Again, address: str, pair: Pair) -> Iterator[Moved]:
    planned, now = _changes(pair.saved, pair.saved_delete), _changes(pair.now, pair.now_delete)
    there = again.observed.resources[address].members if address in again.observed.resources else {}
    for name in sorted(planned.keys() | now.keys()):
        one, other = planned.get(name), now.get(name)
        if one is None and other is not None:
            yield from _unreviewed(again, address, name, other)
        elif one is not None and other is None:
            if there.get(name, ()) != one.after or (one.before is None and name not in there):
                yield from _left(again, address, name, one, there.get(name))
        elif one is not None and other is not None:
            if one.before != other.before:
                yield Moved(address, name, _objects(one.before), _objects(other.before, one.before))
            elif one.after != other.after:
                yield Moved(address, name, _objects(one.after), _objects(other.after, one.after), "manifests")


def _changes(*operations: Operation | None) -> dict[str, ObjectChange]:
    return {name: change for one in operations if one is not None for name, change in one.members.objects.items()}


def _unreviewed(again: Again, address: str, name: str, now: ObjectChange) -> Iterator[Moved]:
    planned, asked = _bases(again, address, name)
    if planned != asked:
        yield Moved(address, name, _objects(planned), _objects(asked, planned), "manifests")
    else:
        yield Moved(address, name, _objects(now.after), _objects(now.before, now.after))


def _left(again: Again, address: str, name: str, planned: ObjectChange, there: Texts | None) -> Iterator[Moved]:
    """Yield why a change that is not there is no longer to be made."""
    before, asked = _bases(again, address, name)
    if before != asked or planned.before == there:
        yield Moved(address, name, _objects(planned.after), _objects(asked, planned.after), "manifests")
    else:
        yield Moved(address, name, _objects(planned.before), _objects(there, planned.before))


def _bases(again: Again, address: str, name: str) -> tuple[Texts | None, Texts | None]:
    """Return what the files said of a picture when the plan was made, and what they say now."""
    planned, now = (plan.records.get(address, Record()).members.get(name) for plan in (again.saved, again.now))
    return planned, now


def _objects(texts: Texts | None, beside: Texts | None = None) -> str:
    """Return how many objects, and how they differ from others: `3 objects (+1)`."""
    if texts is None:
        return "no annotation"
    counted = f"{len(texts):,} object{'s' * (len(texts) != 1)}"
    if beside is None:
        return counted
    added, gone = Counter(texts) - Counter(beside), Counter(beside) - Counter(texts)
    parts = [f"{sign}{parts.total():,}" for sign, parts in (("+", added), ("-", gone)) if parts]
    return f"{counted} ({' '.join(parts)})" if parts else counted


def _digest(sha256: str) -> str:
    return f"sha256:{sha256}"
