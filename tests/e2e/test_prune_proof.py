"""Nothing is deleted unless all that was read adds up and all else succeeded: a transport tampers with the answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from requests import PreparedRequest, Response, exceptions

from picsellia_apply.client import Client, transport
from picsellia_apply.client.embedded import EmbeddedAdapter
from tests.e2e.documents import DATASET
from tests.e2e.test_ownership import NETWORK, SET, fill
from tests.laws.sky import Clock

if TYPE_CHECKING:
    from tests.e2e.conftest import Project, Ran

WORKSPACE = """\
apiVersion: picsellia-apply/v1
kind: Workspace
metadata: {name: default}
spec: {prune: true, guards: {deletePercent: 100, updatePercent: 100}}
"""
Tamper = Callable[[PreparedRequest, Response], None]


@pytest.fixture
def pruning(project: Project) -> Project:
    """An applied project of which a picture, a label, a network and a tag were taken out of the manifests."""
    fill(project)
    project.write("workspace.yaml", WORKSPACE)
    project.write("other.yaml", NETWORK.replace("{name: n}", "{name: other}"))
    project.apply()
    (project.folder / "other.yaml").unlink()
    (project.folder / "pictures/p2.png").unlink()
    project.write("set.yaml", SET.replace(", extra", ""))
    project.write(
        "dataset.yaml",
        DATASET.replace("name: car, type", "name: bus, type").replace("[{path: boxes.json, format: COCO}]", "[]"),
    )
    return project


@dataclass
class Transport:
    """The way to the lake, on which somebody stands; waiting costs nothing there."""

    monkeypatch: pytest.MonkeyPatch
    seen: list[str] = field(default_factory=list)

    def tampered(self, project: Project, part: str, tamper: Tamper) -> Ran:
        """Apply while every answer to requests whose path holds `part` is changed."""
        send, clock = EmbeddedAdapter.send, Clock()

        def sent(adapter: EmbeddedAdapter, request: PreparedRequest, *told: Any, **named: Any) -> Response:
            answer = send(adapter, request, *told, **named)
            if part in request.path_url:
                self.seen.append(f"{request.method} {request.path_url}")
                tamper(request, answer)
            return answer

        settings = partial(transport.Settings, sleep=clock.sleep, clock=clock)
        with self.monkeypatch.context() as patch:
            patch.setattr(EmbeddedAdapter, "send", sent)
            patch.setattr(transport, "Settings", settings)
            ran = project.run("apply", "--auto-approve", "--allow", "foreign_content:pictures/s")
        assert self.seen, part
        return ran


@pytest.fixture
def way(monkeypatch: pytest.MonkeyPatch) -> Transport:
    """The way to the lake."""
    return Transport(monkeypatch)


def body(answer: Response, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the JSON of an answer."""
    content = json.loads(answer.content)
    change(content)
    answer._content = json.dumps(content).encode()


def miscounted(_request: PreparedRequest, answer: Response) -> None:
    """State one row more than there are."""
    body(answer, lambda told: told.__setitem__("total", told["total"] + 1))


def uneven(_request: PreparedRequest, answer: Response) -> None:
    """Leave out an entry of one column."""
    body(answer, lambda told: next(one for one in told.values() if isinstance(one, list) and one).pop())


def cut(_request: PreparedRequest, answer: Response) -> None:
    """Let the connection break in the middle of the body."""
    raise exceptions.ChunkedEncodingError("cut")


def halved(_request: PreparedRequest, answer: Response) -> None:
    """Send half of the JSON as if it were all."""
    answer._content = answer.content[: len(answer.content) // 2]


def endless(_request: PreparedRequest, answer: Response) -> None:
    """Tell of a page that never comes."""
    body(answer, lambda told: told.__setitem__("next", ""))


@pytest.mark.parametrize(
    ("part", "tamper"),
    [
        *(("pictures/lookup", one) for one in (miscounted, uneven, cut, halved)),
        *(("versions/members", one) for one in (miscounted, cut, halved, endless)),
        *(("annotations/lookup", one) for one in (miscounted, uneven, cut, halved, endless)),
        *(("owners/lookup", one) for one in (cut, halved)),
        *(("pictures/holders", one) for one in (cut, halved)),
    ],
)
def test_a_listing_that_does_not_add_up_deletes_nothing(
    pruning: Project, state_of: Callable[[Project], dict[str, Any]], way: Transport, part: str, tamper: Tamper
) -> None:
    with pruning.client() as client:
        (info,) = client.reader.datasets(["D"])
    _add_a_strange_picture(pruning, info.versions[0].dataset_id)  # so that the members are listed, not known by digest
    before = state_of(pruning)
    ran = way.tampered(pruning, part, tamper)
    assert ran.code == 69, ran.out + ran.err
    assert state_of(pruning) == before


def _add_a_strange_picture(project: Project, dataset_id: str) -> None:
    path = project.picture("elsewhere/x.png", (200, 1, 1))
    with Client(host="embedded", data_dir=project.folder / ".picsellia") as client:
        client.datalake.picture.upload(str(path), tags=["strange"])
        client.writer.add_pictures(dataset_id, list(client.writer.picture_ids(["x.png"]).values()))


def refused(_request: PreparedRequest, answer: Response) -> None:
    """Say no."""
    answer.status_code = 400
    answer._content = b'{"error": "no"}'


MORE = NETWORK.replace("{name: n}", "{name: more}")


@pytest.mark.parametrize("part", ["pictures/batch", "label/", "network/"])
def test_a_part_that_is_refused_leaves_every_delete_undone(
    pruning: Project, state_of: Callable[[Project], dict[str, Any]], way: Transport, part: str
) -> None:
    pruning.picture("pictures/p9.png", (1, 9, 9))
    pruning.write("more.yaml", MORE)
    before = state_of(pruning)
    ran = way.tampered(pruning, part, refused)
    assert ran.code == 3, ran.out + ran.err
    assert "nothing is deleted unless everything else succeeded" in ran.out + ran.err
    after = state_of(pruning)
    assert before["pictures"].keys() <= after["pictures"].keys()
    assert before["networks"].keys() <= after["networks"].keys()
    assert ("car", "rectangle") in after["datasets"]["D"]["versions"]["first"][1]
    assert all("extra" in tags for name, (_, tags) in after["pictures"].items() if name in before["pictures"])


def test_it_all_goes_when_nobody_tampers(pruning: Project, state_of: Callable[[Project], dict[str, Any]]) -> None:
    pruning.apply()
    after = state_of(pruning)
    assert (after["pictures"].keys(), set(after["networks"])) == ({"p0.png", "p1.png"}, {"n"})
    assert after["datasets"]["D"]["versions"]["first"][1] == [("bus", "rectangle")]
    assert pruning.plan()["operations"] == []
