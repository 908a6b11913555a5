"""The values that the SDK returns behave as the documented dicts."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from picsellia_apply.client.objects import Dataset, Network, Picture
from picsellia_apply.errors import ProcessingError

PICTURE = {
    "picture_id": "25d76bee-a6d3-43d7-8620-6ff18f7a5557",
    "internal_key": "15288614-bedb-4cab-97c1-23684cf9c761.jpg",
    "external_url": "GE_121.jpg",
    "creation_date": "2021-02-07",
    "height": 310,
    "width": 322,
    "tag": [],
}
DATASET = {
    "dataset_id": "9061846f-597a-47d6-9711-7f75671841a2",
    "dataset_name": "myDataset",
    "version": "first",
    "size": 128,
    "description": "",
    "private": True,
}


def test_a_value_is_its_dict() -> None:
    picture = Picture.of(PICTURE)
    assert picture == PICTURE
    assert PICTURE == picture  # noqa: SIM300 - both directions count
    assert [picture] == [PICTURE]
    assert (picture.width, picture["width"], picture.get("nothing", 1), "tag" in picture) == (322, 322, 1, True)
    assert json.loads(json.dumps(picture.to_dict())) == PICTURE
    assert repr(picture) == repr(PICTURE)
    assert type(picture.to_dict()) is dict
    assert "width" in dir(picture)
    with pytest.raises(AttributeError, match="no `colour`"):
        _ = picture.colour


def test_values_survive_copying_and_pickling() -> None:
    picture = Picture.of(PICTURE)
    assert copy.deepcopy(picture) == picture
    assert pickle.loads(pickle.dumps(picture)) == picture  # noqa: S301 - our own
    assert isinstance(copy.copy(picture), Picture)


def test_a_dataset_stands_for_its_id_and_prints_as_documented() -> None:
    dataset = Dataset.of(DATASET)
    assert dataset == DATASET["dataset_id"]
    assert dataset == DATASET
    assert dataset != "another"
    assert dataset in {DATASET["dataset_id"]}
    assert json.loads(str(dataset)) == DATASET
    assert str(dataset).splitlines()[1].strip() == f'"dataset_id": "{DATASET["dataset_id"]}",'


@pytest.mark.parametrize("value", [None, [], "text", {"model_id": "x"}])
def test_what_is_no_network_is_refused(value: object) -> None:
    with pytest.raises(ProcessingError):
        Network.of(value)


def test_what_is_no_list_is_refused() -> None:
    with pytest.raises(ProcessingError):
        Picture.all_of(None)


def test_what_a_platform_adds_is_kept_beside_the_documented_keys() -> None:
    picture = Picture.of({**PICTURE, "source": "drone-7"})
    assert picture == PICTURE
    assert (picture.source, picture["source"]) == ("drone-7", "drone-7")
    assert "source" not in list(picture)
    assert "source" in dir(picture)
    assert copy.deepcopy(picture).source == "drone-7"
    assert pickle.loads(pickle.dumps(picture)).source == "drone-7"  # noqa: S301 - our own
    with pytest.raises(KeyError):
        _ = picture["colour"]
