"""What `-v` and `-vv` tell: our own requests, never the keys that other libraries would tell."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from picsellia_apply.cli.options import Connection, shared_options
from picsellia_apply.client import Client
from picsellia_apply.lake import open_lake
from tests.contract.platforms import served


@pytest.fixture(autouse=True)
def _own_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    ours, root = logging.getLogger("picsellia_apply"), logging.getLogger()
    levels = ours.level, root.level
    monkeypatch.setattr(root, "handlers", [])
    yield
    ours.setLevel(levels[0])
    root.setLevel(levels[1])


@click.command
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("url")
@click.argument("token")
@shared_options
def job(folder: Path, url: str, token: str, connection: Connection) -> None:
    assert connection.verbose in range(4)
    file = folder / "w.bin"
    file.write_bytes(b"1" * 6_000_000)  # as a signed form, in parts, and by a signed URL
    with Client(token, None, url, greet=False) as client:
        client.network.create("n", "t")
        client.network.store("large", file)
        file.write_bytes(b"1")
        client.network.store("small", file)
        client.network.download("small", folder / "out")


@pytest.mark.parametrize("verbose", [0, 1, 2, 3])
def test_no_signature_and_no_token_reaches_the_log(tmp_path: Path, verbose: int) -> None:
    with open_lake(tmp_path / "lake") as lake:
        token = lake.bootstrap("ada", "cells")
        with served(lake) as (host, port):
            arguments = [str(tmp_path), f"http://{host}:{port}/sdk/v2/", token, *["-v"] * verbose]
            ran = CliRunner().invoke(job, arguments, catch_exceptions=False)
    assert ran.exit_code == 0
    assert "signature" not in ran.stderr.lower()
    assert token not in ran.stderr
    assert ("POST generate_presigned_url -> 200" in ran.stderr) == (verbose >= 2)
