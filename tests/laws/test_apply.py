"""Promises 1 and 3: an apply makes the next plan empty; nothing that is not ours is deleted or changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Set

from hypothesis import event, note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from requests import PreparedRequest, Response

from picsellia_apply.errors import InvalidInput, PicselliaError
from picsellia_apply.pipeline import Planned, is_settled
from tests.laws.ownership import Owners, being_added, facts_of
from tests.laws.people import Edit, do, edits
from tests.laws.profiles import bounded
from tests.laws.projects import Project, projects
from tests.laws.rows import Fact
from tests.laws.sky import Pass, Sky
from tests.laws.worlds import World, blocked_in, conflicts_in


class Workshop(RuleBasedStateMachine):
    """A project that is edited and applied, on a lake that other people use too."""

    plain = False

    def __init__(self) -> None:
        super().__init__()
        self.world = World(plain=self.plain)
        self.project = Project()
        self.owners = Owners(plain=self.plain)

    def teardown(self) -> None:
        self.world.remove()

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Other people were here before us."""
        self.people(data.draw(st.lists(edits(plain=self.plain), max_size=4)))
        self.declare_and_apply(data)

    @rule(data=st.data())
    def declare_and_apply(self, data: st.DataObject) -> None:
        """Write other manifests, and apply them."""
        self.project = data.draw(projects(self.project if self.project.sets else None), "project")
        self.world.declare(self.project)
        self.apply_alone()

    @rule(data=st.data())
    def others_edit(self, data: st.DataObject) -> None:
        """Other people work on the lake; then we apply."""
        self.people(data.draw(st.lists(edits(plain=self.plain), min_size=1, max_size=4), "edits"))
        self.apply_alone()

    @rule(data=st.data())
    def others_edit_meanwhile(self, data: st.DataObject) -> None:
        """Other people work on the lake after the plan, or in the middle of the apply: 3 holds, and 1 at the next."""
        self.project = data.draw(projects(self.project if self.project.sets else None), "project")
        self.world.declare(self.project)
        planned = self.planned()
        if planned is None:
            return
        some = data.draw(st.lists(edits(plain=self.plain), min_size=1, max_size=3), "edits")
        due = data.draw(st.integers(1, 12), "request before which they are made")
        unguarded = self.plain and any(one.action == "delete" for one in planned.plan.operations)

        def meanwhile(number: int, request: PreparedRequest, pass_on: Pass) -> Response:
            if number == due:
                self.owners.we_did(self.facts(), self.project)
                self.people(some, meanwhile=unguarded, at_once=being_added(request, planned.plan))
            return pass_on()

        note(f"planned {[(one.action, one.address) for one in planned.plan.operations]}")
        try:
            result = self.world.execute(planned, sky=Sky(meanwhile))
            event("others meanwhile: " + ("done" if result.complete else "partly done"))
        except PicselliaError as error:
            event(f"others meanwhile: {type(error).__name__}")
        self.owners.we_did(self.facts(), self.project)
        self.owners.unguarded.clear()
        self.apply_alone()

    def facts(self) -> Counter[Fact]:
        return facts_of(self.world.rows())

    def people(self, some: Iterable[Edit], *, meanwhile: bool = False, at_once: Set[Fact] = frozenset()) -> None:
        for edit in some:
            before = self.facts()
            do(edit, self.world)
            self.owners.people_did(before, self.facts(), meanwhile=meanwhile, at_once=at_once)

    def apply_alone(self) -> None:
        """Promise 1, and 3: nobody else writes between the plan's reading and the end of the apply."""
        planned = self.planned()
        if planned is None:
            return
        for operation in planned.plan.operations:
            event(f"{operation.action} {operation.address.partition('/')[0]}")
        result = self.world.execute(planned)
        note(f"planned {[(one.action, one.address) for one in planned.plan.operations]}")
        self.owners.we_did(self.facts(), self.project)
        assert result.complete, [one for one in result.operations if one.status != "done"]
        self.is_done(planned)

    def planned(self) -> Planned | None:
        """Return the plan, None where the manifests are at fault or a guard refuses."""
        try:
            planned = self.world.plan()
        except InvalidInput as error:
            event(f"invalid: {sorted({one.code for one in error.diagnostics if one.severity})}")
            return None
        for refusal in planned.plan.refusals:
            event(f"refused: {refusal.rule}")
        return None if planned.plan.refusals else planned

    def is_done(self, planned: Planned) -> None:
        again = self.world.plan()
        assert not again.plan.operations, again.plan.operations
        assert not again.plan.refusals
        assert blocked_in(again.plan) <= blocked_in(planned.plan)
        assert conflicts_in(again.plan) <= conflicts_in(planned.plan)
        assert is_settled(again), (again.plan.recorded, again.unfinished)


class PlainWorkshop(Workshop):
    """The same on a platform that speaks SDK v2 only."""

    plain = True


TestApply = Workshop.TestCase
TestApply.settings = bounded(14, steps=6)
TestPlainApply = PlainWorkshop.TestCase
TestPlainApply.settings = bounded(8, steps=6)
