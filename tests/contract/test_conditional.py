"""Writes under a condition: what somebody changed since it was looked at is neither deleted nor overwritten."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest

from tests.contract.platforms import Api, Reply, box, form

Write = Callable[[Api, str], object]


def post(api: Api, path: str, body: Any) -> Reply:
    return api.send("POST", f"ext/{api.organization_id}/{path}", body)


def holdings(api: Api, *names: str) -> Any:
    return api.ext("pictures/holdings", {"names": list(names)})


def annotate(api: Api, version: str, picture: str = "a.jpg") -> None:
    api.ok("PUT", f"annotation/new/{version}/{picture}", {"data": [box()]})


def names_of(api: Api) -> list[str]:
    return sorted(one["external_url"] for one in api.ok("GET", "datalake/none")["pictures"])


def store(api: Api, network: str, name: str = "f", content: bytes = b"file", *, model: bool = True) -> None:
    asked = {"method": "post", "object_name": f"{network}/{name}", "bucket_model": model}
    url = api.ok("POST", "generate_presigned_url", asked)["url"]
    body, headers = form(url["fields"], content)
    assert api.url("POST", url["url"], raw=body, headers=headers).status == 204


def network(api: Api) -> str:
    return str(api.ok("POST", "network/none", {"name": "n", "type": "t"})["model_id"])


def test_holdings_tell_what_would_go_along_as_of_one_moment(api: Api) -> None:
    ids = api.upload(("b.jpg", b"bbb"), ("a.jpg", b"aaa"), tags=["seen"]) + api.upload(("c.jpg", b"ccc"))
    first, second = api.version("d", "first", ids[:2]), api.version("d", "second", ids[:1])
    annotate(api, first)
    annotate(api, second, "b.jpg")
    annotate(api, second, "b.jpg")
    found = holdings(api, "a.jpg", "b.jpg", "c.jpg", "unknown.jpg")
    assert found["names"] == ["a.jpg", "b.jpg", "c.jpg"]
    assert found["tags"] == {"seen": [0, 1]}
    assert found["picture_ids"] == [ids[1], ids[0], ids[2]]
    assert [len(one) for one in found["sha256"]] == [64, 64, 64]
    assert len(set(found["etags"])) == 3
    assert (found["datasets"], found["versions"]) == (["d", "d"], ["first", "second"])
    assert found["members"] == [[0, 1], [1]]
    assert found["objects"] == [[1, 0], [2]]
    digests = api.ext("annotations/lookup", {"dataset_id": first})["digests"]
    assert found["digests"][0] == [*digests, ""]


def test_a_picture_is_deleted_only_as_it_was_looked_at_and_the_others_go(api: Api) -> None:
    ids = api.upload(("a.jpg", b"aaa"), ("b.jpg", b"bbb"))
    version = api.version("d", "first", ids)
    found = holdings(api, "a.jpg", "b.jpg")
    annotate(api, version)
    asked = {"pictures": found["picture_ids"], "expect": found["etags"]}
    assert api.ext("pictures/delete", asked) == {"removed": 1, "changed": [ids[0]]}
    assert names_of(api) == ["a.jpg"]
    assert api.ext("pictures/delete", asked) == {"removed": 0, "changed": [ids[0]]}
    again = holdings(api, "a.jpg")
    assert api.ext("pictures/delete", {"pictures": ids[:1], "expect": again["etags"]}) == {"removed": 1, "changed": []}
    assert names_of(api) == []


@pytest.mark.parametrize(
    "write",
    [
        lambda api, version, _: annotate(api, version, "b.jpg"),
        lambda api, _, ids: api.version("e", "first", [ids[1]]),
        lambda api, _, ids: api.ok("POST", "datalake/tag/none", {"tags": ["theirs"], "to_tag": [ids[1]]}),
        lambda api, version, _: api.ok("DELETE", f"annotation/{version}/a.jpg"),
        lambda api, version, ids: api.ext("versions/remove", {"dataset_id": version, "pictures": [ids[0]]}),
    ],
)
def test_every_change_of_what_is_made_of_a_picture_keeps_it(api: Api, write: Callable[..., object]) -> None:
    ids = api.upload(("a.jpg", b"aaa"), ("b.jpg", b"bbb"))
    version = api.version("d", "first", ids)
    annotate(api, version)
    found = holdings(api, "a.jpg", "b.jpg")
    write(api, version, ids)
    told = api.ext("pictures/delete", {"pictures": found["picture_ids"], "expect": found["etags"]})
    assert len(told["changed"]) == 1


VERSION_WRITES: list[Write] = [
    annotate,
    lambda api, version: api.ok("PUT", f"label/{version}/car/rectangle"),
    lambda api, version: api.ok("POST", "dataset/none", {"pictures": api.upload(("b.jpg", b"b")), "pk": version}),
    lambda api, _: api.ext("datasets/patch", {"name": "d", "description": "theirs"}),
]


@pytest.mark.parametrize("write", VERSION_WRITES)
def test_a_version_is_deleted_only_as_it_was_looked_at(api: Api, write: Write) -> None:
    version = api.version("d", "first", api.upload(("a.jpg", b"aaa")))
    asked = {"dataset_id": version, "expect": api.ext("versions/state", {"dataset_id": version})["etag"]}
    write(api, version)
    assert post(api, "versions/delete", asked).status == 412
    assert len(api.ext("datasets/lookup", {"names": ["d"]})["datasets"]) == 1
    asked["expect"] = api.ext("versions/state", {"dataset_id": version})["etag"]
    assert api.ext("versions/delete", asked) == {"removed": 1}
    assert api.ext("datasets/lookup", {"names": ["d"]})["datasets"] == []
    assert post(api, "versions/delete", asked).status == 404


NETWORK_WRITES: list[Write] = [
    store,
    lambda api, one: store(api, one, "thumb.png", model=False),
    lambda api, one: api.ok("PATCH", f"network/none/{one}", {"description": "theirs"}),
    lambda api, one: api.ok("PATCH", f"network/none/{one}", {"files": {"theirs": f"{one}/f"}}),
]


@pytest.mark.parametrize("write", NETWORK_WRITES)
def test_a_network_is_deleted_and_changed_only_as_it_was_looked_at(api: Api, write: Write) -> None:
    one = network(api)
    before = api.ext("networks/state", {"model_id": one})["etag"]
    write(api, one)
    assert post(api, "networks/delete", {"model_id": one, "expect": before}).status == 412
    change = {"model_id": one, "expect": before, "fields": {"readme_text": "ours"}}
    assert post(api, "networks/patch", change).status == 412
    assert api.ok("GET", f"network/none/{one}")["readme_text"] == ""
    now = api.ext("networks/state", {"model_id": one})["etag"]
    assert api.ext("networks/patch", {**change, "expect": now}) == {"updated": 1}
    assert api.ext("networks/patch", change) == {"updated": 1}  # a lost answer: it is so already
    assert api.ok("GET", f"network/none/{one}")["readme_text"] == "ours"
    now = api.ext("networks/state", {"model_id": one})["etag"]
    assert api.ext("networks/delete", {"model_id": one, "expect": now}) == {"removed": 1}
    assert post(api, "networks/state", {"model_id": one}).status == 404


def test_the_bytes_of_a_network_file_count(api: Api) -> None:
    one = network(api)
    store(api, one)
    before = api.ext("networks/state", {"model_id": one})["etag"]
    store(api, one, content=b"others")
    assert post(api, "networks/delete", {"model_id": one, "expect": before}).status == 412


def test_pictures_leave_a_version_only_with_the_expected_annotation(api: Api) -> None:
    ids = api.upload(("a.jpg", b"aaa"), ("b.jpg", b"bbb"), ("c.jpg", b"ccc"))
    version = api.version("d", "first", ids[:2])
    annotate(api, version)
    digests = api.ext("annotations/lookup", {"dataset_id": version})["digests"]
    asked = {"dataset_id": version, "pictures": ids, "expect": ["", "", ""]}
    assert api.ext("versions/remove", asked) == {"removed": 1, "changed": [ids[0]]}
    asked["expect"] = [*digests, "", ""]
    assert api.ext("versions/remove", asked) == {"removed": 1, "changed": []}
    refused = post(api, "versions/remove", {**asked, "expect": []})
    assert (refused.status, refused.body["error"]) == (400, "`pictures` and `expect` are not of one length")


def test_a_dataset_keeps_what_somebody_wrote_into_it(api: Api) -> None:
    api.version("d", "first")
    ours = {"name": "d", "description": "ours", "expect": {"description": "", "private": True}}
    api.ext("datasets/patch", {"name": "d", "description": "theirs"})
    assert post(api, "datasets/patch", ours).status == 412
    (info,) = api.ext("datasets/lookup", {"names": ["d"]})["datasets"]
    assert info["description"] == "theirs"
    assert api.ext("datasets/patch", {**ours, "expect": {"description": "theirs"}}) == {"updated": 1}
    assert api.ext("datasets/patch", ours) == {"updated": 1}  # a lost answer: it is so already


def test_a_stranger_learns_and_changes_nothing(api: Api, stranger: Api) -> None:
    ids = api.upload(("a.jpg", b"aaa"))
    version, one = api.version("d", "first", ids), network(api)
    found = holdings(api, "a.jpg")
    assert holdings(stranger, "a.jpg")["names"] == []
    asked = {"pictures": ids, "expect": found["etags"]}
    assert stranger.ext("pictures/delete", asked) == {"removed": 0, "changed": []}
    etags = (
        api.ext("versions/state", {"dataset_id": version})["etag"],
        api.ext("networks/state", {"model_id": one})["etag"],
    )
    for path, body in (
        ("versions/state", {"dataset_id": version}),
        ("versions/delete", {"dataset_id": version, "expect": etags[0]}),
        ("versions/remove", {"dataset_id": version, "pictures": ids, "expect": [""]}),
        ("networks/state", {"model_id": one}),
        ("networks/patch", {"model_id": one, "expect": etags[1], "fields": {"description": "x"}}),
        ("networks/delete", {"model_id": one, "expect": etags[1]}),
    ):
        assert post(stranger, path, body).status == 404, path
        assert stranger.send("POST", f"ext/{api.organization_id}/{path}", body).status == 403, path
    assert names_of(api) == ["a.jpg"]


def test_columns_that_do_not_fit_delete_nothing(api: Api) -> None:
    ids = api.upload(("a.jpg", b"aaa"))
    assert post(api, "pictures/delete", {"pictures": ids, "expect": []}).status == 400
    assert post(api, "pictures/delete", {"pictures": ids}).status == 400
    many = [str(uuid4()) for _ in range(10_001)]
    assert post(api, "pictures/delete", {"pictures": many, "expect": many}).status == 400
    twice = {"pictures": [ids[0], ids[0]], "expect": [holdings(api, "a.jpg")["etags"][0], "another"]}
    assert api.ext("pictures/delete", twice)["removed"] == 0
    assert names_of(api) == ["a.jpg"]


@pytest.mark.parametrize("transport", ["http"], indirect=True)
def test_of_a_delete_and_an_annotation_at_once_one_wins_and_nothing_is_lost(api: Api) -> None:
    """Two connections, many rounds: whoever annotates with success finds the annotation, or the picture was gone."""
    outcomes = set()
    for number in range(25):
        name = f"{number}.jpg"
        (picture,) = api.upload((name, name.encode()))
        version = api.version(f"d{number}", "first", [picture])
        etags = holdings(api, name)["etags"]
        at_once = Barrier(2)

        def delete(picture: str = picture, etags: Any = etags, at_once: Barrier = at_once) -> Any:
            at_once.wait()
            return api.ext("pictures/delete", {"pictures": [picture], "expect": etags})

        def draw(version: str = version, name: str = name, at_once: Barrier = at_once) -> int:
            at_once.wait()
            return api.send("PUT", f"annotation/new/{version}/{name}", {"data": [box()]}).status

        with ThreadPoolExecutor(2) as pool:
            deleted, drawn = pool.submit(delete), pool.submit(draw)
            outcome = (deleted.result()["removed"], drawn.result())
        outcomes.add(outcome)
        assert outcome in {(1, 404), (0, 201)}
        entries = api.ok("GET", f"annotation/{version}")["annotations"]
        assert len(entries) == (outcome == (0, 201))
    assert outcomes


@pytest.mark.parametrize("transport", ["http"], indirect=True)
def test_of_two_conditional_changes_of_a_network_at_once_one_wins(api: Api) -> None:
    one = network(api)
    before = api.ext("networks/state", {"model_id": one})["etag"]
    at_once = Barrier(4)

    def change(number: int) -> int:
        at_once.wait()
        fields = {"files": {str(number): f"{one}/f"}}
        return post(api, "networks/patch", {"model_id": one, "expect": before, "fields": fields}).status

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(change, range(4))) == [200, 412, 412, 412]
    assert len(api.ok("GET", f"network/none/{one}")["files"]) == 1
