"""Killed at any request and run again: the same final state, owned as if nothing had happened."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from picsellia_apply.inventory import read_inventory
from picsellia_apply.model.inventory import Record
from tests.e2e.documents import COCO
from tests.e2e.test_ownership import somebody

if TYPE_CHECKING:
    from tests.e2e.conftest import Project, Ran

MANIFESTS = """\
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {name: s}
spec: {from: pictures, tags: [t]}
---
apiVersion: picsellia-apply/v1
kind: Dataset
metadata: {name: D}
spec:
  description: d
  labels: [{name: car, type: rectangle}]
  versions:
    - name: first
      pictures: {set: s}
      annotations: [{path: boxes.json, format: COCO}]
    - {name: second, from: first, pictures: {tags: [t]}}
---
apiVersion: picsellia-apply/v1
kind: Network
metadata: {name: n}
spec:
  type: detection
  description: x
  files: {config: pipeline.config}
  thumbnail: thumb.png
"""


def fill(project: Project) -> Project:
    project.write("all.yaml", MANIFESTS)
    project.write("boxes.json", COCO)
    project.write("pipeline.config", "x")
    project.picture("thumb.png", (1, 2, 3))
    for number in range(4):
        project.picture(f"pictures/p{number}.png", (number * 20, 100, 200))
    return project


def records(project: Project) -> Mapping[str, Record]:
    with project.client() as client:
        return read_inventory(client, "default").records


APPLY = ("apply", "--auto-approve")


def _folder(project: Project, name: str) -> Any:
    folder = project.folder / name
    folder.mkdir()
    return folder


ONE_BY_ONE = ("--parallelism", "1")
"""Else a request that another one outran is refused, and sent again: now and then there is one more."""
WRITES = 16
"""Requests of the apply below that write or sign, counted by `killed.py`."""


@pytest.mark.parametrize("when", [*(f"after-write={number + 1}" for number in range(WRITES)), "before-write=1"])
def test_killed_at_any_request_and_run_again(
    project: Project, killed: Callable[..., Ran], state_of: Callable[[Project], dict[str, Any]], when: str
) -> None:
    whole = fill(replace(project, folder=_folder(project, "whole")))
    whole.apply()
    broken = fill(replace(project, folder=_folder(project, "broken")))
    ran = killed(broken, *APPLY, *ONE_BY_ONE, when=when)
    assert ran.code == -9, ran.err
    broken.apply()
    assert state_of(broken) == state_of(whole)
    assert records(broken) == records(whole)
    assert broken.plan()["operations"] == []
    assert not list((broken.folder / ".picsellia" / "journal").glob("default.ndjson"))


def test_the_requests_above_are_all_of_them(project: Project, killed: Callable[..., Ran]) -> None:
    assert killed(fill(project), *APPLY, *ONE_BY_ONE, when=f"after-write={WRITES + 1}").code == 0


def test_killed_against_a_server_and_run_again(
    project: Project,
    killed: Callable[..., Ran],
    served: Callable[[], Any],
    state_of: Callable[[Project], dict[str, Any]],
) -> None:
    one = fill(replace(project, platform=served()))
    assert killed(one, *APPLY, when="after-write=3").code == -9
    one.apply()
    assert len(state_of(one)["pictures"]) == 4
    assert one.plan()["operations"] == []


def test_nothing_that_arrived_is_sent_again(project: Project, killed: Callable[..., Ran]) -> None:
    fill(project)
    assert killed(project, *APPLY, when="after-batch=1").code == -9
    again = project.apply("--format", "json").finished
    assert all(one["bytes_sent"] == 0 for one in again if one["address"] == "pictures/s")


def test_a_saved_plan_that_was_killed_goes_on_where_it_was(project: Project, killed: Callable[..., Ran]) -> None:
    fill(project)
    assert project.run("plan", "--out", "p.json").code == 0
    assert killed(project, *APPLY, "p.json", when="after-write=4").code == -9
    project.apply("p.json")
    assert project.plan()["operations"] == []


BARE = """\
apiVersion: picsellia-apply/v1
kind: Network
metadata: {{name: {name}}}
spec: {{type: detection}}
"""


def _network_begun(project: Project, killed: Callable[..., Ran]) -> None:
    """Have an apply killed that was about to create the network `n`."""
    project.write("n.yaml", BARE.format(name="n"))
    assert killed(project, *APPLY, when="before-write=2").code == -9


def test_what_a_person_made_after_another_apply_is_theirs_whatever_a_killed_one_had_begun(
    project: Project, killed: Callable[..., Ran]
) -> None:
    """The journal of a killed apply claims nothing any more once the workspace was applied from another machine."""
    _network_begun(project, killed)
    journal = project.folder / ".picsellia/journal/default.ndjson"
    lines = journal.read_bytes()
    journal.unlink()
    project.write("n.yaml", BARE.format(name="other"))
    project.apply()
    with somebody(project) as person:
        person.writer.create_network("n", "detection")
    journal.write_bytes(lines)
    project.write("n.yaml", BARE.format(name="n") + "---\n" + BARE.format(name="other"))
    assert {one["kind"] for one in project.plan()["notices"]} == {"adopt"}
    project.apply()
    assert {name: one.created for name, one in records(project).items()} == {"network/n": False, "network/other": True}


def test_what_is_forgotten_in_between_leaves_the_rest_of_a_killed_apply_its_own(
    project: Project, killed: Callable[..., Ran]
) -> None:
    project.write("other.yaml", BARE.format(name="other"))
    project.apply()
    project.write("n.yaml", BARE.format(name="n"))
    assert killed(project, *APPLY, when="after-write=2").code == -9
    ran = project.run("inventory", "forget", "network/other", "--auto-approve", *project.platform.options)
    assert ran.code == 0, ran.err
    project.apply()
    assert {name: one.created for name, one in records(project).items()} == {"network/n": True, "network/other": False}


def test_a_broken_line_in_the_journal_is_told(project: Project, killed: Callable[..., Ran]) -> None:
    _network_begun(project, killed)
    journal = project.folder / ".picsellia/journal/default.ndjson"
    journal.write_bytes(b'{"event":\xff\n' + journal.read_bytes())
    (finding,) = project.plan()["findings"]
    assert (finding["code"], finding["position"]["line"]) == ("L025", 1)


def test_without_a_journal_nothing_is_claimed(project: Project) -> None:
    project.write("n.yaml", BARE.format(name="n"))
    (project.folder / ".picsellia").mkdir()
    project.write(".picsellia/journal", "a file is in the way")
    ran = project.run(*APPLY)
    assert (ran.code, "the journal cannot be written" in ran.err, "Traceback" in ran.err) == (64, True, False)
    with project.client() as client:
        assert read_inventory(client, "default").serial == 0


def test_a_lake_that_was_made_anew_knows_nothing_of_what_was_begun_in_the_old_one(
    project: Project, killed: Callable[..., Ran]
) -> None:
    project.write("n.yaml", BARE.format(name="n"))
    assert killed(project, *APPLY, when="after-write=2").code == -9
    for path in (project.folder / ".picsellia").iterdir():
        if path.is_dir() and path.name != "journal":
            shutil.rmtree(path)
    with somebody(project) as person:
        person.writer.create_network("n", "detection")
        assert read_inventory(person, "default").serial == 0
    project.apply()
    assert [one.created for one in records(project).values()] == [False]
