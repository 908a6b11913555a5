"""A text that no UTF-8 can carry: a typed error before anything is sent, wherever it stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from picsellia_apply.client import Client
from picsellia_apply.client.encoding import json_of
from picsellia_apply.errors import TransferError, TyperError

HALF = "a\ud800b"
CALLS: dict[str, Callable[[Client, Path], object]] = {
    "a property": lambda client, _: client.network.update(description=HALF),
    "a value below": lambda client, _: client.network.update(base_parameters={"a": [HALF]}),
    "a key below": lambda client, _: client.network.update(base_parameters={"a": {HALF: 1}}),
    "a label": lambda client, _: client.network.labels({1: HALF}),
    "a name": lambda client, _: client.network.create(HALF, "detection"),
    "a name in the URL": lambda client, _: client.network.get(HALF),
    "the name of a file": lambda client, file: client.network.store(HALF, file),
    "a tag that is asked for": lambda client, _: client.datalake.picture.fetch(tags=[HALF]),
}


@pytest.fixture
def client(tmp_path: Path) -> Client:
    client = Client(host="embedded", data_dir=tmp_path / "lake")
    client.network.create("n", "detection")
    return client


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_half_a_character_is_told_and_nothing_is_sent(
    client: Client, tmp_path: Path, call: Callable[[Client, Path], object]
) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "p.png")
    before = client.network.list()
    with pytest.raises(TyperError) as caught:
        call(client, tmp_path / "p.png")
    assert str(caught.value).startswith("`a\\ud800b` holds half a character")
    assert str(caught.value).isascii()
    assert caught.value.hint
    assert client.network.list() == before


def test_a_tag_of_an_upload_is_a_reason_of_the_picture(client: Client, tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "p.png")
    with pytest.raises(TransferError, match=r"`a\\ud800b` holds half a character"):
        client.datalake.picture.upload([str(tmp_path / "p.png")], tags=[HALF])


def test_a_long_text_is_shown_where_it_is_wrong() -> None:
    with pytest.raises(TyperError) as caught:
        json_of({"text": "x" * 1000 + HALF + "y" * 1000})
    assert str(caught.value).startswith(f"`{'x' * 19}a\\ud800b{'y' * 18}` holds half a character")
