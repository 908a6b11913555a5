"""A version that people deleted is made anew: nothing that was known of it holds of the new one, killed or not.

Counterexamples that reviews and the laws found, each as small as it gets.
"""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from requests import PreparedRequest, Response

from picsellia_apply.cli.wishes import Wishes
from picsellia_apply.inventory.damaged import without
from picsellia_apply.model.inventory import Record
from picsellia_apply.pipeline import is_settled
from tests.laws.people import Edit, do
from tests.laws.profiles import PROFILE
from tests.laws.projects import Dataset, Project, Source, Version
from tests.laws.sky import Hook, Pass, Sky
from tests.laws.test_found import CAR, FIRST, MOVED, TWO, dataset, killed_at_steps, version
from tests.laws.worlds import World

EVERY = 3 if PROFILE == "ci" else 1
MADE = replace(FIRST, sources=(Source("merge", {"b.png": CAR, "c.png": CAR}),))
CHANGED = replace(MADE, sources=(Source("merge", {"b.png": CAR, "c.png": MOVED}),))
COPY = version("first", {"set": "s1"}, "merge")
WITHOUT_C = replace(TWO, pictures=("b.png",))
FROZEN_ONCE = pytest.mark.parametrize(
    ("was", "now"), [(False, False), (False, True), (True, True)], ids=["never", "now", "always"]
)


def refusing(part: str) -> Hook:
    """Answer 400 to every write whose address holds a text."""

    def hook(_number: int, request: PreparedRequest, pass_on: Pass) -> Response:
        url = str(request.url)
        if request.method == "GET" or "lookup" in url or part not in url:
            return pass_on()
        refused = Response()
        refused.status_code, refused.url, refused.raw = 400, url, io.BytesIO(b"{}")
        return refused

    return hook


def deleted_by_people(world: World, made: Version, declared: Dataset, *, c_goes: bool) -> None:
    """Apply a first version, have people delete it, and declare something else."""
    world.declare(Project({"s1": TWO}, dataset=dataset(first=made), prune=True))
    assert world.execute(world.plan()).complete
    do(Edit("delete version", (0, 0, 0)), world)
    world.declare(Project({"s1": WITHOUT_C if c_goes else TWO}, dataset=declared, prune=True))


def on_another_machine(world: World) -> None:
    for journal in world.folder.glob(".picsellia/**/journal/*"):
        journal.unlink()


def drawn_on(world: World, version: str) -> list[str]:
    return sorted(name for _, one, name in world.rows().annotations if one == version)


@FROZEN_ONCE
def test_it_gets_its_annotations_on_another_machine(*, was: bool, now: bool) -> None:
    """Nothing but the inventory says there that the ones of before are gone; a picture of theirs is still to go."""
    with World() as world:
        anew = dataset(first=replace(MADE, frozen=now))
        deleted_by_people(world, replace(MADE, frozen=was), anew, c_goes=True)
        assert not world.execute(world.plan(), sky=Sky(refusing("/label/"))).complete
        on_another_machine(world)
        assert world.execute(world.plan()).complete
        assert drawn_on(world, "first") == ["b.png"]
        assert is_settled(world.plan())


@FROZEN_ONCE
@pytest.mark.parametrize("here", [True, False], ids=["here", "another machine"])
@pytest.mark.parametrize("refused", ["/label/", "/annotations/"])
def test_beside_a_copy_it_gets_its_annotations(refused: str, *, here: bool, was: bool, now: bool) -> None:
    """What the former one had counted as taken out of the new one by a person, and stayed away for ever."""
    with World() as world:
        anew = dataset(first=replace(CHANGED, frozen=now), second=COPY)
        deleted_by_people(world, replace(MADE, frozen=was), anew, c_goes=False)
        assert not world.execute(world.plan(), sky=Sky(refusing(refused))).complete
        if not here:
            on_another_machine(world)
        assert world.execute(world.plan()).complete
        assert drawn_on(world, "first") == ["b.png", "c.png"]
        assert is_settled(world.plan())


def test_what_was_written_to_the_former_one_is_known_until_an_apply_completes() -> None:
    with World() as world:
        deleted_by_people(world, MADE, dataset(first=CHANGED), c_goes=True)
        drawn, label = "annotations/cells@first", "label/cells@first/car/rectangle"
        written = {drawn: Record(members=world.records()[drawn].members), label: Record()}
        for _ in range(2):
            assert not world.execute(world.plan(), sky=Sky(refusing("/label/"))).complete
            assert world.inventory().former == written
        world.declare(Project({"s1": replace(WITHOUT_C, tags=("sea",))}, dataset=dataset(first=CHANGED), prune=True))
        assert world.execute(world.plan(wishes=Wishes(targets=("pictures/s1",)))).complete
        assert world.inventory().former == written, "not all of it was applied"
        assert without(world.inventory(), frozenset({label})).former == {drawn: written[drawn]}
        assert world.execute(world.plan()).complete
        assert not world.inventory().former


