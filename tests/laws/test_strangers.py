"""Promise 3 after a kill: what a person makes in the meantime of what we had only begun is theirs, not ours."""

from __future__ import annotations

from dataclasses import replace

import pytest
from requests import PreparedRequest, Response

from picsellia_apply.model.ownership import made_members
from tests.laws.killing import Death, apply_apart
from tests.laws.people import Edit, do
from tests.laws.profiles import PROFILE
from tests.laws.projects import Project, Set
from tests.laws.sky import Pass, Sky
from tests.laws.worlds import World

EVERY = 3 if PROFILE == "ci" else 1
TWO = Project(sets={"s0": Set(("a.png", "b.png"), None, restore=False)}, prune=True)
ONE = replace(TWO, sets={"s0": Set(("b.png",), None, restore=False)})
OURS, OTHER = 0, 3
"""What `Edit("upload")` takes for the bytes that we have, and for others."""


@pytest.mark.parametrize(
    ("plain", "content"),
    [
        pytest.param(True, OTHER, id="plain, other bytes"),
        pytest.param(True, OURS, id="plain, the same bytes"),
        pytest.param(False, OTHER, id="other bytes"),
    ],
)
def test_a_picture_that_a_person_uploads_after_the_kill_is_theirs(*, plain: bool, content: int) -> None:
    with World(plain=plain) as start:
        start.declare(TWO)
        with start.copy() as whole:
            steps = apply_apart(whole).steps
        cut = 0
        for step in range(1, steps + 1, EVERY):
            for side in ("before", "after"):
                with start.copy() as broken:
                    apply_apart(broken, death=Death(step, side))
                    if "pictures/s0" in broken.records():
                        continue
                    cut += 1
                    _upload_anew(broken, content)
                    assert not apply_apart(broken).refused
                    assert made_members(broken.records()["pictures/s0"]) == {"b.png"}, (step, side)
                    broken.declare(ONE)
                    assert not apply_apart(broken).refused
                    assert {"a.png", "b.png"} == broken.rows().pictures.keys()
        assert cut > steps / EVERY


@pytest.mark.parametrize(
    ("plain", "content"),
    [
        pytest.param(True, OTHER, id="plain, other bytes"),
        pytest.param(True, OURS, id="plain, the same bytes"),
        pytest.param(False, OTHER, id="other bytes"),
    ],
)
def test_a_picture_that_a_person_uploads_right_before_us_is_theirs(*, plain: bool, content: int) -> None:
    with World(plain=plain) as world:
        world.declare(TWO)

        def overtaken(_number: int, request: PreparedRequest, pass_on: Pass) -> Response:
            sends = "picture/upload/" in request.path_url or request.path_url.endswith("pictures/batch")
            if sends and "a.png" not in world.rows().pictures:
                do(Edit("upload", (0, content, 0)), world)
            return pass_on()

        result = world.execute(world.plan(), sky=Sky(overtaken))
        assert result.complete == plain  # where digests are known, other bytes are a failure
        world.execute(world.plan())
        assert made_members(world.records()["pictures/s0"]) == {"b.png"}
        world.declare(ONE)
        world.execute(world.plan())
        assert {"a.png", "b.png"} == world.rows().pictures.keys()


def _upload_anew(world: World, content: int) -> None:
    """Delete `a.png`, should it be there, and upload it by another hand."""
    there = sorted(world.rows().pictures)
    if "a.png" in there:
        do(Edit("delete picture", (there.index("a.png"), 0, 0)), world)
    do(Edit("upload", (0, content, 0)), world)
