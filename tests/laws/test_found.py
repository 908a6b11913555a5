"""Counterexamples that the laws found, each as small as it gets."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from requests import PreparedRequest, Response

from picsellia_apply.errors import PicselliaError
from picsellia_apply.executor.records import Keeper
from picsellia_apply.pipeline import is_settled
from tests.laws.killing import Death, apply_apart
from tests.laws.people import Edit, do
from tests.laws.profiles import PROFILE
from tests.laws.projects import LABELS, Dataset, Network, Project, Set, Shape, Source, Version
from tests.laws.sky import Pass, Sky
from tests.laws.test_killed import compare
from tests.laws.weather import Fault, Weather
from tests.laws.worlds import World, blocked_in

EVERY = 11 if PROFILE == "ci" else 1
"""In CI every eleventh step."""
CAR: tuple[Shape, ...] = (("car", "rectangle", 9, 5),)
MOVED: tuple[Shape, ...] = (("car", "rectangle", 1, 2),)
ONE = Set(("a.png", "b.png"), ("sky",), restore=False)
TWO = Set(("b.png", "c.png"), ("sky",), restore=False)


def version(origin: str | None, pictures: dict[str, object], *policies: str) -> Version:
    sources = tuple(Source(policy, {"b.png": CAR}) for policy in policies)
    return Version(origin, pictures, (), sources, frozen=False)


def drawn(objects: dict[str, tuple[Shape, ...]]) -> Version:
    return replace(FIRST, sources=(Source("merge", objects),))


def dataset(**versions: Version) -> Dataset:
    return Dataset("Cells", None, (("car", "rectangle"),), versions)


FIRST = version(None, {"set": "s1"}, "merge")
SECOND = version("first", {"tags": ["nobody's"]}, "seed")
BOTH = Project(sets={"s0": ONE, "s1": TWO}, dataset=dataset(first=FIRST, second=SECOND), prune=True)
ONLY_B = version(None, {"set": "s0"})
NET = Network({"type": "detection"}, {"config": "one"}, 1)
FROZEN = replace(FIRST, frozen=True)
MIRRORED = replace(version("first", {"set": "s1"}), sources=(Source("mirror", {"b.png": ()}),))
STEPS = {
    "two sets share a picture and a tag, a version takes another one over": (None, BOTH),
    "a picture moves from one set to the other": (
        replace(BOTH, dataset=None),
        replace(BOTH, sets={"s0": replace(ONE, pictures=("a.png", "c.png")), "s1": replace(TWO, pictures=("b.png",))}),
    ),
    "a picture goes that a version holds with our objects": (
        replace(BOTH, dataset=dataset(first=version(None, {"tags": ["sky"]}, "merge"))),
        replace(
            BOTH,
            sets={"s1": replace(TWO, pictures=("c.png",))},
            dataset=dataset(first=version(None, {"tags": ["sky"]})),
        ),
    ),
    "a network with files goes": (Project({"s0": ONE}, network=NET, prune=True), Project({"s0": ONE}, prune=True)),
    "a dataset goes, of which a version holds objects only from another one": (
        replace(BOTH, dataset=dataset(first=FIRST, second=version("first", {"tags": ["nobody's"]}))),
        replace(BOTH, dataset=None),
    ),
    "two versions go, of which one had its objects from the other": (
        BOTH,
        replace(BOTH, dataset=dataset(third=version(None, {"set": "s0"}))),
    ),
    "a version goes, and the one that it had its objects from is drawn anew": (
        BOTH,
        replace(BOTH, dataset=dataset(first=drawn({"b.png": MOVED, "c.png": CAR}))),
    ),
    "a version goes, and the one that it had its objects from loses them": (
        replace(BOTH, dataset=dataset(first=drawn({"b.png": (*CAR, *MOVED), "c.png": CAR}), second=SECOND)),
        replace(BOTH, dataset=dataset(first=drawn({"b.png": CAR}))),
    ),
    "a version goes, and the one that it had objects and labels from has no more of them declared": (
        replace(BOTH, dataset=replace(dataset(first=FIRST, second=SECOND), labels=(*LABELS[:2],))),
        replace(BOTH, dataset=dataset(first=replace(FIRST, sources=()))),
    ),
    "a version is made from a frozen one whose annotations are no longer declared, and mirrors others": (
        replace(BOTH, dataset=dataset(first=FROZEN)),
        replace(BOTH, dataset=dataset(first=replace(FROZEN, sources=()), second=MIRRORED)),
    ),
}


@pytest.fixture(params=[False, True], ids=["late", "early"])
def written(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the inventory written as in a quick apply, at the end; or whenever a slow one may write it."""
    write = Keeper.write

    def at_once(self: Keeper, *, now: bool = False, complete: bool = False) -> None:
        self._next_write = 0
        write(self, now=now, complete=complete)

    if request.param:
        monkeypatch.setattr(Keeper, "write", at_once)


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("name", STEPS)
def test_killed_at_every_step(name: str) -> None:
    before, after = STEPS[name]
    with World() as start:
        if before is not None:
            start.declare(before)
            assert start.execute(start.plan()).complete
        start.declare(after)
        killed_at_steps(start, EVERY)


