"""Row R40: every code example of the SDK reference, typed in as it stands there.

What differs: the import (`picsellia_apply.client` for `picsellia.client`), line breaks inside a call, and names of
files, folders and variables that the reference leaves to its reader. Where it shows a signature rather than a call
(`datalake.upload(name: str=None, ...)`), the signature is compared.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from picsellia_apply.client import Client
from tests.sdk.documented import QUESTIONS, ROSE, Photo, objects_of, parameters

Run = Callable[..., dict[str, Any]]

CLIENT = """
from picsellia_apply.client import Client

api_token = 'YOUR_API_TOKEN'

clt = Client(api_token)
"""

DATALAKE = """
from picsellia_apply.client import Client

datalake = Client.Datalake(
api_token=None,
organization=None
)
"""

PICTURE = """
from picsellia_apply.client import Client

picture = Client.Datalake.Picture(
api_token=None,
organization=None
)
"""

FETCH = """
pictures.fetch(
quantity=1,
tags=["drone", "coco"],
)
"""

STATUS = "pictures.status()"

DELETE_PICTURES = """
pictures.delete(
pictures=None
)
"""

ADD_TAGS = """
pictures.add_tags(
pictures=[],
tags=["tag_to_add"]
)
"""

REMOVE_TAGS = """
pictures.remove_tags(
pictures=[],
tags=["tag_to_add"]
)
"""

DATASET = """
from picsellia_apply.client import Client

dataset = Client.Datalake.Dataset(
api_token=None,
organization=None
)
"""

FETCH_DATASET = """
dataset.fetch(
name="myDataset",
version="latest",
)
"""

PRINT_DATASET = """
dataset = dataset.fetch(name="myDataset",version="latest")
print(dataset)
"""

CREATE = """
dataset.create(
name="myDataset",
description='',
private=True,
pictures=[]
)
"""

NEW_VERSION = """
dataset.new_version(
name="myDataset",
version='newVersion',
from_version='latest',
pictures=[]
)
"""

ADD_DATA = """
dataset.add_data(
name="myDataset",
version='myVersion',
pictures=[]
)
"""

DELETE_DATASET = """
dataset.delete(
name="myDataset",
version='myVersion',
)
"""

CLASSIFICATION = """
data = [
{
"type": "classification",
"label": "car"
}
]
dataset.add_annotation("awsm_pic.jpg", True, data=data)
"""

DETECTION = """
data = [
{
"type": "rectangle",
"label": "car",
"rectangle": {
"top": 16,
"left": 10,
"width": 50,
"height": 60
}
}
]
dataset.add_annotation("awsm_pic.jpg", True, data=data)
"""

SEGMENTATION = """
data = [{
"type": "polygon",
"label" : "rose",
"polygon": {
"geometry": [
{
"x": 12,
"y": 15
},
{
"x": 178,
"y": 151
},
{
"x": 122,
"y": 196
},
{
"x": 112,
"y": 10
},
]
}
}
]
dataset.add_annotation("awsm_pic.jpg", True, data=data)
"""

QUESTIONS_AND_ANSWERS = """
data = [
{
"type": "polygon",
"label" : "rose",
"polygon": {
"geometry": [
{
"x": 12,
"y": 15
},
{
"x": 178,
"y": 151
},
{
"x": 122,
"y": 196
},
{
"x": 112,
"y": 10
},
],
},
"qa": [{
"type": "text",
"question": "What color ?",
"answer": "red"
},
{
"type": "mc",
"question": "What color ?",
"answer": ["red"],
"choices": ["red", "yellow", "blue"]
},
{
"type": "select",
"question": "Is it raining ?",
"answer": "yes",
"choices": ["yes", "no"]
},
{
"type": "range",
"question": "size ?",
"answer": 68,
"max": 100,
"min": 0
}]
}
]

