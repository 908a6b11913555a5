"""Tags that chase each other: queries in a circle, and tags kept by one document and removed by another.

Only what the manifests alone can prove is told here; what depends on the lake is `resolve`'s business.
"""

from __future__ import annotations

from collections.abc import Sequence

from picsellia_apply.errors import Diagnostic
from picsellia_apply.manifest.faults import fault
from picsellia_apply.manifest.locate import Locator
from picsellia_apply.model.declaration import PictureSet, TagQuery
from picsellia_apply.model.queries import QueryCycle, query_order
from picsellia_apply.source import Place


def tag_faults(sets: Sequence[PictureSet], queries: Sequence[TagQuery], locator: Locator) -> list[Diagnostic]:
    """Return every circle of queries and every provable war about a tag."""
    return [*query_cycles(queries), *_wars(sets, queries, locator)]


def query_cycles(queries: Sequence[TagQuery]) -> list[Diagnostic]:
    """Return one error per circle: a query that changes a tag by which it, or what it depends on, selects.

    Queries that are in several circles are told once.
    """
    left = {query.name: query for query in queries}
    found: list[Diagnostic] = []
    while True:
        try:
            query_order(tuple(left.values()))
            return found
        except QueryCycle as cycle:
            ring = [left.pop(name) for name in dict.fromkeys(cycle.names)]
            found.append(_cycle_fault(ring))


def _cycle_fault(cycle: Sequence[TagQuery]) -> Diagnostic:
    """Tell a circle, each query before one that waits for it, beginning with the name that sorts first."""
    start = min(range(len(cycle)), key=lambda number: cycle[number].name)
    ring = [*cycle[start:], *cycle[:start]]
    parts = []
    where = None
    for number, query in enumerate(ring):
        follower = ring[(number + 1) % len(ring)]
        field, tag = _link(query, follower)
        where = where or query.place.at("spec", field, getattr(query, field).index(tag))
        verb = "adds" if field == "add" else "removes"
        whom = "it selects itself" if follower is query else f"`{follower.name}` selects"
        parts.append(f"`{query.name}` {verb} `{tag}`, by which {whom}")
    hint = "a query must not change a tag that it depends on: select by another tag"
    return fault("M024", f"query cycle: {'; '.join(parts)}", where, hint)


def _link(query: TagQuery, follower: TagQuery) -> tuple[str, str]:
    tag = min({*query.add, *query.remove} & set(follower.tags))
    return ("add", tag) if tag in query.add else ("remove", tag)


def _wars(sets: Sequence[PictureSet], queries: Sequence[TagQuery], locator: Locator) -> list[Diagnostic]:
    found = []
    for remover in queries:
        for number, tag in enumerate(remover.remove):
            place = remover.place.at("spec", "remove", number)
            keepers = [] if tag in remover.tags else [_keeping_set(one, tag, remover) for one in sets]
            keepers += [_keeping_query(one, tag, remover, sets) for one in queries]
            for what, kept in (keeper for keeper in keepers if keeper is not None):
                message = f"`{remover.name}` removes the tag `{tag}`, which {what} keeps, from common pictures"
                found.append(fault("M025", message, place, f"kept at {locator.position(kept)}"))
    return found


def _keeping_set(one: PictureSet, tag: str, remover: TagQuery) -> tuple[str, Place] | None:
    """Every picture of a set carries the set's tags, so a query for some of those tags selects them all."""
    tags = one.tags or ()
    if tag not in tags or remover.quantity < 1 or not set(remover.tags) <= set(tags):
        return None
    return f"PictureSet `{one.name}`", one.place.at("spec", "tags", tags.index(tag))


def _keeping_query(one: TagQuery, tag: str, remover: TagQuery, sets: Sequence[PictureSet]) -> tuple[str, Place] | None:
    if tag not in one.add:
        return None
    wanted = {*one.tags, *remover.tags}
    common = one is remover or (
        one.quantity == remover.quantity == 1 and any(wanted <= set(two.tags or ()) for two in sets)
    )
    return (f"TagQuery `{one.name}`", one.place.at("spec", "add", one.add.index(tag))) if common else None
