"""Who made what on a lake, as these tests know it: from watching, without a look at the product's inventory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Set

from requests import PreparedRequest

from picsellia_apply.model.address import parse_address
from picsellia_apply.model.annotation import texts_of
from picsellia_apply.model.plan import Plan
from tests.laws.projects import Project
from tests.laws.rows import Fact, Rows


def facts_of(rows: Rows) -> Counter[Fact]:
    """Return what is so; equal objects of one annotation are counted, nobody can tell them apart."""
    return Counter(rows.facts())


class Owners:
    """What other people made and is still there: no apply may take it away.

    An object that people drew and that a file of ours declares just so follows the file from then on: it is not theirs.
    A thing of ours that somebody took away and put back before an apply of ours could notice counts as ours: nobody
    could tell. Where no digest is told, an apply notices that a picture is gone, not that another is in its place. In a
    version that took over what another one held, an object like one that is in another version is a copy of it.

    Attributes:
        theirs: What other people made.
        taken: What of ours they took away since our last apply.
        unguarded: What they made while an apply with deletes was under way, where no write is conditional.
    """

    def __init__(self, *, plain: bool) -> None:
        """Know nothing; on a platform that speaks SDK v2 only nobody can see labels, so that nobody can spare them."""
        self._plain = plain
        self._unseen = ("label",) if plain else ()
        self.theirs: Counter[Fact] = Counter()
        self.taken: Counter[Fact] = Counter()
        self.unguarded: Counter[Fact] = Counter()
        self._taking_over: frozenset[str] = frozenset()

    def people_did(
        self,
        before: Counter[Fact],
        after: Counter[Fact],
        *,
        meanwhile: bool = False,
        at_once: Set[Fact] = frozenset(),
    ) -> None:
        """Take note of what other people made and took away; `at_once`: what a request on its way makes as well."""
        gained, lost = after - before, before - after
        gained = Counter({fact: count for fact, count in gained.items() if fact not in at_once})
        gained = Counter({fact: count for fact, count in gained.items() if not self._is_copy(fact, before)})
        returned = gained & self.taken
        of_theirs = lost & self.theirs
        self.theirs = self.theirs - of_theirs + (gained - returned)
        self.taken = self.taken - returned + (lost - of_theirs)
        if meanwhile:
            self.unguarded += gained - returned

    def we_did(self, after: Counter[Fact], project: Project) -> None:
        """Take note of an apply, and assert that it took away nothing that is theirs."""
        if project.dataset is not None:
            self._taking_over |= {name for name, one in project.dataset.versions.items() if one.origin is not None}
        missing = self.theirs - after - self.unguarded
        lost = [fact for fact in missing if fact[0] not in self._unseen and not _may_go(fact, project)]
        assert not lost, f"not ours, and gone: {sorted(map(str, lost))}"
        self.theirs &= after
        for fact in _drawn(project):
            del self.theirs[fact]
        there = {fact[1] for fact in after if fact[0] == "picture"} if self._plain else frozenset()
        self.taken = Counter({fact: n for fact, n in self.taken.items() if fact[0] == "picture" and fact[1] in there})

    def _is_copy(self, fact: Fact, there: Counter[Fact]) -> bool:
        """Return whether a fact is an object that nobody can tell from one that came with a version's origin."""
        if fact[0] != "object" or fact[2] not in self._taking_over:
            return False
        return any(one[0] == "object" and one[2] != fact[2] and one[3:] == fact[3:] for one in there)


def being_added(request: PreparedRequest, plan: Plan) -> frozenset[Fact]:
    """Return what a request of an apply adds without a word about what is there: a tag, a member of a version, a label.

    On a plain platform a network's file too.

    Who makes just that between our look and our request makes it together with us: nobody is told who was first.
    """
    return frozenset(_added(str(request.method), request.path_url, plan))


def _added(method: str, path: str, plan: Plan) -> Iterator[Fact]:
    for one in plan.operations:
        address = parse_address(one.address)
        match address.kind:
            case "pictures" | "query" if address.rest and "/datalake/tag/" in path:
                yield from (("tag", *address.rest, name) for name in one.members.add)
            case "version" if one.action == "update" and "/dataset/" in path:
                yield from (("member", address.name, address.version, name) for name in one.members.add)
            case "label" if "/label/" in path:
                yield ("label", address.name, address.version, *address.rest)
            case "file" if one.action != "delete" and method == "PATCH" and "/network/" in path:
                yield ("file", address.name, *address.rest, plan.records[one.address].fields["sha256"])


def _may_go(fact: Fact, project: Project) -> bool:
    """Return whether the manifests themselves ask for it: `remove` of a query, or a value that they declare."""
    match fact:
        case ("tag", tag, _):
            return any(tag in query.remove for query in project.queries.values())
        case ("field", address, name, _):
            return (address, name) in set(_declared(project))
        case ("file", "net", key, _):
            return project.network is not None and key in (project.network.files or {})
        case ("thumbnail", "net", _):
            return project.network is not None and project.network.thumbnail is not None
    return False


def _drawn(project: Project) -> Iterator[Fact]:
    """Yield the boxes that a project's annotation files declare; people draw nothing else that could be the same."""
    for version, one in project.dataset.versions.items() if project.dataset is not None else ():
        for source in one.sources:
            for name, shapes in source.objects.items():
                for label, kind, left, top in shapes:
                    if kind == "rectangle":
                        place = {"top": top, "left": left, "width": 4, "height": 3}
                        (text,) = texts_of([{"type": kind, "label": label, kind: place}])
                        yield ("object", "cells", version, name, text)


def _declared(project: Project) -> Iterator[tuple[str, str]]:
    dataset, network = project.dataset, project.network
    for name in ("description", "private") if dataset is not None else ():
        if getattr(dataset, name) is not None:
            yield "dataset/cells", name
    for name in network.fields if network is not None else ():
        yield "network/net", {"tags": "tag", "readme": "readme_text"}.get(name, name)