image_qa = [
{
"type": "text",
"question": "How much is the image rotated ?",
"answer": "approx. 32 deg."
},
{
"type": "mc",
"question": "image attribute",
"answer": ["high contrast"],
"choices": ["high contrast", "saturated"]
},
{
"type": "select",
"question": "image color",
"answer": "blue",
"choices": ["red", "blue", "green"]
},
{
"type": "range",
"question": "brigthness",
"answer": 36,
"max": 100,
"min": 0
},
]
ds.add_annotation("awsm_pic.jpg", True, data=data, image_qa=image_qa)
"""

NETWORK = """
from picsellia_apply.client import Client

network = Client.Network(
api_token=None,
organization=None,
)
"""

LIST_NETWORKS = "network.list()"

BLOCK = """-------------
Dataset Name: {name}
Dataset Version: first
Nb Assets: {size}
-------------
"""


def run(code: str, **names: Any) -> dict[str, Any]:
    """Run an example where these names are known, and return all names afterwards; `_` is the last line's value."""
    statements = code.strip()
    scope = dict(names)
    try:
        compiled = compile(statements, "reference", "eval")
    except SyntaxError:
        exec(compile(statements, "reference", "exec"), scope)  # noqa: S102 - the examples stand above
    else:
        scope["_"] = eval(compiled, scope)  # noqa: S307 - likewise
    return scope


@pytest.fixture
def pictures(client: Client, photo: Photo) -> Any:
    """Return `client.datalake.picture` of a lake with three pictures of drone and coco, and another one."""
    wanted = [photo("awsm_pic.jpg"), photo("b.jpg", "green"), photo("c.jpg", "blue")]
    client.datalake.picture.upload(wanted, tags=["drone", "coco", "vizdrone"])
    client.datalake.picture.upload(photo("d.jpg", "white"))
    return client.datalake.picture


@pytest.fixture
def fetched(client: Client, pictures: Any) -> Any:
    """Return `client.datalake.dataset` after myDataset was made of the pictures fetched."""
    run(FETCH, pictures=pictures)
    run(CREATE, dataset=client.datalake.dataset)
    return client.datalake.dataset


def test_r40_client(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], platform: str) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    if platform == "http":
        token = os.environ["PICSELLIA_TOKEN"]
        clt = run(CLIENT.replace("YOUR_API_TOKEN", token))["clt"]
    else:
        clt = run(CLIENT)["clt"]
    with clt:
        assert capsys.readouterr().out == f"Hi {clt.username}, welcome back.\n"


@pytest.mark.parametrize(
    ("code", "name"), [(DATALAKE, "datalake"), (PICTURE, "picture"), (DATASET, "dataset"), (NETWORK, "network")]
)
def test_r40_the_parts_alone(code: str, name: str, platform: str) -> None:
    with run(code)[name] as part:
        assert part.connection.organization


def test_r40_signatures(client: Client) -> None:
    datalake, picture, dataset = client.datalake, client.datalake.picture, client.datalake.dataset
    upload = ["name", "version", "imgdir", "ann_path", "ann_format", "tags", "nb_jobs", "rectangle"]
    assert parameters(datalake.upload) == list(zip(upload, [None] * 5 + [[], 5, False], strict=True))
    assert parameters(picture.upload) == [("filepath", None), ("tags", []), ("source", "sdk")]
    assert parameters(dataset.create_labels) == [("name", None), ("ann_type", None)]
    assert parameters(dataset.list_pictures) == [("dataset_id", None)]
    assert parameters(dataset.download) == [("dataset", None), ("folder_name", None)]
    annotation: list[tuple[str, Any]] = [
        ("picture_external_url", None),
        ("dataset_id", None),
        ("data", {}),
        ("image_qa", {}),
    ]
    assert parameters(dataset.add_annotation) == annotation
    assert parameters(client.network.get) == [("identifier", None)]
    assert parameters(client.network.create) == [("name", None), ("type", None)]


def test_r40_list_pictures(pictures: Any) -> None:
    answer = run("picture.list()", picture=pictures)["_"]
    (first, *_) = answer["pictures"]
    text = repr(answer)
    assert text.startswith(f"{{'pictures': [{{'picture_id': '{first.picture_id}', 'internal_key': '")
    assert "'external_url': 'awsm_pic.jpg', 'creation_date': '" in text
    assert "'height': 6, 'width': 8, 'tag': ['coco', 'drone', 'vizdrone']}" in text


