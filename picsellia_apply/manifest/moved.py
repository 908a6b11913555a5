"""`moved` of the Workspace: what was called otherwise before, so that a rename is no delete and create.

For example `moved: [{from: pictures/flight, to: pictures/flight-12}]`: of a PictureSet, a TagQuery (query/NAME) or a
Network.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from picsellia_apply.errors import Diagnostic
from picsellia_apply.manifest.documents import MovedSpec
from picsellia_apply.manifest.faults import did_you_mean, fault
from picsellia_apply.manifest.files import Collected
from picsellia_apply.model.address import quote_name
from picsellia_apply.model.declaration import Move
from picsellia_apply.source import Place

MOVABLE = {"pictures": "PictureSet", "query": "TagQuery", "network": "Network"}
"""Kinds of addresses that a rename may begin with, and the kinds of their documents."""
_FIXED = {
    "dataset": "a dataset",
    "version": "a version",
    "label": "a label",
    "annotations": "the annotations of a version",
    "file": "a network's file",
    "thumbnail": "a network's thumbnail",
}


def read_moves(specs: Sequence[MovedSpec], place: Place) -> tuple[Move, ...]:
    """Return what a Workspace document says was renamed, in its order."""
    return tuple(Move(one.from_, one.to, place.at(number)) for number, one in enumerate(specs))


def move_faults(moves: Sequence[Move], collected: Collected) -> Iterator[Diagnostic]:
    """Yield every fault of the renames of the workspace that counts.

    Args:
        moves: In their order.
        collected: Which documents there are. Where one could not be read, nobody knows what is declared.
    """
    sound = []
    for move in moves:
        faults = [*_end_faults(move.origin, move.place.at("from")), *_end_faults(move.to, move.place.at("to"))]
        yield from faults
        if not faults and _kind(move.origin) != _kind(move.to):
            message = f"`{move.origin}` cannot become `{move.to}`: they are of different kinds"
            yield fault("M070", message, move.place.at("to"))
        elif not faults:
            sound.append(move)
    yield from _twice(sound)
    yield from _circles(sound)
    if not collected.broken:
        yield from _undeclared(sound, _declared(collected))


def _kind(address: str) -> str:
    return address.partition("/")[0]


def _end_faults(address: str, place: Place) -> Iterator[Diagnostic]:
    kind, _, name = address.partition("/")
    if kind in _FIXED:
        hint = "SDK v2 has no request for it; declare the new name beside the old one, or keep the old name"
        if kind in ("label", "version", "annotations"):
            hint = "SDK v2 has no request for it; a new version `from` this one takes everything over"
        yield fault("M071", f"{_FIXED[kind]} cannot be renamed on the platform: `{address}`", place, hint)
    elif kind not in MOVABLE or not name or "/" in name or "@" in name:
        hint = "`pictures/SET`, `query/QUERY` or `network/NAME`; what belongs to it moves along"
        yield fault("M070", f"`{address}` is nothing that can be renamed", place, hint)


def _twice(moves: Sequence[Move]) -> Iterator[Diagnostic]:
    for end in ("from", "to"):
        seen: set[str] = set()
        for move in moves:
            address = move.origin if end == "from" else move.to
            if address in seen:
                yield fault("M072", f"`{address}` is the `{end}` of two renames", move.place.at(end))
            seen.add(address)


def _circles(moves: Sequence[Move]) -> Iterator[Diagnostic]:
    following = {move.origin: move.to for move in moves}
    for move in moves:
        if move.origin == move.to:
            yield fault("M073", f"`{move.to}` is renamed to itself", move.place.at("to"))
        elif move.origin == min(_circle(move.origin, following), default=""):
            names = " -> ".join(f"`{one}`" for one in (*_circle(move.origin, following), move.origin))
            yield fault("M073", f"renames go in a circle: {names}", move.place)


def _circle(start: str, following: Mapping[str, str]) -> tuple[str, ...]:
    """Return the addresses of the circle that `start` stands in, () where there is none."""
    found = [start]
    while (after := following.get(found[-1])) is not None and after != start:
        if after in found:
            return ()
        found.append(after)
    return tuple(found) if following.get(found[-1]) == start and len(found) > 1 else ()


def _declared(collected: Collected) -> frozenset[str]:
    kinds = {document: kind for kind, document in MOVABLE.items()}
    return frozenset(f"{kinds[one]}/{quote_name(name)}" for one, name in collected.names if one in kinds)


def _undeclared(moves: Sequence[Move], declared: Collection[str]) -> Iterator[Diagnostic]:
    """Yield the renames whose beginning is still declared, or whose end, chains followed, is not."""
    origins = {move.origin for move in moves}
    for move in moves:
        if move.origin in declared:
            hint = (
                f"a rename is from a name that is gone to one that is there: drop the document `{move.origin}`, or this"
            )
            yield fault("M074", f"`{move.origin}` is renamed, and still declared", move.place.at("from"), hint)
        if move.to not in declared and move.to not in origins:
            same_kind = [one for one in declared if _kind(one) == _kind(move.to)]
            hint = did_you_mean(move.to, same_kind) or "declare it under the new name, or drop this line"
            yield fault("M075", f"`{move.to}` is declared by no manifest", move.place.at("to"), hint)
