"""No byte is sent twice for a picture that arrived, wherever the apply is killed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from picsellia_apply.client import Client
from picsellia_apply.inventory import read_inventory

if TYPE_CHECKING:
    from tests.e2e.conftest import Platform, Project

SET = "apiVersion: picsellia-apply/v1\nkind: PictureSet\nmetadata: {name: s}\nspec: {from: pictures, tags: [t]}\n"
SCRIPT = str(Path(__file__).with_name("sending.py"))


@pytest.fixture(params=["extension", "plain"])
def project(request: pytest.FixtureRequest, project: Project, served: Callable[..., Platform]) -> Project:
    project.write("all.yaml", SET)
    for number in range(9):
        project.picture(f"pictures/p{number}.png", (number * 20, 100, 200))
    return replace(project, platform=served(*(["--plain"] if request.param == "plain" else [])))


def sent_by(project: Project, *, killed_after: int, parallelism: int) -> list[str]:
    """Apply, and return whose bytes left."""
    log = project.folder.parent / "sent.log"
    log.unlink(missing_ok=True)
    command = (sys.executable, SCRIPT, str(log), str(killed_after))
    arguments = ("apply", "--auto-approve", "--parallelism", str(parallelism))
    with project.spawn(*arguments, command=command) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == (-9 if killed_after else 0), out + err
    return log.read_text().split() if log.exists() else []


def owned(project: Project) -> set[str]:
    """Return the pictures that the inventory calls ours."""
    environ = project.platform.environ
    with Client(environ["PICSELLIA_TOKEN"], None, project.platform.options[1], read_only=True) as client:
        record = read_inventory(client, "default", root=project.folder).records["pictures/s"]
    return set(record.members) - set(record.fields.get("adopted", ()))


@pytest.mark.parametrize(("killed_after", "parallelism"), [(1, 1), (5, 1), (3, 4), (9, 4)])
def test_what_arrived_is_not_sent_again(project: Project, killed_after: int, parallelism: int) -> None:
    first = sent_by(project, killed_after=killed_after, parallelism=parallelism)
    with project.client() as client:
        arrived = set(client.reader.all_pictures().names)
    assert len(arrived) >= killed_after
    again = sent_by(project, killed_after=0, parallelism=parallelism)
    assert len(first) == len(set(first))
    assert len(again) == len(set(again))
    assert set(again).isdisjoint(arrived)
    assert {*first, *again} == {f"p{number}.png" for number in range(9)}
    assert project.plan()["operations"] == []
    assert len(owned(project)) == 9