def test_r40_fetch_status_and_tags(pictures: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert [one.external_url for one in run(FETCH, pictures=pictures)["_"]] == ["awsm_pic.jpg", "b.jpg", "c.jpg"]
    run(STATUS, pictures=pictures)
    assert capsys.readouterr().out == "Number of Assets selected : 3\n"
    assert run(ADD_TAGS, pictures=pictures)["_"] is None
    assert run(REMOVE_TAGS, pictures=pictures)["_"] is None


def test_r40_delete_pictures(pictures: Any) -> None:
    run(FETCH, pictures=pictures)
    assert run(DELETE_PICTURES, pictures=pictures)["_"] is None
    assert [one.external_url for one in pictures.list()["pictures"]] == ["d.jpg"]


def test_r40_datasets(client: Client, fetched: Any, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(FETCH_DATASET, dataset=fetched)["_"]
    printed = run(PRINT_DATASET, dataset=fetched)["dataset"]
    out = capsys.readouterr().out
    keys = ["dataset_id", "dataset_name", "version", "size", "description", "private"]
    assert list(json.loads(out)) == keys
    assert out.startswith(f'{{\n    "dataset_id": "{found.dataset_id}",\n    "dataset_name": "myDataset",\n')
    assert printed == found
    assert found.size == 3
    client.datalake.dataset.create("VizDrone2017", pictures=client.datalake.picture.list())
    capsys.readouterr()
    run("dataset.list()", dataset=fetched)
    blocks = [BLOCK.format(name="VizDrone2017", size=4), BLOCK.format(name="myDataset", size=3)]
    assert capsys.readouterr().out in {"".join(blocks), "".join(reversed(blocks))}


def test_r40_versions(fetched: Any) -> None:
    run(NEW_VERSION, dataset=fetched)
    assert fetched.fetch("myDataset").version == "newVersion"
    fetched.new_version("myDataset", "myVersion", pictures=fetched.list_pictures())
    run(ADD_DATA, dataset=fetched)
    run(DELETE_DATASET, dataset=fetched)
    assert fetched.fetch("myDataset").version == "newVersion"


@pytest.mark.parametrize("code", [CLASSIFICATION, DETECTION, SEGMENTATION])
def test_r40_annotations(code: str, fetched: Any) -> None:
    data = run(code, dataset=fetched)["data"]
    assert objects_of(fetched, "awsm_pic.jpg") == data


def test_r40_questions_and_answers(fetched: Any) -> None:
    scope = run(QUESTIONS_AND_ANSWERS, ds=fetched)
    found = objects_of(fetched, "awsm_pic.jpg")
    assert {**ROSE, "qa": QUESTIONS} in found
    asked = [one["qa"] for one in found if one["type"] == "image_qa"]
    assert sorted(asked, key=lambda one: one["question"]) == sorted(scope["image_qa"], key=lambda one: one["question"])


def test_r40_networks(client: Client) -> None:
    made = client.network.create(name="efficientdet-d2", type="detection")
    listed = run(LIST_NETWORKS, network=client.network)["_"]
    assert listed == [made]
    assert repr(listed).startswith(f"[{{'organization': {{'name': '{client.organization}'}}, 'model_id': '")


def test_r40_nothing_is_left_out() -> None:
    """Every line of the examples above stands in the reference, where that is at hand."""
    reference = Path(__file__).parents[3] / "shared" / "SDK_REFERENCE.txt"
    if not reference.is_file():
        pytest.skip("the reference is not on this machine")
    known = {
        line.strip().replace("picsellia.client", "picsellia_apply.client")
        for line in reference.read_text().splitlines()
    }
    for name, code in list(globals().items()):
        if name.isupper() and isinstance(code, str) and name != "BLOCK":
            lines = [line.strip() for line in code.strip().splitlines() if line.strip()]
            assert [line for line in lines if line not in known] == [], name