@pytest.mark.parametrize("plain", [False, True], ids=["extension", "plain"])
def test_killed_while_a_network_that_people_deleted_is_made_anew_with_other_properties(*, plain: bool) -> None:
    """It is made, then given its properties: what was known of the one before counted as the base of the new one."""
    net = Network({"type": "detection", "base_parameters": {"batch": 4}}, None, None)
    with World(plain=plain) as start:
        start.declare(Project({"s0": ONE}, network=net))
        assert start.execute(start.plan()).complete
        do(Edit("delete network", (0, 0, 0)), start)
        start.declare(
            Project({"s0": ONE}, network=replace(net, fields={**net.fields, "base_parameters": {"batch": 8}}))
        )
        killed_at_steps(start)


@pytest.mark.parametrize("frozen", [False, True], ids=["seeded", "frozen"])
def test_killed_while_a_picture_goes_that_only_a_record_still_tells_of(*, frozen: bool) -> None:
    """A seeded version remembered what it had on it; a frozen one was taken for unfinished after the kill, and written.

    Until then the frozen one, out of which a person took the picture, had kept to what it was made with.
    """
    objects = {"b.png": CAR, "c.png": CAR}
    made = replace(FIRST, sources=(Source("merge" if frozen else "seed", objects),), frozen=frozen)
    since = replace(made, sources=(Source("merge", {"b.png": MOVED}),)) if frozen else made
    with World() as start:
        start.declare(Project({"s1": TWO}, dataset=dataset(first=made), prune=True))
        assert start.execute(start.plan()).complete
        if frozen:
            do(Edit("remove member", (0, 1, 0)), start)
        start.declare(Project({"s1": replace(TWO, pictures=("b.png",))}, dataset=dataset(first=since), prune=True))
        assert [one.address for one in start.plan().plan.operations] == ["pictures/s1"]
        killed_at_steps(start)


@pytest.mark.parametrize("step", [7, 9, 11])
def test_a_kill_forgets_nothing_of_an_adopted_picture_that_was_to_go(step: int) -> None:
    """What a person had drawn and taken away again was drawn anew where the picture was declared once more."""
    seeded = replace(FIRST, sources=(Source("seed", {"b.png": CAR, "c.png": MOVED}),))
    with World() as world:
        world.declare(Project({"s1": TWO}, dataset=dataset(first=drawn({"b.png": CAR})), prune=True))
        assert world.execute(world.plan()).complete
        do(Edit("annotate", (0, 1, 0)), world)
        world.declare(Project({"s1": TWO}, dataset=dataset(first=seeded), prune=True))
        assert world.execute(world.plan()).complete
        do(Edit("delete annotation", (0, 1, 0)), world)
        world.declare(Project({"s1": replace(TWO, pictures=("b.png",))}, dataset=dataset(first=seeded), prune=True))
        apply_apart(world, death=Death(step, "after"))
        assert "c.png" in world.rows().pictures
        world.declare(Project({"s1": TWO}, dataset=dataset(first=seeded), prune=True))
        assert not world.plan().plan.operations


@pytest.mark.parametrize("last", [False, True], ids=["kept", "kept as the last one"])
def test_what_a_person_puts_back_into_a_version_while_nobody_declares_it_is_theirs(*, last: bool) -> None:
    with World() as world:
        world.declare(Project({"s1": TWO}, dataset=dataset(first=FIRST)))
        assert world.execute(world.plan()).complete
        world.declare(Project({"s1": TWO}, dataset=dataset() if last else None, prune=last))
        for edit in ("remove member", "add member"):
            do(Edit(edit, (0, 1, 0)), world)
            assert world.execute(world.plan()).complete
        assert {name for *_, name in world.rows().members} == {"b.png", "c.png"}
        world.declare(
            Project({"s1": TWO, "s0": Set(("b.png",), (), restore=False)}, dataset=dataset(first=ONLY_B), prune=True)
        )
        assert not [one for one in world.plan().plan.operations if one.members.remove]


