"""TagQueries evaluated in order, and the tags that they and the PictureSets keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from picsellia_apply.errors import Diagnostic, InvalidInput, Severity
from picsellia_apply.model.address import Address
from picsellia_apply.model.declaration import Declaration, TagQuery
from picsellia_apply.model.queries import QueryCycle, query_order
from picsellia_apply.model.state import Resource
from picsellia_apply.resolve.lake import Keeper, PredictedTags
from picsellia_apply.resolve.selection import empty_selection, sample, tagged


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What the queries select.

    Attributes:
        members: Query name to picture names.
        keepers: Address of each tag change to its keeper.
        findings: Empty selections.
    """

    members: Mapping[str, frozenset[str]]
    keepers: Mapping[str, Keeper]
    findings: tuple[Diagnostic, ...]


def evaluate(declaration: Declaration, tags: PredictedTags) -> Evaluated:
    """Evaluate every query after those it depends on, noting its tag changes in `tags`.

    Raises:
        InvalidInput: Queries wait for each other.
    """
    members: dict[str, frozenset[str]] = {}
    keepers: dict[str, Keeper] = {}
    for query in _ordered(declaration):
        names = tagged(query.tags, query.quantity, tags.carriers)
        members[query.name] = names
        for change, noted in (("add", tags.adding), ("remove", tags.removing)):
            for index, tag in enumerate(getattr(query, change)):
                kept = tags.keepable(tag, names) if change == "add" else names
                keeper = Keeper(f"TagQuery `{query.name}`", query.place.at("spec", change, index), kept)
                noted.setdefault(tag, []).append(keeper)
                keepers[str(Address("query", query.name, rest=(tag,)))] = keeper
    empty = [query for query in declaration.queries if not members[query.name]]
    return Evaluated(members, keepers, tuple(empty_selection(f"TagQuery `{q.name}`", q.place) for q in empty))


def _ordered(declaration: Declaration) -> tuple[TagQuery, ...]:
    try:
        return query_order(declaration.queries)
    except QueryCycle as cycle:
        place = next(query.place for query in declaration.queries if query.name == cycle.names[0])
        message = f"TagQuery `{cycle.names[0]}` selects by a tag that depends on its own selection: {cycle}"
        hint = "a query may not change a tag by which it, or a query it depends on, selects"
        raise InvalidInput([Diagnostic("L002", Severity.error, message, place.at("spec", "tags"), hint)]) from None


def tags_at_war(tags: PredictedTags) -> Iterator[Diagnostic]:
    """Yield an error for every pair of documents that keep one tag on and off a common picture."""
    for tag in sorted(tags.adding.keys() & tags.removing.keys()):
        for adding in tags.adding[tag]:
            for removing in tags.removing[tag]:
                common = adding.names & removing.names & tags.pictures
                if common:
                    yield _war(tag, adding, removing, common)


def _war(tag: str, adding: Keeper, removing: Keeper, common: Set[str]) -> Diagnostic:
    pictures = f"{len(common):,} picture{'s' * (len(common) != 1)}"
    message = f"{removing.document} removes tag `{tag}` that {adding.document} keeps on {pictures}: {sample(common)}"
    return Diagnostic("L001", Severity.error, message, removing.place, "let one of the two let go", len(common))


def tag_resources(declaration: Declaration, keepers: Mapping[str, Keeper]) -> dict[str, Resource]:
    """Return `pictures/SET/TAG` and `query/QUERY/TAG`: the pictures that must (`absent`: must not) carry the tag.

    Args:
        declaration: Its sets and queries.
        keepers: By address.
    """
    made: dict[str, Resource] = {}
    shared: dict[int, dict[str, None]] = {}
    by_tag = tag_addresses(declaration)
    for one in declaration.picture_sets:
        for tag in one.tags or ():
            address = str(Address("pictures", one.name, rest=(tag,)))
            uploads = (str(Address("pictures", one.name)),)
            made[address] = Resource(members=_members(keepers[address], shared), needs=uploads, place=one.place)
    for query in declaration.queries:
        needs = tuple(sorted({address for tag in query.tags for address in by_tag.get(tag, ())}))
        for tag in (*query.add, *query.remove):
            address = str(Address("query", query.name, rest=(tag,)))
            options = {"absent": True} if tag in query.remove else {}
            members = _members(keepers[address], shared)
            made[address] = Resource(members=members, options=options, needs=needs, place=query.place)
    return made


def _members(keeper: Keeper, shared: dict[int, dict[str, None]]) -> dict[str, None]:
    """Return the keeper's pictures as members; keepers with the same set of names share them."""
    return shared.setdefault(id(keeper.names), dict.fromkeys(sorted(keeper.names)))


def tag_addresses(declaration: Declaration) -> dict[str, list[str]]:
    """Return, for every tag, the addresses that keep it on or off pictures."""
    found: dict[str, list[str]] = {}
    for one in declaration.picture_sets:
        for tag in one.tags or ():
            found.setdefault(tag, []).append(str(Address("pictures", one.name, rest=(tag,))))
    for query in declaration.queries:
        for tag in (*query.add, *query.remove):
            found.setdefault(tag, []).append(str(Address("query", query.name, rest=(tag,))))
    return found
