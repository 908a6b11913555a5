"""`client.datalake.picture`: rows R11 to R19."""

from __future__ import annotations

from pathlib import Path

import pytest

from picsellia_apply import errors
from picsellia_apply.client import Client
from tests.sdk.documented import Photo, names, parameters


def test_r11_upload_one(client: Client, photo: Photo) -> None:
    assert parameters(client.datalake.picture.upload) == [("filepath", None), ("tags", []), ("source", "sdk")]
    (outcome,) = client.datalake.picture.upload(str(photo("a.png")), tags="drone")
    assert (outcome.name, outcome.status) == ("a.png", "created")
    assert client.datalake.picture.list()["pictures"][0].tag == ["drone"]
    with pytest.raises(errors.TyperError):
        client.datalake.picture.upload()


def test_r12_upload_many_reports_every_file(client: Client, photo: Photo, tmp_path: Path, platform: str) -> None:
    text = tmp_path / "photos" / "notes.png"
    good = photo("a.png")
    text.write_text("no picture")
    twin = photo("a.png", "blue", "elsewhere")
    with pytest.raises(errors.TransferError) as caught:
        client.datalake.picture.upload([text, tmp_path / "gone.png", good, twin])
    assert set(caught.value.failures) == {str(text), str(tmp_path / "gone.png"), str(twin)}
    assert names(client.datalake.picture.list()["pictures"]) == ["a.png"]
    told = "does not tell" if platform == "plain" else "other bytes"  # SDK v2 shows no digest
    with pytest.raises(errors.TransferError, match=told) as caught:
        client.datalake.picture.upload(twin)
    assert set(caught.value.failures) == {str(twin)}
    if platform != "plain":
        assert [one.status for one in client.datalake.picture.upload([good])] == ["same"]


def test_r13_the_source_is_kept(client: Client, photo: Photo) -> None:
    client.datalake.picture.upload(photo("a.png"), source="drone-7")
    client.datalake.picture.upload(photo("b.png", "blue"))
    listed = client.datalake.picture.list()["pictures"]
    assert [(one.external_url, one.source) for one in listed] == [("a.png", "drone-7"), ("b.png", "sdk")]
    client.datalake.dataset.create("all", pictures=listed)
    assert [one["source"] for one in client.datalake.dataset.list_pictures()] == ["drone-7", "sdk"]


def test_r14_list(lake: Client) -> None:
    answer = lake.datalake.picture.list()
    assert list(answer) == ["pictures"]
    assert names(answer["pictures"]) == ["a.png", "b.png", "c.png"]
    keys = {"picture_id", "internal_key", "external_url", "creation_date", "height", "width", "tag"}
    assert all(set(picture) == keys for picture in answer["pictures"])
    assert lake.datalake.picture.selection.pictures == answer["pictures"]
    assert (answer["pictures"][0].width, answer["pictures"][0]["height"]) == (8, 6)


def test_r15_fetch(lake: Client) -> None:
    picture = lake.datalake.picture
    assert [name for name, _ in parameters(picture.fetch)] == ["quantity", "tags"]
    assert names(picture.fetch(quantity=1, tags=["drone", "coco"])) == ["c.png"]
    assert len(picture.fetch(tags=["drone"])) == 3
    assert len(picture.fetch(6, ["drone"])) == 3
    assert [len(picture.fetch(share, ["drone"])) for share in (0.1, 1 / 3, 0.5, 2 / 3, 0.9, 1)] == [1, 1, 2, 2, 3, 3]
    assert picture.fetch(0.5, ["drone"]) == picture.fetch(0.5, ["drone"])
    assert picture.fetch(tags=["nobody"]) == []
    for quantity, tags in ((1, []), (0, ["drone"]), (float("nan"), ["drone"])):
        with pytest.raises(errors.TyperError):
            picture.fetch(quantity, tags)


def test_r16_status(lake: Client, capsys: pytest.CaptureFixture[str]) -> None:
    lake.datalake.picture.fetch(1, ["drone"])
    lake.datalake.picture.status()
    assert capsys.readouterr().out == "Number of Assets selected : 3\n"


def test_r17_delete(lake: Client) -> None:
    picture = lake.datalake.picture
    with Client.Datalake.Picture() as alone, pytest.raises(errors.TyperError):
        alone.delete()
    picture.fetch(1, ["coco"])
    picture.delete([])
    picture.delete()
    assert names(picture.list()["pictures"]) == ["a.png", "b.png"]
    picture.delete(pictures=[picture.list()["pictures"][0]])
    assert names(picture.selection.pictures) == ["b.png"]
    assert names(picture.list()["pictures"]) == ["b.png"]


def test_r18_add_tags(lake: Client) -> None:
    picture = lake.datalake.picture
    picture.fetch(1, ["coco"])
    for _ in range(2):
        picture.add_tags(tags=["new"])
    picture.add_tags(picture.list(), ["all"])
    picture.add_tags(picture.list()["pictures"][0]["picture_id"], "single")
    picture.add_tags(pictures=[], tags=["nobody"])
    assert names(picture.fetch(1, ["new"])) == ["c.png"]
    assert len(picture.fetch(1, ["all"])) == 3
    assert names(picture.fetch(1, ["single"])) == ["a.png"]
    assert picture.fetch(1, ["nobody"]) == []
    with pytest.raises(errors.TyperError):
        picture.add_tags(picture.list())


def test_r19_remove_tags(lake: Client) -> None:
    picture = lake.datalake.picture
    picture.fetch(1, ["coco"])
    for _ in range(2):
        picture.remove_tags(tags=["drone"])
    picture.remove_tags(pictures=[], tags=["drone"])
    assert names(picture.fetch(1, ["drone"])) == ["a.png", "b.png"]
