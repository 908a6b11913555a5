"""Which platform is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from picsellia_apply.client.target import Embedded, Remote, choose, nearest_data_dir
from picsellia_apply.errors import UsageError


def test_an_argument_counts_before_the_environment(tmp_path: Path) -> None:
    environ = {"PICSELLIA_HOST": "https://environment.example/sdk/v2/"}
    argument = "http://argument.example:8080/sdk/v2"
    assert choose(argument, None, folder=tmp_path, environ=environ) == Remote("http://argument.example:8080/sdk/v2/")
    assert choose(None, None, folder=tmp_path, environ=environ) == Remote("https://environment.example/sdk/v2/")
    assert choose("embedded", tmp_path, folder=tmp_path, environ=environ) == Embedded(tmp_path)


def test_without_a_host_the_nearest_data_folder_counts(tmp_path: Path) -> None:
    deep = tmp_path / "project" / "manifests" / "deep"
    deep.mkdir(parents=True)
    assert choose(None, None, folder=deep, environ={}) == Embedded(deep / ".picsellia")
    (tmp_path / "project" / ".picsellia").mkdir()
    assert nearest_data_dir(deep) == tmp_path / "project" / ".picsellia"
    assert choose(None, tmp_path / "mine", folder=deep, environ={}) == Embedded(tmp_path / "mine")


def test_a_new_data_folder_is_made_at_the_root_of_the_checkout(tmp_path: Path) -> None:
    deep = tmp_path / "project" / "manifests"
    deep.mkdir(parents=True)
    (tmp_path / "project" / ".git").mkdir()
    assert nearest_data_dir(deep) == tmp_path / "project" / ".picsellia"
    (deep / ".picsellia").mkdir()
    assert nearest_data_dir(deep) == deep / ".picsellia"


@pytest.mark.parametrize(
    "host",
    [
        "platform.example",
        "ftp://platform.example/",
        "https://",
        "https://user:password@platform.example/sdk/v2/",
        "https://platform.example/sdk/v2/?a=b",
    ],
)
def test_what_is_no_address_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose(host, None, folder=tmp_path, environ={})
    assert "password" not in str(caught.value) or "no user" in str(caught.value)


def test_the_search_ends_at_the_root_of_the_checkout(tmp_path: Path) -> None:
    (tmp_path / ".picsellia").mkdir()
    manifests = tmp_path / "project/manifests"
    manifests.mkdir(parents=True)
    assert nearest_data_dir(manifests) == tmp_path / ".picsellia"
    (tmp_path / "project/.git").mkdir()
    assert nearest_data_dir(manifests) == tmp_path / "project/.picsellia"
    (manifests / ".picsellia").mkdir()
    assert nearest_data_dir(manifests) == manifests / ".picsellia"
