"""In which order tag queries must be evaluated, and which of them go round in a circle.

A query that puts a tag on pictures, or takes it off, comes before every query that selects by that tag. `manifest`
reports circles with their places; `resolve` evaluates in the order. Must not know manifests or the lake.
"""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from picsellia_apply.model.declaration import TagQuery


class QueryCycle(Exception):  # noqa: N818 - the field's own word
    """Queries wait for each other.

    Attributes:
        names: The circle, each query before one that waits for it; the first stands again at the end.
    """

    def __init__(self, names: Sequence[str]) -> None:
        """Keep the circle."""
        super().__init__(" -> ".join(names))
        self.names = tuple(names)


def query_edges(queries: Sequence[TagQuery]) -> dict[str, frozenset[str]]:
    """Return, for every query, the queries whose tag changes it selects by; itself where it changes its own choice."""
    writers: dict[str, set[str]] = {}
    for query in queries:
        for tag in (*query.add, *query.remove):
            writers.setdefault(tag, set()).add(query.name)
    return {query.name: frozenset().union(*(writers.get(tag, ()) for tag in query.tags)) for query in queries}


def query_order(queries: Sequence[TagQuery]) -> tuple[TagQuery, ...]:
    """Return the queries so that each comes after those it depends on; the same order whatever the input's.

    Args:
        queries: With unique names.

    Raises:
        QueryCycle: Some wait for each other, or one for itself.
    """
    by_name = {query.name: query for query in queries}
    edges = query_edges(queries)
    loops = sorted(name for name, needed in edges.items() if name in needed)
    if loops:
        raise QueryCycle((loops[0], loops[0]))
    try:
        names = TopologicalSorter({name: sorted(edges[name]) for name in sorted(edges)}).static_order()
        return tuple(by_name[name] for name in names)
    except CycleError as error:
        raise QueryCycle(error.args[1]) from None
