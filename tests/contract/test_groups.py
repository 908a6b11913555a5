"""Requests answered as one group: each gets the answer it would have got alone, and they share what they cost."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from werkzeug.wrappers import Response

from picsellia_apply.lake import Lake, open_lake
from picsellia_apply.lake.app import Asked
from picsellia_apply.lake.call import Limits
from picsellia_apply.lake.lane import Lane
from picsellia_apply.lake.service import claim, storage
from tests.contract.platforms import Api, Reply, form, in_process, over_http, served

Sent = tuple[str, str, Mapping[str, str], bytes]
"""Method, raw path, headers, body."""


def environ_of(sent: Sent) -> dict[str, Any]:
    method, path, headers, body = sent
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "lake.test",
        "SERVER_PORT": "80",
        "HTTP_HOST": "lake.test",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
    }
    for name, value in headers.items():
        environ["CONTENT_TYPE" if name == "Content-Type" else f"HTTP_{name.upper()}"] = value
    return environ


def asked(lake: Lake, sent: Sent) -> Asked:
    found = lake.wsgi.grouped(environ_of(sent), len(sent[3]))
    assert found is not None
    return found


def at_once(lake: Lake, requests: Sequence[Sent], *, alone: int = 0) -> list[Reply]:
    """Send requests as one group, of which `alone` are expected to be answered by themselves after all."""
    respond, apart = lake.wsgi.respond, []

    def watched(environ: dict[str, Any]) -> Response:
        apart.append(environ)
        return respond(environ)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(lake.wsgi, "respond", watched)
        answers = lake.wsgi.respond_all([asked(lake, one) for one in requests])
    assert len(apart) == alone
    return [Reply(one.status_code, dict(one.headers), one.get_data()) for one in answers]


def one_by_one(lake: Lake, requests: Sequence[Sent]) -> list[Reply]:
    answers = [lake.wsgi.respond(environ_of(one)) for one in requests]
    return [Reply(one.status_code, dict(one.headers), one.get_data()) for one in answers]


@dataclass(frozen=True)
class World:
    """A lake with two users, in organizations of their own."""

    folder: Path
    lake: Lake
    ann: Api
    bob: Api

    def prepare(self, key: str, *, model: bool = False) -> Sent:
        body = msgspec.json.encode({"method": "post", "object_name": key, "bucket_model": model})
        return "POST", "/sdk/v2/generate_presigned_url", self.header(self.ann), body

    def form(self, key: str, data: bytes) -> Sent:
        asked = {"method": "post", "object_name": key, "bucket_model": False}
        url = self.ann.ok("POST", "generate_presigned_url", asked)["url"]
        body, headers = form(url["fields"], data)
        return "POST", "/sdk/v2/storage", headers, body

    def claim(self, key: str, name: str, api: Api | None = None, **changed: object) -> Sent:
        stated = {"internal_key": key, "external_url": name, "height": 3, "width": 4, "tags": ["b", "a"], **changed}
        return "PUT", "/sdk/v2/picture/upload/none", self.header(api or self.ann), msgspec.json.encode(stated)

    def header(self, api: Api) -> dict[str, str]:
        return {"Authorization": f"Token {api.token}"}

    def listed(self) -> dict[str, Any]:
        """Return name -> what the lake says of a picture, ids and days aside."""
        kept = ("internal_key", "height", "width", "tag", "source")
        found = self.ann.ok("GET", "datalake/none")["pictures"]
        return {one["external_url"]: tuple(str(one[key]) for key in kept) for one in found}

    def read(self, key: str) -> bytes:
        url = self.ann.ok("POST", "generate_presigned_url", {"method": "get", "object_name": key})["url"]
        return self.ann.url("GET", url).raw

    def blobs(self) -> list[bytes]:
        """Return the content of every blob."""
        files = [path for path in (self.folder / "objects").rglob("*") if path.is_file()]
        return [path.read_bytes() for path in files if path.name != "lock"]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[], World]]:
    worlds: list[World] = []

    def world() -> World:
        folder = tmp_path / f"lake-{len(worlds)}"
        lake = open_lake(folder)
        apis = [Api(in_process(lake), lake.bootstrap(name, f"of {name}"), "none", "none") for name in ("ann", "bob")]
        worlds.append(World(folder, lake, *apis))
        return worlds[-1]

    yield world
    for one in worlds:
        one.lake.close()


def test_only_what_can_be_is_grouped(make: Callable[[], World]) -> None:
    world = make()
    assert world.lake.wsgi.grouped(environ_of(("GET", "/sdk/v2/ping", {}, b"")), 0) is None
    assert world.lake.wsgi.grouped(environ_of(("PUT", "/sdk/v2/nothing", {}, b"")), 0) is None
    assert world.lake.wsgi.grouped(environ_of(world.prepare("a")), Limits().large + 1) is None


def test_forms_of_a_group_share_a_blob(make: Callable[[], World]) -> None:
    world = make()
    forms = [world.form("a.jpg", b"bytes of a"), world.form("b.jpg", b"b"), world.form("c.jpg", b"the third")]
    assert [one.status for one in at_once(world.lake, forms)] == [204] * 3
    assert world.blobs() == [b"bytes of ab" + b"the third"]
    assert [world.read(key) for key in ("a.jpg", "b.jpg", "c.jpg")] == [b"bytes of a", b"b", b"the third"]
    claims = [world.claim("b.jpg", "b"), world.claim("a.jpg", "a"), world.claim("c.jpg", "c")]
    assert [one.status for one in at_once(world.lake, claims)] == [201] * 3
    assert [world.read(key) for key in ("a.jpg", "b.jpg", "c.jpg")] == [b"bytes of a", b"b", b"the third"]


def test_a_picture_deleted_is_erased_and_its_neighbours_stay(make: Callable[[], World]) -> None:
    world = make()
    at_once(world.lake, [world.form("a.jpg", b"a face"), world.form("b.jpg", b"a house")])
    (picture, _) = at_once(world.lake, [world.claim("a.jpg", "a"), world.claim("b.jpg", "b")])
    world.ann.ok("POST", "datalake/delete/none", {"to_delete": [picture.body["picture"]["picture_id"]]})
    assert world.blobs() == [bytes(6) + b"a house"]
    assert world.read("b.jpg") == b"a house"


def test_an_object_replaced_or_refused_leaves_no_bytes(make: Callable[[], World]) -> None:
    world = make()
    at_once(world.lake, [world.form("taken.jpg", b"picture")])
    again = world.form("taken.jpg", b"another")
    at_once(world.lake, [world.claim("taken.jpg", "taken")])
    sent = [world.form("a.jpg", b"first"), again, world.form("a.jpg", b"second")]
    assert [one.status for one in at_once(world.lake, sent)] == [204, 403, 204]
    assert world.read("a.jpg") == b"second"
    assert sorted(world.blobs()) == [bytes(5) + bytes(7) + b"second", b"picture"]


def test_a_form_that_breaks_spoils_nothing(make: Callable[[], World]) -> None:
    world = make()
    method, path, headers, body = world.form("broken.jpg", b"x" * 100)
    sent = [
        world.form("a.jpg", b"aaa"),
        (method, path, headers, body[:-60]),
        (method, path, {}, body),
        (method, path, headers, body.replace(b"broken.jpg", b"forged.jpg")),
        world.form("b.jpg", b"bbb"),
    ]
    assert [one.status for one in at_once(world.lake, sent)] == [204, 400, 400, 403, 204]
    assert world.blobs() == [b"aaabbb"]
    assert [world.read(key) for key in ("a.jpg", "b.jpg")] == [b"aaa", b"bbb"]


def test_forms_that_are_all_refused_leave_nothing(make: Callable[[], World]) -> None:
    world = make()
    method, path, headers, body = world.form("a.jpg", b"x")
    sent = [(method, path, headers, body[:-40]), (method, path, headers, body.replace(b"a.jpg", b"b.jpg"))]
    assert [one.status for one in at_once(world.lake, sent)] == [400, 403]
    assert world.blobs() == []


def _stories(world: World) -> list[Sent]:
    """Return claims of every outcome, after their objects were uploaded."""
    keys = ("a", "b", "c", "d", "e", "f", "g", "old")
    at_once(world.lake, [world.form(f"{key}.jpg", key.encode()) for key in keys])
    at_once(world.lake, [world.form("empty.jpg", b"")])
    at_once(world.lake, [world.claim("old.jpg", "old")])
    method, path, headers, _ = world.claim("x.jpg", "x")
    return [
        world.claim("a.jpg", "a"),
        world.claim("b.jpg", "a"),
        world.claim("c.jpg", "old"),
        world.claim("a.jpg", "again"),
        world.claim("nowhere.jpg", "nowhere"),
        world.claim("empty.jpg", "empty"),
        world.claim("d.jpg", "d", height=0),
        world.claim("d.jpg", "a\0b"),
        world.claim("d.jpg", "d", tags=["\n"]),
        world.claim("d.jpg", "d", tags=[], source="somewhere"),
        world.claim("e.jpg", "e", api=world.bob),
        (method, path, headers, b'{"internal_key": 1}'),
        (method, path, headers, b"\xff"),
        (method, path, {"Authorization": "Token nobody's"}, b"{}"),
        (method, path, {}, b"{}"),
        (method, "/sdk/v2/picture/upload/of%20bob", headers, world.claim("f.jpg", "f")[3]),
        (method, "/sdk/v2/picture/upload/nobody", headers, world.claim("f.jpg", "f")[3]),
        (method, "/sdk/v2/picture/upload/of%20ann", headers, world.claim("g.jpg", "g")[3]),
    ]


def _told(reply: Reply) -> tuple[int, object]:
    """Return a reply without what differs between any two lakes."""
    body = dict(reply.body)
    if isinstance(body.get("picture"), dict):
        body["picture"] = {**body["picture"], "picture_id": "", "creation_date": ""}
    return reply.status, body


def test_each_of_a_group_is_answered_as_if_it_came_alone(make: Callable[[], World]) -> None:
    together, apart = make(), make()
    answers = at_once(together.lake, _stories(together))
    assert [_told(one) for one in answers] == [_told(one) for one in one_by_one(apart.lake, _stories(apart))]
    statuses = [201, 208, 208, 404, 404, 400, 400, 400, 400, 201, 404, 400, 400, 401, 401, 403, 404, 201]
    assert [one.status for one in answers] == statuses
    assert together.listed() == apart.listed()
    assert together.listed()["a"] == ("a.jpg", "3", "4", "['a', 'b']", "sdk")
    assert sorted(together.listed()) == ["a", "d", "g", "old"]
    for world in (together, apart):
        for orphan in ("b.jpg", "c.jpg"):
            assert (
                world.ann.send("POST", "generate_presigned_url", {"method": "get", "object_name": orphan}).status == 404
            )


def test_preparing_in_a_group(make: Callable[[], World]) -> None:
    world = make()
    model = world.ann.ok("POST", "network/none", {"name": "n", "type": "t"})["model_id"]
    sent = [
        world.prepare("a.jpg"),
        world.prepare("../a"),
        world.prepare(f"{model}/f", model=True),
        world.prepare("f", model=True),
        ("POST", "/sdk/v2/generate_presigned_url", {"Authorization": "Token no"}, b"{}"),
    ]
    answers = at_once(world.lake, sent)
    assert [one.status for one in answers] == [200, 400, 200, 404, 401]
    assert answers[4].headers["WWW-Authenticate"] == "Token"
    assert [answers[row].body["url"]["fields"]["key"] for row in (0, 2)] == ["a.jpg", f"{model}/f"]


@pytest.mark.parametrize("step", ["claim", "form"])
def test_what_stops_a_whole_group_is_told_to_the_one_it_belongs_to(
    make: Callable[[], World], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    world = make()
    forms = [world.form(key, key.encode()) for key in ("a.jpg", "poison.jpg", "b.jpg")]
    module, name = (claim, "claim_all") if step == "claim" else (storage, "put_all")
    original = getattr(module, name)

    def poisoned(*args: Any) -> Any:
        if "poison.jpg" in repr(args):
            raise ValueError("a fault of the lake")
        return original(*args)

    if step == "claim":
        at_once(world.lake, forms)
    monkeypatch.setattr(module, name, poisoned)
    claims = [world.claim(key, key) for key in ("a.jpg", "poison.jpg", "b.jpg")]
    answers = at_once(world.lake, claims if step == "claim" else forms, alone=3)
    good = 201 if step == "claim" else 204
    assert [one.status for one in answers] == [good, 500, good]
    assert [world.read(key) for key in ("a.jpg", "b.jpg")] == [b"a.jpg", b"b.jpg"]


def test_many_pictures_sent_at_once_over_http(tmp_path: Path) -> None:
    with open_lake(tmp_path / "lake", embedded=True) as lake, served(lake) as address, ThreadPoolExecutor(16) as pool:
        api = Api(over_http(address), None, "local", "none")

        def send(number: int) -> int:
            key = f"{number}.jpg"
            asked = {"method": "post", "object_name": key, "bucket_model": False}
            url = api.ok("POST", "generate_presigned_url", asked)["url"]
            body, headers = form(url["fields"], b"%d" % number * (1 if number % 8 else 30_000))
            assert api.url("POST", url["url"], raw=body, headers=headers).status == 204
            stated = {"internal_key": key, "external_url": f"p{number % 40}", "height": 1, "width": 1, "tags": ["t"]}
            return api.send("PUT", "picture/upload/none", stated).status

        statuses = list(pool.map(send, range(48)))
        assert (statuses.count(201), statuses.count(208)) == (40, 8)
        pictures = api.ok("POST", "datalake/search/none", {"tags": ["t"], "quantity": 1})["pictures"]
        assert len(pictures) == 40
        for one in pictures:
            asked = {"method": "get", "object_name": one["internal_key"]}
            number = int(one["internal_key"].split(".")[0])
            raw = api.url("GET", api.ok("POST", "generate_presigned_url", asked)["url"]).raw
            assert raw == b"%d" % number * (1 if number % 8 else 30_000)


def test_what_comes_while_a_group_is_answered_goes_as_one_group() -> None:
    groups: list[Sequence[int]] = []
    held, begun = threading.Event(), threading.Event()

    def answer(group: Sequence[int]) -> list[str]:
        groups.append(list(group))
        begun.set()
        assert held.wait(30)
        return [str(one) for one in group]

    async def run() -> list[str]:
        with ThreadPoolExecutor(4) as pool:
            lane = Lane(answer, pool)
            first = asyncio.create_task(lane.ask(1))
            await asyncio.get_running_loop().run_in_executor(None, begun.wait, 30)
            others = [asyncio.create_task(lane.ask(number)) for number in (2, 3, 4)]
            await asyncio.sleep(0)
            held.set()
            return await asyncio.gather(first, *others)

    assert asyncio.run(run()) == ["1", "2", "3", "4"]
    assert groups == [[1], [2, 3, 4]]


def test_a_group_that_fails_fails_alone() -> None:
    def answer(group: Sequence[int]) -> list[int]:
        if 0 in group:
            raise ZeroDivisionError
        return list(group)

    async def run() -> int:
        with ThreadPoolExecutor(1) as pool:
            lane = Lane(answer, pool)
            failed = await asyncio.gather(lane.ask(0), lane.ask(1), return_exceptions=True)
            assert [type(one) for one in failed] == [ZeroDivisionError] * 2
            return await lane.ask(5)

    assert asyncio.run(run()) == 5