@pytest.mark.parametrize("plain", [False, True], ids=["extension", "plain"])
@pytest.mark.parametrize("frozen", [False, True], ids=["kept up", "frozen"])
def test_beside_a_copy_it_is_killed_at_any_step(*, frozen: bool, plain: bool) -> None:
    with World(plain=plain) as start:
        anew = dataset(first=replace(CHANGED, frozen=frozen), second=COPY)
        deleted_by_people(start, MADE, anew, c_goes=False)
        killed_at_steps(start, EVERY)


BARE_COPY = version("first", {"set": "s1"})
FROM_COPY = replace(version("second", {"set": "s1"}), sources=(Source("mirror", {"b.png": (), "c.png": MOVED}),))
BESIDE = {
    "the copy leaves": ({"first": CHANGED}, TWO),
    "the copy leaves, another one is made": ({"first": CHANGED, "third": COPY}, TWO),
    "the copy is copied": ({"first": CHANGED, "second": BARE_COPY, "third": FROM_COPY}, TWO),
    "the copy is copied, and it is to have no annotations": (
        {"first": replace(MADE, sources=()), "second": BARE_COPY, "third": FROM_COPY},
        TWO,
    ),
    "a picture of the copy goes": ({"first": replace(MADE, sources=()), "second": BARE_COPY}, WITHOUT_C),
}


@pytest.mark.parametrize("name", BESIDE)
def test_what_a_copy_has_of_the_former_one_is_ours(name: str) -> None:
    """Only the record of the former one tells so: an apply that was killed refused to go on."""
    versions, pictures = BESIDE[name]
    with World() as start:
        start.declare(Project({"s1": TWO}, dataset=dataset(first=MADE, second=BARE_COPY), prune=True))
        assert start.execute(start.plan()).complete
        do(Edit("delete version", (0, 0, 0)), start)
        start.declare(Project({"s1": pictures}, dataset=dataset(**versions), prune=True))
        killed_at_steps(start, EVERY)


def test_labels_that_a_copy_has_of_the_former_one_are_ours() -> None:
    made = replace(FIRST, sources=())
    both = replace(dataset(first=made), labels=(("car", "rectangle"), ("van", "rectangle")))
    with World() as world:
        for declared in (both, dataset(first=made, second=BARE_COPY)):
            world.declare(Project({"s1": TWO}, dataset=declared))
            assert world.execute(world.plan()).complete
        do(Edit("delete version", (0, 0, 0)), world)
        world.declare(Project({"s1": TWO}, dataset=dataset(first=made), prune=True))
        assert not world.execute(world.plan(), sky=Sky(refusing("/label/"))).complete
        assert world.execute(world.plan()).complete
        assert list(world.rows().versions) == [("cells", "first")]


@pytest.mark.parametrize("frozen", [False, True], ids=["kept up", "frozen"])
def test_what_people_had_drawn_on_the_former_one_is_ours_once_we_draw_it(*, frozen: bool) -> None:
    """After a kill the annotations that we drew counted as adopted, as those before them had been."""
    with World() as start:
        start.declare(Project({"s1": TWO}, dataset=dataset(first=replace(FIRST, sources=())), prune=True))
        assert start.execute(start.plan()).complete
        do(Edit("annotate", (0, 0, 0)), start)
        do(Edit("annotate", (0, 1, 0)), start)
        deleted_by_people(start, MADE, dataset(first=replace(MADE, frozen=frozen)), c_goes=True)
        killed_at_steps(start, EVERY)


def test_a_frozen_version_stays_as_it_was_made_where_another_one_was_not_deleted() -> None:
    """A picture leaves and with it the copy, whose deletion is refused: on another machine it counted as unfinished."""
    frozen = replace(MADE, frozen=True)
    since = replace(frozen, sources=(Source("merge", {"b.png": MOVED}),))
    with World() as world:
        copied = dataset(first=frozen, second=version("first", {"set": "s1"}))
        world.declare(Project({"s1": TWO}, dataset=copied, prune=True))
        assert world.execute(world.plan()).complete
        do(Edit("remove member", (0, 1, 0)), world)
        world.declare(Project({"s1": WITHOUT_C}, dataset=dataset(first=since), prune=True))
        before = {fact for fact in world.rows().facts() if fact[0] == "object" and fact[2] == "first"}
        assert not world.execute(world.plan(), sky=Sky(refusing("/versions/delete"))).complete
        on_another_machine(world)
        assert world.execute(world.plan()).complete
        assert {fact for fact in world.rows().facts() if fact[0] == "object" and fact[2] == "first"} == before
