"""A picture that a person puts in the place of ours on a platform of SDK v2 alone: saved plans see it as plans do."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from picsellia_apply.client import Client
from tests.e2e.documents import SET

if TYPE_CHECKING:
    from tests.e2e.conftest import Project, Ran

WORKSPACE = """\
---
apiVersion: picsellia-apply/v1
kind: Workspace
metadata: {name: demo}
spec: {prune: true, guards: {deletePercent: 100}}
"""


@pytest.fixture
def project(plain_project: Project) -> Project:
    """Three pictures, applied."""
    plain_project.write("m/all.yaml", SET + WORKSPACE)
    for number in range(3):
        plain_project.picture(f"m/pictures/p{number}.png", (number * 20, 100, 200))
    plain_project.apply("m")
    return plain_project


def replace_picture(project: Project, name: str) -> None:
    """Delete a picture and upload another under its name, as a person would."""
    path = project.picture(f"theirs/{name}", (1, 2, 3))
    token, host = project.platform.environ["PICSELLIA_TOKEN"], project.platform.options[1]
    with Client(token, None, host, greet=False) as client, contextlib.redirect_stdout(io.StringIO()):
        client.datalake.picture.delete([client.writer.picture_ids([name])[name]])
        client.datalake.picture.upload(path)


def drop(project: Project, *names: str) -> None:
    for name in names:
        Path(project.folder / "m" / "pictures" / name).unlink()


def save(project: Project) -> str:
    ran = project.run("plan", "m", "--out", "p.json")
    assert ran.code == 0, ran.out + ran.err
    return ran.out


def apply(project: Project) -> Ran:
    return project.run("apply", "p.json", "--manifests", "m", "--auto-approve")


@pytest.mark.parametrize("more", [(), ("p1.png",)], ids=["nothing is deleted", "another is deleted"])
def test_a_saved_plan_lets_it_go(
    project: Project, more: tuple[str, ...], state_of: Callable[[Project], dict[str, Any]]
) -> None:
    replace_picture(project, "p0.png")
    drop(project, "p0.png", *more)
    shown = save(project)
    assert "1 picture no longer declared: kept (other bytes are there now), and forgotten" in shown
    ran = apply(project)
    assert ran.code == 0, ran.out + ran.err
    assert set(state_of(project)["pictures"]) == {"p0.png", "p1.png", "p2.png"} - set(more)
    plan = project.plan("m")
    assert (plan["operations"], plan["notices"]) == ([], [])


def test_a_saved_plan_that_deletes_it_is_stale_once_it_is_replaced(
    project: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    drop(project, "p0.png", "p1.png")
    save(project)
    replace_picture(project, "p0.png")
    ran = apply(project)
    assert ran.code == 6, ran.out + ran.err
    assert set(state_of(project)["pictures"]) == {"p0.png", "p1.png", "p2.png"}


def test_a_saved_plan_deletes_what_is_still_ours(
    project: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    drop(project, "p0.png", "p1.png")
    save(project)
    ran = apply(project)
    assert ran.code == 0, ran.out + ran.err
    assert set(state_of(project)["pictures"]) == {"p2.png"}
    assert project.plan("m")["operations"] == []
