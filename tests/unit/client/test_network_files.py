"""Files of a network: what other writers put there while ours is on its way stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from picsellia_apply.client import Client, network_files

Sends = Callable[..., None]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Return what makes something happen right after the next file was sent."""
    send = network_files.send_file

    def arrange(happen: Callable[[], Any]) -> None:
        pending = [happen]

        def sent(*args: Any) -> None:
            send(*args)
            if pending:
                pending.pop()()

        monkeypatch.setattr(network_files, "send_file", sent)

    return arrange


def _file(folder: Path, content: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "m.bin"
    path.write_bytes(content)
    return path


def _names(client: Client, model_id: str) -> dict[str, str]:
    connection = client.connection
    return dict(network_files.read_network(connection.transport, connection.organization, model_id=model_id).files)


def test_a_file_put_there_meanwhile_stays(
    client: Client, tmp_path: Path, meanwhile: Callable[[Callable[[], Any]], None]
) -> None:
    made = client.writer.create_network("n", "t")
    meanwhile(lambda: client.writer.update_network(made, {"files": {"theirs": "elsewhere"}}))
    client.writer.store_file(made, "ours", _file(tmp_path / "a", b"1"))
    assert _names(client, made) == {"theirs": "elsewhere", "ours": f"{made}/m.bin"}


def test_a_name_taken_meanwhile_is_left_to_who_has_it(
    client: Client, tmp_path: Path, meanwhile: Callable[[Callable[[], Any]], None]
) -> None:
    made = client.writer.create_network("n", "t")
    meanwhile(lambda: client.writer.update_network(made, {"files": {"theirs": f"{made}/m.bin"}}))
    client.writer.store_file(made, "ours", _file(tmp_path / "a", b"1"))
    assert _names(client, made) == {"theirs": f"{made}/m.bin", "ours": f"{made}/ours/m.bin"}