def killed_at_steps(start: World, every: int = 1) -> None:
    """Kill an apply of what is declared at each step of so many, run it again, and compare with one that lived."""
    with start.copy() as whole:
        steps = apply_apart(whole).steps
        for step in range(1, steps + 1, every):
            with start.copy() as broken:
                apply_apart(broken, death=Death(step, "after" if step % 2 else "before"))
                assert not apply_apart(broken).refused
                compare(broken, whole)


@pytest.mark.parametrize(
    "edit",
    [
        Edit("store file", (0, 1, 2)),
        Edit("update network", (0, 0, 0)),
        Edit("update network", (0, 2, 0)),
        Edit("describe", (0, 0, 0)),
        Edit("label", (0, 1, 0)),
        Edit("tag", (0, 2, 0)),
    ],
    ids=lambda one: f"{one.what} {one.which[1]}",
)
def test_what_people_put_into_ours_is_not_deleted_unasked(edit: Edit) -> None:
    with World() as world:
        world.declare(replace(BOTH, dataset=dataset(first=FIRST), network=NET))
        assert world.execute(world.plan()).complete
        do(edit, world)
        world.declare(replace(BOTH, sets={"s1": TWO}, dataset=None))
        assert {one.rule for one in world.plan().plan.refusals} == {"foreign_content"}


def test_a_declared_dataset_does_not_go_with_its_last_version() -> None:
    """SDK v2 deletes it so, and the next plan would make it again."""
    with World(plain=True) as world:
        world.declare(replace(BOTH, dataset=dataset(first=FIRST, third=replace(SECOND, sources=()))))
        assert world.execute(world.plan()).complete
        do(Edit("delete version", (0, 0, 0)), world)
        world.declare(replace(BOTH, dataset=dataset(first=FIRST)))
        planned = world.plan()
        assert ("version/cells@third", "unsupported by this server", "") in blocked_in(planned.plan)
        assert world.execute(planned).complete
        again = world.plan().plan
        assert not again.operations
        assert blocked_in(again) <= blocked_in(planned.plan)


@pytest.mark.parametrize(
    ("faults", "plain"),
    [(("half an answer",), False), (("half an answer",), True), (("reset after", "404 after a create"), True)],
)
def test_a_picture_whose_answer_was_lost_is_ours_in_every_set_that_declares_it(
    faults: tuple[Fault, ...], *, plain: bool
) -> None:
    with World(plain=plain) as start:
        start.declare(Project(sets={"s0": replace(ONE, tags=None), "s1": replace(TWO, tags=None)}, prune=True))
        with start.copy() as whole:
            assert whole.execute(whole.plan()).complete
            for number in range(5, 14):
                with start.copy() as broken:
                    weather = Weather(dict(enumerate(faults, number)))
                    apply_apart(broken, Sky(weather, weather.clock))
                    assert not apply_apart(broken).refused
                    compare(broken, whole)


def test_annotations_that_are_no_longer_declared_on_a_picture_that_stays_are_forgotten_once() -> None:
    """The set that declared it is gone, the frozen version still holds it: nothing of it is on its way out."""
    held = replace(FROZEN, pictures={"set": "s1"}, sources=(Source("merge", {"b.png": (), "c.png": ()}),))
    with World() as world:
        do(Edit("upload", (2, 0, 0)), world)
        world.declare(Project({"s0": ONE, "s1": TWO}, dataset=dataset(first=held)))
        assert world.execute(world.plan()).complete
        world.declare(Project({"s0": ONE}, dataset=dataset(first=replace(FROZEN, pictures={"set": "s0"}, sources=()))))
        assert world.execute(world.plan()).complete
        assert is_settled(world.plan()), world.plan().plan.recorded


@pytest.mark.parametrize("plain", [False, True], ids=["extension", "plain"])
def test_a_picture_that_a_person_deletes_during_an_apply_is_settled_by_the_next(*, plain: bool) -> None:
    """Journal and inventory say that we uploaded it: whoever brings it back, it is theirs."""
    with World(plain=plain) as start:
        start.declare(replace(BOTH, dataset=dataset(first=FIRST)))
        for due in range(1, 30, 2):
            with start.copy() as world:

                def meanwhile(number: int, _: PreparedRequest, pass_on: Pass, due: int = due) -> Response:
                    if number == due:
                        do(Edit("delete picture", (1, 0, 0)), world)
                    return pass_on()

                with contextlib.suppress(PicselliaError):
                    world.execute(world.plan(), sky=Sky(meanwhile))
                assert world.execute(world.plan()).complete
                assert is_settled(world.plan()), (due, world.plan().plan.recorded)
