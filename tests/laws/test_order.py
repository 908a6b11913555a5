"""Promise 5: the same inputs give the same digest, whatever the order of files, documents and answers."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from requests import PreparedRequest, Response

from picsellia_apply.errors import InvalidInput
from picsellia_apply.model.plan import Plan
from tests.laws.people import edits
from tests.laws.profiles import bounded
from tests.laws.projects import Project, projects
from tests.laws.sky import Pass, Sky
from tests.laws.test_killed import apply_if_possible, people
from tests.laws.worlds import World

ROWS = ("datasets", "networks", "labels", "pictures", "annotations", "data", "image_qa")
"""Lists of the answers whose order means nothing; versions are in the order they were made."""
COLUMNS = ("names", "objects")
"""What tells an answer whose lists are columns: those of pictures, those of the versions that hold some."""


def scatter(project: Project, world: World, chance: random.Random) -> None:
    """Write the same project again: its documents in any order, in any number of files, its fields in any order."""
    world.declare(project)
    (world.folder / "all.yaml").unlink()
    documents = [_turned(one, chance) for one in project.documents()]
    chance.shuffle(documents)
    while documents:
        some = [documents.pop() for _ in range(chance.randint(1, len(documents)))]
        name = f"{chance.choice('zmab')}{len(documents)}.yaml"
        (world.folder / name).write_text("\n---\n".join(map(json.dumps, some)))


def _turned(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        items = [(key, _turned(item, chance)) for key, item in value.items()]
        chance.shuffle(items)
        return dict(items)
    return [_turned(item, chance) for item in value] if isinstance(value, list) else value


class Shuffled:
    """Gives the rows of every answer in another order."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def __call__(self, _number: int, _request: PreparedRequest, pass_on: Pass) -> Response:
        answer = pass_on()
        if answer.headers.get("Content-Type") == "application/json":
            answer._content = json.dumps(self._mixed(json.loads(answer.content))).encode()
        return answer

    def _mixed(self, body: Any) -> Any:
        if isinstance(body, list):
            return [self._mixed(one) for one in body]
        if not isinstance(body, dict):
            return body
        columns = [body[key] for key in COLUMNS if isinstance(body.get(key), list)]
        if columns:
            return self._columns(body, len(columns[0]))
        items = [(key, self._mixed(value)) for key, value in body.items()]
        self._chance.shuffle(items)
        for key, value in items:
            if key in ROWS and isinstance(value, list):
                self._chance.shuffle(value)
        return dict(items)

    def _columns(self, body: dict[str, Any], count: int) -> dict[str, Any]:
        """Move the rows of all columns alike."""
        order = self._chance.sample(range(count), count)
        place = {row: at for at, row in enumerate(order)}
        mixed: dict[str, Any] = {}
        for key, value in body.items():
            if isinstance(value, list) and len(value) == count:
                mixed[key] = [value[row] for row in order]
            elif key == "tags":
                tags = [(tag, [place[row] for row in rows]) for tag, rows in value.items()]
                self._chance.shuffle(tags)
                mixed[key] = dict(tags)
            else:
                mixed[key] = value
        return mixed


def check(data: st.DataObject, *, plain: bool) -> None:
    with World(plain=plain) as world:
        people(world, data.draw(st.lists(edits(plain=plain), max_size=4), "people"))
        if data.draw(st.booleans(), "something was applied before"):
            apply_if_possible(world, data.draw(projects(), "project of before"))
            people(world, data.draw(st.lists(edits(plain=plain), max_size=3), "people, since then"))
        project = data.draw(projects(), "project")
        chance = random.Random(data.draw(st.integers(0, 999), "order"))  # noqa: S311
        world.declare(project)
        made = _planned(world, Sky())
        assume(made is not None)
        assert made is not None
        scatter(project, world, chance)
        again = _planned(world, Sky(Shuffled(chance)))
        assert again is not None
        assert again.operations == made.operations
        assert again.records == made.records
        assert again.digest == made.digest


def _planned(world: World, sky: Sky) -> Plan | None:
    try:
        return world.plan(sky=sky).plan
    except InvalidInput:
        return None


@bounded(12)
@given(st.data())
def test_the_digest_depends_on_no_order(data: st.DataObject) -> None:
    check(data, plain=False)


@bounded(8)
@given(st.data())
def test_the_digest_depends_on_no_order_of_a_plain_platform(data: st.DataObject) -> None:
    check(data, plain=True)
