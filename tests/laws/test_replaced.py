"""Promise 3 on a platform of SDK v2 alone: other bytes in the place of ours are whose bytes they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from requests import PreparedRequest, Response

from picsellia_apply.model.plan import Operation
from picsellia_apply.pipeline import Planned, is_settled
from tests.laws.people import Edit, do
from tests.laws.projects import Network, Project, Set
from tests.laws.sky import Pass, Sky
from tests.laws.worlds import World

TWO = Project(sets={"s0": Set(("a.png", "b.png"), None, restore=False)}, prune=True)
ONE = replace(TWO, sets={"s0": Set(("b.png",), None, restore=False)})
ELSE = replace(TWO, sets={"s1": Set(("c.png",), None, restore=False)})
OURS, OTHER, UNTAGGED = 0, 3, 5
"""What `Edit("upload")` takes for the bytes that we have, for others, and for no tag."""


@pytest.mark.parametrize("left", [pytest.param(ONE, id="one picture"), pytest.param(ELSE, id="the set")])
def test_other_bytes_stay_and_the_next_plan_has_nothing_to_do(left: Project) -> None:
    with World(plain=True) as world:
        _applied(world)
        _upload_anew(world, OTHER)
        theirs = world.rows().pictures["a.png"]
        world.declare(left)
        planned = world.plan()
        assert all("a.png" not in one.members.remove for one in planned.plan.operations)
        assert [(one.kind, one.names) for one in planned.plan.notices] == [("kept", ("a.png",))]
        world.execute(planned)
        assert world.rows().pictures["a.png"] == theirs
        assert is_settled(world.plan())


def test_the_same_bytes_may_go() -> None:
    with World(plain=True) as world:
        _applied(world)
        _upload_anew(world, OURS)
        world.declare(ONE)
        assert world.execute(world.plan()).complete
        assert world.rows().pictures.keys() == {"b.png"}
        assert is_settled(world.plan())


def test_a_picture_whose_object_is_lost_stays_and_is_told() -> None:
    def lost(_number: int, request: PreparedRequest, pass_on: Pass) -> Response:
        answer = pass_on()
        if request.method == "GET" and "/storage/" in request.path_url:
            answer.status_code = 404
        return answer

    with World(plain=True) as world:
        _applied(world)
        world.declare(ONE)
        planned = world.plan(sky=Sky(lost))
        assert planned.plan.operations == ()
        (notice,) = planned.plan.notices
        assert (notice.kind, notice.names) == ("kept", ("a.png",))
        assert "nobody can read the bytes" in notice.message
        world.execute(planned, sky=Sky(lost))
        assert world.rows().pictures.keys() == {"a.png", "b.png"}
        assert is_settled(world.plan())


def test_only_the_bytes_of_what_would_go_are_read() -> None:
    with World(plain=True) as world:
        _applied(world)
        assert _objects_read(world.plan) == 0
        world.declare(replace(ONE, prune=False))
        assert _objects_read(world.plan) == 0
        world.declare(ONE)
        assert _objects_read(world.plan) == 1
        world.execute(world.plan())
        assert _objects_read(world.plan) == 0
    with World() as world:
        _applied(world)
        world.declare(ONE)
        assert _objects_read(world.plan) == 0


def test_other_bytes_that_come_right_before_the_delete_stay() -> None:
    with World(plain=True) as world:
        _applied(world)
        world.declare(ONE)
        planned = world.plan()
        _upload_anew(world, OTHER)
        theirs = world.rows().pictures["a.png"]
        (done,) = world.execute(planned).operations
        assert done.status == "failed"
        assert "now with other bytes" in str(done.error)
        assert world.rows().pictures["a.png"] == theirs
        assert _removed(world.plan().plan.operations) == set()


@pytest.mark.parametrize("plain", [False, True], ids=["extension", "plain"])
@pytest.mark.parametrize("whole", [False, True], ids=["file", "network"])
def test_a_file_that_a_person_stored_in_the_place_of_ours_is_not_deleted_unasked(*, whole: bool, plain: bool) -> None:
    net = Network({"type": "detection"}, {"config": "one"}, None)
    with World(plain=plain) as world:
        world.declare(replace(ONE, network=net))
        assert world.execute(world.plan()).complete
        gone = replace(ONE, network=None if whole else replace(net, files={}), prune=True)
        world.declare(gone)
        assert world.plan().plan.refusals == ()
        do(Edit("store file", (0, 0, 1)), world)  # under the key `config`
        assert {one.rule for one in world.plan().plan.refusals} == {"foreign_content"}
        do(Edit("store file", (0, 0, 0)), world)  # and our bytes again
        assert world.execute(world.plan()).complete
        assert is_settled(world.plan())


def _applied(world: World) -> None:
    world.declare(TWO)
    assert world.execute(world.plan()).complete


def _upload_anew(world: World, content: int) -> None:
    """Delete `a.png` and upload it by another hand, without a tag, which would show whose it is."""
    do(Edit("delete picture", (0, 0, 0)), world)
    assert "a.png" not in world.rows().pictures
    do(Edit("upload", (0, content, UNTAGGED)), world)
    assert "a.png" not in {name for _, name in world.rows().tags}


def _objects_read(plan: Callable[..., Planned]) -> int:
    sky = Sky()
    plan(sky=sky)
    return sum(one.startswith("GET") and "/storage/" in one for one in sky.log)


def _removed(operations: tuple[Operation, ...]) -> set[str]:
    return {name for one in operations for name in one.members.remove}
