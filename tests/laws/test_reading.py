"""Promise 4: what only reads leaves everything as it is, and asks the platform for nothing that writes."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from requests import PreparedRequest, Response

from picsellia_apply.cli import COMMANDS, group
from picsellia_apply.cli.exit import run
from picsellia_apply.client.embedded import EmbeddedAdapter
from tests.laws.profiles import bounded
from tests.laws.test_killed import history
from tests.laws.worlds import World

READING = frozenset({
    "GET ping", "POST get_organization", "GET datalake", "POST datalake/search", "GET dataset", "GET picture",
    "GET annotation", "GET network", "GET ext", "POST lookup", "POST members", "POST holders",
})  # fmt: skip
"""What may be asked, said apart from the product's own list: method and the path's first word, or the last one."""
WRITING_GETS = ("init_multipart_upload", "generate_post_part_url", "complete_part_upload")
PRESIGNED = "generate_presigned_url"
COMMANDS_THAT_READ = ("plan", "validate", "show", "drift", "export")


class WroteError(AssertionError):
    """A command that only reads sent a request that writes."""


@contextlib.contextmanager
def refusing() -> Iterator[list[str]]:
    """Refuse every request of this process that does not only read; yields all of them."""
    asked: list[str] = []
    send = EmbeddedAdapter.send

    def sending(self: EmbeddedAdapter, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        method, path = request.method, (request.url or "").partition("/sdk/v2/")[2].partition("?")[0].split("/")
        asked.append(f"{method} {'/'.join(path)}")
        signed_read = path == [""] and method == "GET"
        download = path[0] == PRESIGNED and b'"get"' in bytes(request.body or b"")  # type: ignore[arg-type]
        known = {f"{method} {path[0]}", f"{method} {'/'.join(path[:2])}", f"{method} {path[-1]}"} & READING
        if path[0] in WRITING_GETS or not (known or signed_read or download):
            raise WroteError(asked[-1])
        return send(self, request, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EmbeddedAdapter, "send", sending)
        yield asked


def said(folder: Path, *arguments: str) -> int:
    """Run the command line in this process, from a folder; returns its exit code."""
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["picsellia-apply", *arguments])
        with contextlib.redirect_stderr(io.StringIO()) as told:
            code = run(group)
    assert code != 1, told.getvalue()
    assert "Traceback" not in told.getvalue()
    return code


def everything(world: World) -> tuple[dict[str, str], dict[str, list[Any]]]:
    """Return every file of a project and of its state with its content's digest, and every row of the lake's tables."""
    files = {
        str(path.relative_to(world.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(world.folder.rglob("*"))
        if path.is_file() and not path.name.startswith("lake.db")
    }
    with contextlib.closing(sqlite3.connect(world.data / "lake.db")) as conn:
        tables = [name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return files, {name: conn.execute(f"SELECT * FROM {name}").fetchall() for name in sorted(tables)}  # noqa: S608


@bounded(4)
@given(data=st.data())
def test_what_only_reads_writes_nothing(data: st.DataObject) -> None:
    with World() as world:
        history(data, world)
        world.close()
        out = world.root / "written"
        out.mkdir()
        before = everything(world)
        prune = data.draw(st.sampled_from(["--prune", "--no-prune"]))
        with refusing() as asked:
            for command in filter(COMMANDS.__contains__, COMMANDS_THAT_READ):
                code = said(world.folder, *_arguments(command, out, prune))
                event(f"{command} ends with {code}")
                assert code in {0, 2, 4, 7}, command
        assert asked
        assert everything(world) == before


def _arguments(command: str, out: Path, prune: str) -> list[str]:
    match command:
        case "plan":
            return ["plan", "--embedded", prune, "--out", str(out / "plan.json")]
        case "show":
            return ["show", str(out / "plan.json")]
        case "drift":
            return ["drift", "--embedded"]
        case "export":
            return ["export", "--embedded", "--out", str(out / "exported")]
        case _:
            return [command]


def test_the_refusal_sees_writes() -> None:
    """An apply is stopped by what the law above relies on."""
    with World() as world:
        (world.folder / "all.yaml").write_text(
            "apiVersion: picsellia-apply/v1\nkind: Network\nmetadata: {name: n}\nspec: {type: detection}\n"
        )
        before = everything(world)
        with refusing() as asked, pytest.raises(AssertionError, match="WroteError"):
            said(world.folder, "apply", "--embedded", "--auto-approve")
        assert asked
        assert everything(world)[1]["networks"] == before[1]["networks"] == []


def test_a_reading_command_makes_no_lake(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(
        "apiVersion: picsellia-apply/v1\nkind: Network\nmetadata: {name: n}\nspec: {type: detection}\n"
    )
    for command in filter(COMMANDS.__contains__, ("plan", "drift", "export")):
        arguments = {"export": ["--out", str(tmp_path.with_name("exported"))]}.get(command, [])
        said(tmp_path, command, "--embedded", *arguments)
        assert os.listdir(tmp_path) == ["all.yaml"]  # noqa: PTH208 - also what begins with a dot
