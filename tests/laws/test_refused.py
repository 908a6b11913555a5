"""A platform that refuses in the middle: what was done until then is known to be ours, and is told as a part done."""

from __future__ import annotations

from dataclasses import replace

import pytest
from requests import PreparedRequest, Response, exceptions

from picsellia_apply.client import writer
from picsellia_apply.executor import pictures
from tests.laws.projects import Project, Set
from tests.laws.sky import Hook, Pass, Sky
from tests.laws.worlds import World

PLATFORMS = pytest.mark.parametrize("plain", [False, True], ids=["extension", "plain"])
TWO = Project(sets={"s0": Set(("a.png", "b.png", "c.png"), None, restore=False)}, prune=True)
TAGGED = replace(TWO, sets={"s0": replace(TWO.sets["s0"], tags=("sky",))})


def refusing(part: str, after: int) -> Hook:
    """Return what answers 403 to every request for `part` but the first few."""
    seen = []

    def hook(_number: int, request: PreparedRequest, pass_on: Pass) -> Response:
        seen.extend([0] if part in request.path_url else [])
        if part not in request.path_url or len(seen) <= after:
            return pass_on()
        response = Response()
        response.status_code, response.request, response.url = 403, request, request.url or ""
        response._content = b'{"error": "no"}'
        return response

    return hook


@PLATFORMS
@pytest.mark.parametrize("at_once", ["of the operation", "of the client"])
def test_tags_that_were_put_before_a_refusal_are_ours(
    monkeypatch: pytest.MonkeyPatch, at_once: str, *, plain: bool
) -> None:
    place = (pictures, "TAG_PICTURES") if at_once == "of the operation" else (writer, "IDS_AT_ONCE")
    monkeypatch.setattr(*place, 1)
    with World(plain=plain) as world:
        world.declare(TWO)
        assert world.execute(world.plan()).complete
        world.declare(TAGGED)
        assert not world.execute(world.plan(), sky=Sky(refusing("datalake/tag/", 1))).complete
        assert world.rows().tags == {("sky", "a.png")}
        assert world.execute(world.plan()).complete
        world.declare(replace(TWO, sets={"s0": replace(TWO.sets["s0"], tags=())}))
        assert world.execute(world.plan()).complete
        assert not world.rows().tags


def test_pictures_that_were_deleted_before_a_refusal_are_no_persons_deletions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "IDS_AT_ONCE", 1)
    with World(plain=True) as world:
        world.declare(TWO)
        assert world.execute(world.plan()).complete
        world.declare(replace(TWO, sets={"s0": replace(TWO.sets["s0"], pictures=("c.png",))}, budgets=(100, 100)))
        assert not world.execute(world.plan(), sky=Sky(refusing("datalake/delete/", 1))).complete
        assert sorted(world.rows().pictures) == ["b.png", "c.png"]
        assert world.execute(world.plan()).complete
        world.declare(TWO)
        assert world.execute(world.plan()).complete
        assert sorted(world.rows().pictures) == ["a.png", "b.png", "c.png"]


def test_an_inventory_that_cannot_be_sent_at_the_end_is_told_with_what_was_done() -> None:
    with World() as world:
        world.declare(TAGGED)
        planned, sent = world.plan(), []

        def cut(_number: int, request: PreparedRequest, pass_on: Pass) -> Response:
            if "/workspaces/" in request.path_url and request.method == "PUT":
                sent.append(request)
                if len(sent) > 1:
                    raise exceptions.ConnectionError("reset by peer", request=request)
            return pass_on()

        result = world.execute(planned, sky=Sky(cut))
        assert {one.status for one in result.operations} == {"done"}
        assert not result.complete
        assert result.unwritable.startswith("the journal or the inventory cannot be written: PUT ")
        assert world.execute(world.plan()).complete
        world.declare(replace(TWO, sets={"s0": replace(TWO.sets["s0"], pictures=("a.png",))}, budgets=(100, 100)))
        assert world.execute(world.plan()).complete
        assert sorted(world.rows().pictures) == ["a.png"]
