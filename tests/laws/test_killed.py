"""Promise 2: killed at any step and run again, an apply ends where one does that nobody interrupted."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given, note, reject
from hypothesis import strategies as st

from picsellia_apply.errors import InvalidInput
from picsellia_apply.model.inventory import Record
from tests.laws.killing import Death, Side, apply_apart
from tests.laws.ownership import facts_of
from tests.laws.people import Edit, do, edits
from tests.laws.profiles import bounded
from tests.laws.projects import Project, projects
from tests.laws.rows import Rows
from tests.laws.worlds import World

SIDES: st.SearchStrategy[Side] = st.sampled_from(["before", "after"])


def history(data: st.DataObject, world: World) -> None:
    """Let people work, apply one project or none, let people work again, and write the manifests to be applied."""
    some = st.lists(edits(plain=world.plain), max_size=3)
    people(world, data.draw(some, "people, at first"))
    project = None
    if data.draw(st.booleans(), "something was applied before"):
        project = data.draw(projects(), "project of before")
        apply_if_possible(world, project)
        people(world, data.draw(some, "people, since then"))
    world.declare(data.draw(projects(project), "project"))


def people(world: World, some: list[Edit]) -> None:
    for edit in some:
        do(edit, world)


def apply_if_possible(world: World, project: Project) -> None:
    world.declare(project)
    try:
        planned = world.plan()
    except InvalidInput:
        return
    if not planned.plan.refusals:
        assert world.execute(planned).complete


def is_acceptable(world: World) -> bool:
    """Return whether there is something to do that no guard refuses."""
    try:
        planned = world.plan()
    except InvalidInput:
        return False
    return bool(planned.plan.operations) and not planned.plan.refusals


def check_killed(data: st.DataObject, *, plain: bool, parallelism: int = 1) -> None:
    with World(plain=plain) as whole:
        history(data, whole)
        if not is_acceptable(whole):
            reject()
        with whole.copy() as broken:
            ended = apply_apart(whole, parallelism=parallelism)
            assert not ended.refused
            for _ in range(data.draw(st.integers(1, 2), "how often")):
                step = 1 + data.draw(st.integers(0, 199), "step") % ended.steps
                death = Death(step, data.draw(SIDES, "side"))
                if not apply_apart(broken, death=death, parallelism=parallelism).killed:
                    note("it was done before it could be killed")
            again = apply_apart(broken, parallelism=parallelism)
            assert not again.refused
            compare(broken, whole)


def compare(broken: World, whole: World) -> None:
    """Assert that two lakes, and what the next plan calls ours in them, are the same; and that it does nothing."""
    differing = differing_rows(broken.rows(), whole.rows())
    assert not differing, "\n".join(differing)
    plans = [world.plan().plan for world in (broken, whole)]
    assert not any(plan.operations or plan.refusals for plan in plans)
    differing = differing_records(*(plan.records for plan in plans))
    assert not differing, "\n".join(differing)
    broken.check()


def differing_rows(broken: Rows, whole: Rows) -> list[str]:
    """Return the facts that only one of two lakes holds, and versions that were made in another order."""
    one, other = facts_of(broken), facts_of(whole)
    found = [*(f"- {fact}" for fact in other - one), *(f"+ {fact}" for fact in one - other)]
    return found or ([] if broken == whole else [f"{broken.versions} and uninterrupted {whole.versions}"])


def differing_records(broken: Mapping[str, Record], whole: Mapping[str, Record]) -> list[str]:
    """Return the addresses of which two inventories say different things, with both."""
    addresses = sorted(broken.keys() | whole.keys())
    return [
        f"{one}: {broken.get(one)} and uninterrupted {whole.get(one)}"
        for one in addresses
        if broken.get(one) != whole.get(one)
    ]


@bounded(18)
@given(st.data())
def test_killed_at_any_step_and_run_again(data: st.DataObject) -> None:
    check_killed(data, plain=False)


@bounded(12)
@given(st.data())
def test_killed_at_any_step_on_a_plain_platform(data: st.DataObject) -> None:
    check_killed(data, plain=True)
