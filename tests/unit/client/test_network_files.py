"""Files of a network: what other writers put there while ours is on its way stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from picsellia_apply.client import Client, network_files, progress
from picsellia_apply.wire import v2

Sends = Callable[..., None]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Return what makes something happen right after the next file was sent."""
    send = network_files.send_file

    def arrange(happen: Callable[[], Any]) -> None:
        pending = [happen]

        def sent(*args: Any, **how: Any) -> None:
            send(*args, **how)
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


def test_what_is_sent_is_told_part_by_part_and_once(
    client: Client, tmp_path: Path, meanwhile: Callable[[Callable[[], Any]], None]
) -> None:
    size = 2 * v2.MULTIPART_PART_SIZE + 7
    made = client.writer.create_network("n", "t")
    meanwhile(lambda: client.writer.update_network(made, {"files": {"theirs": f"{made}/m.bin"}}))
    told: list[int] = []
    client.writer.store_file(made, "ours", _file(tmp_path / "a", bytes(size)), on_sent=told.append)
    assert told == [v2.MULTIPART_PART_SIZE, v2.MULTIPART_PART_SIZE, 7]
    assert _names(client, made)["ours"] == f"{made}/ours/m.bin"
    told.clear()
    client.writer.store_file(made, "small", _file(tmp_path / "b", b"12345"), on_sent=told.append)
    assert told == [5]


def test_store_shows_a_bar_in_bytes(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[Any, ...]] = []

    class Watched(progress.Bar):
        def __init__(self, what: str, total: int, **options: Any) -> None:
            shown.append((what, total, options))
            super().__init__(what, total, **options)

        def advance(self, count: int = 1) -> None:
            shown.append((count,))
            super().advance(count)

    monkeypatch.setattr(progress, "Bar", Watched)
    client.network.create("n", "t")
    client.network.store("weights", _file(tmp_path / "a", b"12345"))
    assert shown == [("storing m.bin", 5, {"in_bytes": True}), (5,)]
