"""A delete takes along what the plan saw and no more: what somebody makes while an apply runs is spared, and told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from requests import PreparedRequest, Response

from picsellia_apply.client import Client
from picsellia_apply.model.result import Result
from picsellia_apply.pipeline import Planned
from tests.laws.projects import Dataset, Network, Project, Set, Source, Version, picture_bytes
from tests.laws.sky import Pass, Sky
from tests.laws.worlds import World

SHAPE = {"type": "rectangle", "label": "car", "rectangle": {"top": 2, "left": 1, "width": 4, "height": 3}}
BOXES = Source("merge", {"b.png": (("car", "rectangle", 1, 1),)})
CELLS = Dataset(
    "ours", None, (("car", "rectangle"),), {"first": Version(None, {"set": "s1"}, (), (BOXES,), frozen=False)}
)
NET = Network({"type": "detection", "description": "ours"}, {"config": "one", "weights": "two"}, None)
A, BC, C = (Set(names, None, restore=False) for names in (("a.png",), ("b.png", "c.png"), ("c.png",)))
ALL = Project({"s0": A, "s1": BC}, dataset=CELLS, network=NET, prune=True)
WITHOUT_PICTURE = Project(
    {**ALL.sets, "s1": Set(("c.png",), None, restore=False)}, dataset=CELLS, network=NET, prune=True
)
WITHOUT_DATASET = Project(ALL.sets, network=NET, prune=True)
WITHOUT_NETWORK = Project(ALL.sets, dataset=CELLS, prune=True)
WITHOUT_FILE = Project(ALL.sets, dataset=CELLS, network=Network(NET.fields, {"config": "one"}, None), prune=True)
NARROWED = Dataset(
    "ours",
    None,
    CELLS.labels,
    {"first": Version(None, {"names": "names/first.txt"}, ("c.png",), (BOXES,), frozen=False)},
)
TAKEN_OUT = Project(ALL.sets, dataset=NARROWED, network=NET, prune=True)

Make = Callable[[Client, World], object]


@contextmanager
def somebody(world: World) -> Iterator[Client]:
    with world.client() as client:
        yield client


def version_id(client: Client, dataset: str = "cells", version: str = "first") -> str:
    return str(client.datalake.dataset.fetch(dataset, version).dataset_id)


def picture_id(client: Client, name: str) -> str:
    return client.writer.picture_ids([name])[name]


def annotate(client: Client, _: World) -> None:
    client.datalake.dataset.add_annotation("b.png", version_id(client), data=[SHAPE])


def hold(client: Client, _: World) -> None:
    client.datalake.dataset.create("theirs", "Theirs", pictures=[picture_id(client, "b.png")])
    client.datalake.dataset.add_annotation("b.png", version_id(client, "theirs"), data=[SHAPE])


def replace_picture(client: Client, world: World) -> None:
    client.datalake.picture.delete([picture_id(client, "b.png")])
    path = world.root / "theirs" / "b.png"
    path.parent.mkdir()
    path.write_bytes(picture_bytes("b.png", 1))
    client.datalake.picture.upload(path)


def label(client: Client, _: World) -> None:
    client.writer.create_label(version_id(client), "roof", "polygon")


def add_member(client: Client, _: World) -> None:
    client.datalake.dataset.add_data("cells", "first", pictures=[picture_id(client, "a.png")])


def describe_dataset(client: Client, _: World) -> None:
    client.writer.patch_dataset("cells", description="theirs")


def store(client: Client, world: World, key: str = "theirs") -> None:
    path: Path = world.root / "their file"
    path.write_text("theirs")
    client.network.get("net")
    client.network.store(key, path)


def store_over(client: Client, world: World) -> None:
    store(client, world, "config")


def describe_network(client: Client, _: World) -> None:
    client.network.get("net")
    client.network.update(description="theirs")


def store_over_weights(client: Client, world: World) -> None:
    store(client, world, "weights")


IN_FIRST = "annotations of 1 picture (b.png) in `cells` `first`"
OTHER = "another file was stored"
PUT_INTO = "1 picture (a.png) put into `cells` `first`"
PICTURES, VERSION = (WITHOUT_PICTURE, "pictures/s1"), (WITHOUT_DATASET, "version/cells@first")
NETWORK = (WITHOUT_NETWORK, "network/net")
CASES: dict[str, tuple[Project, str, Make, str]] = {
    "annotation on a picture": (*PICTURES, annotate, IN_FIRST),
    "picture in a version of theirs": (*PICTURES, hold, "1 picture (b.png) held by `theirs` `first`, 0 before"),
    "picture of the same name": (*PICTURES, replace_picture, "1 picture (b.png) now with other bytes"),
    "annotation in a version": (*VERSION, annotate, IN_FIRST),
    "label": (*VERSION, label, "1 label (roof) added"),
    "picture put into a version": (*VERSION, add_member, PUT_INTO),
    "description of a dataset": (*VERSION, describe_dataset, "dataset `cells`: `description` is 'theirs' now"),
    "file of a network": (*NETWORK, store, "1 file (theirs) stored"),
    "file over a file": (*NETWORK, store_over, "1 file (config) stored"),
    "description of a network": (*NETWORK, describe_network, "`description` is 'theirs' now"),
    "annotation on a picture that is taken out": (TAKEN_OUT, "version/cells@first", annotate, IN_FIRST),
    "file over one that is taken out": (
        WITHOUT_FILE,
        "file/net/weights",
        store_over_weights,
        "another file was stored",
    ),
}
UNSEEN = {
    "label",
    "description of a dataset",
    "file over a file",
    "file over one that is taken out",
    "picture of the same name",
    "annotation on a picture that is taken out",
}
"""What SDK v2 does not show or cannot do."""


class Meanwhile:
    """Lets somebody make something once, right before a request of the apply; remembers what that left."""

    def __init__(self, world: World, make: Make, when: Callable[[PreparedRequest], bool]) -> None:
        self.world, self.make, self.when = world, make, when
        self.made: Any = None

    def __call__(self, _number: int, request: PreparedRequest, pass_on: Pass) -> Response:
        if self.made is None and self.when(request):
            self.made = ()
            before = set(self.world.rows().facts())
            with somebody(self.world) as client:
                self.make(client, self.world)
            self.made = set(self.world.rows().facts()) - before
            assert self.made
        return pass_on()


def deletes(request: PreparedRequest) -> bool:
    """Tell the request of an apply that deletes."""
    path = request.path_url
    return path.endswith(("/delete", "/versions/remove", "/networks/patch")) or "datalake/delete" in path


def ready(world: World, project: Project) -> Planned:
    """Apply everything, declare less, and plan."""
    world.declare(ALL)
    assert world.execute(world.plan()).complete
    world.declare(project)
    return world.plan()


def run(world: World, planned: Planned, meanwhile: Meanwhile) -> Result:
    result = world.execute(planned, sky=Sky(meanwhile))
    assert meanwhile.made
    assert meanwhile.made <= set(world.rows().facts()), "what somebody made is gone"
    return result


def error_at(result: Result, address: str) -> str:
    (one,) = [one for one in result.operations if one.address == address and one.action == "delete"]
    assert one.status == "failed"
    return one.error


@pytest.mark.parametrize(
    ("case", "plain"), [*((case, False) for case in CASES), *((case, True) for case in sorted(CASES.keys() - UNSEEN))]
)
def test_what_is_made_after_the_plan_is_spared_told_and_shown_by_the_next_plan(case: str, plain: bool) -> None:
    project, address, make, told = CASES[case]
    with World(plain=plain) as world:
        planned = ready(world, project)
        meanwhile = Meanwhile(world, make, lambda request: request.method != "GET")
        result = run(world, planned, meanwhile)
        error = error_at(result, address)
        assert error.startswith("changed since the plan was made: ")
        assert told in error
        again = world.plan().plan
        if case not in ("picture of the same name", "description of a network", "description of a dataset"):
            shown = {(one.rule, one.address) for one in again.refusals}
            kept = {one.address for one in again.operations}
            assert ("foreign_content", address) in shown or address not in kept


@pytest.mark.parametrize("case", CASES)
def test_what_is_made_right_before_the_delete_is_spared_too(case: str) -> None:
    project, address, make, _ = CASES[case]
    with World() as world:
        planned = ready(world, project)
        result = run(world, planned, Meanwhile(world, make, deletes))
        if case == "picture of the same name":
            assert result.complete  # ours was deleted by somebody, theirs has another id
            return
        (one,) = [one for one in result.operations if one.address == address]
        assert one.status == "failed"
        assert "changed since the plan was made" in (one.error + str(one.failures))


def test_pictures_of_which_nothing_was_made_go_while_one_stays() -> None:
    little = Project({"s0": ALL.sets["s0"]}, dataset=None, network=NET, prune=True)
    with World() as world:
        world.declare(Project(ALL.sets, network=NET, prune=True))
        assert world.execute(world.plan()).complete
        world.declare(little)
        planned = world.plan()
        result = run(world, planned, Meanwhile(world, hold, deletes))
        (failed,) = [one for one in result.operations if one.status == "failed"]
        assert failed.failures == {"b.png": "changed since the plan was made"}
        assert sorted(world.rows().pictures) == ["a.png", "b.png"]
        assert set(world.records()["pictures/s1"].members) == {"b.png"}
        assert [one.rule for one in world.plan().plan.refusals] == ["foreign_content"]


def test_less_than_was_seen_is_deleted_as_planned() -> None:
    with World() as world:
        planned = ready(world, WITHOUT_DATASET)

        def less(client: Client, world: World) -> None:
            client.datalake.dataset.delete_annotations(version_id(client), picture_id(client, "b.png"))
            client.writer.remove_pictures(version_id(client), [picture_id(client, "c.png")])
            hold(client, world)

        assert run(world, planned, Meanwhile(world, less, lambda _: True)).complete
        assert world.plan().plan.operations == ()


def test_what_this_plan_itself_writes_before_does_not_stand_in_its_way() -> None:
    """The boxes change, a version is made from the first, and pictures go from all of them: in one apply."""
    more = Source("merge", {"c.png": (("car", "rectangle", 3, 3),)})
    first = Version(None, {"set": "s1"}, (), (more,), frozen=False)
    second = Version("first", None, (), (), frozen=False)
    grown = Dataset("ours", None, CELLS.labels, {"first": first, "second": second})
    with World() as world:
        planned = ready(world, Project({"s0": A, "s1": C}, dataset=grown, prune=True))
        gone = {one.address for one in planned.plan.operations if one.action == "delete"}
        assert {"network/net", "pictures/s1"} <= gone
        assert world.execute(planned).complete
        assert world.plan().plan.operations == ()


@pytest.mark.parametrize("when", ["networks/patch", "networks/state"])
def test_a_file_that_somebody_stores_while_ours_is_taken_out_stays(when: str) -> None:
    fewer = Project(ALL.sets, dataset=CELLS, network=Network(NET.fields, {"config": "one"}, None), prune=True)
    with World() as world:
        planned = ready(world, fewer)
        meanwhile = Meanwhile(world, store, lambda request: request.path_url.endswith(when))
        assert run(world, planned, meanwhile).complete
        with world.client() as client:
            (info,) = client.reader.networks(["net"])
        assert set(info.files) == {"config", "theirs"}


@pytest.mark.parametrize(
    ("make", "when", "address"),
    [
        (describe_dataset, "datasets/patch", "dataset/cells"),
        (describe_network, "networks/patch", "network/net"),
    ],
)
def test_what_somebody_writes_right_before_an_update_is_not_overwritten(make: Make, when: str, address: str) -> None:
    dataset = Dataset("ours, better", None, CELLS.labels, CELLS.versions)
    network = Network({**NET.fields, "description": "ours, better"}, NET.files, None)
    with World() as world:
        planned = ready(world, Project(ALL.sets, dataset=dataset, network=network, prune=True))
        done = False

        def meanwhile(_number: int, request: PreparedRequest, pass_on: Pass) -> Response:
            nonlocal done
            if not done and request.path_url.endswith(when):
                done = True
                with world.client() as client:
                    make(client, world)
            return pass_on()

        result = world.execute(planned, sky=Sky(meanwhile))
        assert done
        assert [one.address for one in result.operations if one.status == "failed"] == [address]
        with world.client() as client:
            described = {
                "dataset/cells": client.reader.datasets(["cells"])[0].description,
                "network/net": client.reader.networks(["net"])[0].network.description,
            }
        assert described[address] == "theirs"
