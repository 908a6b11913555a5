"""A picture of the SDK is called what the reconciler calls it, and a name that cannot be stops only its own file."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from picsellia_apply.client import Client
from picsellia_apply.errors import TransferError
from picsellia_apply.local import StatCache, scan_pictures


def test_names_are_the_reconcilers(client: Client, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    names = [unicodedata.normalize("NFD", "é.png"), "tab\t.png", "bad\udcff.png", "good.png"]
    paths = [folder / name for name in names]
    for width, path in enumerate(paths, 1):
        Image.new("RGB", (width, 1)).save(folder / "new.png")
        (folder / "new.png").rename(path)
    with pytest.raises(TransferError) as caught:
        client.datalake.picture.upload(paths)
    assert set(caught.value.failures) == {str(paths[1]), str(paths[2])}
    assert "control character" in caught.value.failures[str(paths[1])]
    assert "no text" in caught.value.failures[str(paths[2])]
    stored = [picture.external_url for picture in client.datalake.picture.list()["pictures"]]
    found, _ = scan_pictures([paths[0], paths[3]], include=(), exclude=(), naming="basename", cache=StatCache(None))
    assert sorted(stored) == list(found.names) == ["good.png", "é.png"]
