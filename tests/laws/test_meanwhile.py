"""Promise 3 while an apply is under way: what people make after the plan was read is not taken along by a delete."""

from __future__ import annotations

from dataclasses import replace

import pytest
from requests import PreparedRequest, Response

from picsellia_apply.errors import PicselliaError
from tests.laws.ownership import Owners, facts_of
from tests.laws.people import Edit, do
from tests.laws.projects import Dataset, Network, Project, Query, Set, Version
from tests.laws.sky import Pass, Sky
from tests.laws.worlds import World

EVERYTHING = Project(
    sets={"s0": Set(("a.png",), None, restore=False), "s1": Set(("b.png",), None, restore=False)},
    dataset=Dataset(None, None, None, {"first": Version(None, {"set": "s1"}, (), (), frozen=False)}),
    network=Network({"type": "detection"}, {"config": "one"}, None),
    prune=True,
)
LITTLE = Project(sets={"s0": Set(("a.png",), None, restore=False)}, prune=True)


@pytest.mark.parametrize(
    "edit",
    [
        Edit("annotate", (0, 0, 0)),
        Edit("label", (0, 1, 0)),
        Edit("store file", (0, 1, 1)),
        Edit("add member", (0, 0, 0)),
        Edit("tag", (1, 0, 0)),
    ],
    ids=lambda edit: edit.what,
)
@pytest.mark.parametrize("seen_by", ["first request of the apply", "the delete"])
def test_a_delete_spares_what_came_after_the_plan(edit: Edit, seen_by: str) -> None:
    with World() as world:
        world.declare(EVERYTHING)
        assert world.execute(world.plan()).complete
        world.declare(LITTLE)
        planned = world.plan()
        assert {"network/net", "version/cells@first", "pictures/s1"} <= {one.address for one in planned.plan.operations}
        owners, done = Owners(plain=False), False

        def meanwhile(_number: int, request: PreparedRequest, pass_on: Pass) -> Response:
            nonlocal done
            deletes = request.method == "DELETE" or "delete" in request.path_url
            if not done and (deletes or seen_by != "the delete"):
                done = True
                before = facts_of(world.rows())
                do(edit, world)
                owners.people_did(before, facts_of(world.rows()))
                assert owners.theirs
            return pass_on()

        try:
            world.execute(planned, sky=Sky(meanwhile))
        except PicselliaError:
            assert done
        owners.we_did(facts_of(world.rows()), LITTLE)


BARE = Project(sets={"s0": Set(("a.png", "b.png"), (), restore=False)}, prune=True)
TAGGED = replace(BARE, sets={"s0": Set(("a.png", "b.png"), ("sky",), restore=False)})
QUERIED = replace(TAGGED, queries={"q0": Query(("sky",), 1.0, ("seen",), ())})
UPLOADED, SKY, SEEN = Edit("upload", (0, 0, 0)), Edit("tag", (0, 0, 0)), Edit("tag", (0, 2, 0))


@pytest.mark.parametrize("plain", [False, True], ids=["extension", "plain"])
@pytest.mark.parametrize(
    ("before", "after", "edit", "tag", "later"),
    [
        pytest.param(None, TAGGED, UPLOADED, "sky", BARE, id="with an upload"),
        pytest.param(BARE, TAGGED, SKY, "sky", BARE, id="a set's"),
        pytest.param(TAGGED, QUERIED, SEEN, "seen", TAGGED, id="a query's"),
    ],
)
def test_a_tag_that_somebody_puts_on_after_the_plan_stays_theirs(
    before: Project | None, after: Project, edit: Edit, tag: str, later: Project, *, plain: bool
) -> None:
    with World(plain=plain) as world:
        if before is not None:
            world.declare(before)
            assert world.execute(world.plan()).complete
        world.declare(after)
        planned = world.plan()
        do(edit, world)
        assert (tag, "a.png") in world.rows().tags
        assert world.execute(planned).complete
        assert {(tag, "a.png"), (tag, "b.png")} <= world.rows().tags
        world.declare(later)
        assert world.execute(world.plan()).complete
        assert (tag, "a.png") in world.rows().tags
        assert (tag, "b.png") not in world.rows().tags
