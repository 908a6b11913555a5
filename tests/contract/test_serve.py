"""The command line around the lake: `serve` and `user`, each in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.contract.platforms import Api, over_http

PROGRAM = (sys.executable, "-m", "picsellia_apply")


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, check=False)


@contextmanager
def serving(data: Path, env: Mapping[str, str] | None = None) -> Iterator[tuple[Api, str, int]]:
    """Run `serve` on a free port; yields a user's view, what was printed, and the process's number."""
    command = [*PROGRAM, "serve", "--data", str(data), "--port", "0"]
    clean = {name: value for name, value in os.environ.items() if name != "PICSELLIA_TOKEN"}
    with subprocess.Popen(command, env={**clean, **(env or {})}, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        printed = ""
        try:
            while not (found := re.search(r"^serving http://127\.0\.0\.1:(\d+)/sdk/v2/$", printed, re.MULTILINE)):
                line = server.stdout.readline()
                assert line, printed
                printed += line
            token = re.search(r"^token (\w+)", printed, re.MULTILINE)
            transport = over_http(("127.0.0.1", int(found[1])))
            yield Api(transport, token[1] if token else None, "default", "none"), printed, server.pid
        finally:
            if server.poll() is None:
                server.terminate()
        assert server.wait(30) == 0


def test_an_empty_folder_gets_a_user_and_a_token_that_is_shown_once(tmp_path: Path) -> None:
    with serving(tmp_path / "lake") as (api, printed, _):
        assert printed.startswith("user admin, organization default\ntoken ")
        assert re.search(r"^token [0-9a-f]{40} ", printed, re.MULTILINE)
        assert api.ok("GET", "ping")["username"] == "admin"
        assert api.upload(("a", b"a"))
    assert not any(str(api.token).encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    with serving(tmp_path / "lake") as (again, printed, _):
        assert again.token is None
        assert "token" not in printed
        known = Api(again.transport, api.token, "default", "none")
        assert len(known.ok("GET", "datalake/none")["pictures"]) == 1


def test_the_first_token_may_come_from_the_environment(tmp_path: Path) -> None:
    with serving(tmp_path, {"PICSELLIA_TOKEN": "my-own-secret"}) as (api, printed, _):
        assert "my-own-secret" not in printed
        known = Api(api.transport, "my-own-secret", "default", "none")
        assert known.ok("POST", "get_organization", {})["organization_name"] == "default"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path) as (api, _, pid):
        api.upload(("a", b"a"))
        os.kill(pid, number)
    assert not list((tmp_path / "objects" / "tmp").iterdir())
    assert not (tmp_path / "lake.db-wal").exists()


_IN_A_CALLBACK = """\
class Thing: pass
welcome = serve.welcome
def met(*arguments):
    thing = Thing()
    reference = weakref.ref(thing, lambda _: (signal.raise_signal(number), None))
    del thing
    return welcome(*arguments)
serve.welcome = met
"""
_BEFORE_IT_LISTENS = """\
run = uvicorn.Server.run
def met(*arguments, **more):
    signal.raise_signal(number)
    return run(*arguments, **more)
uvicorn.Server.run = met
"""


@pytest.mark.parametrize("when", [_IN_A_CALLBACK, _BEFORE_IT_LISTENS], ids=["in a callback", "before it listens"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_comes_while_it_starts_is_not_lost(tmp_path: Path, number: signal.Signals, when: str) -> None:
    program = "\n".join(
        [
            "import signal, sys, uvicorn, weakref",
            "from picsellia_apply.cli import main, serve",
            f"number = signal.Signals({number.value})",
            when,
            "sys.exit(main())",
        ]
    )
    command = [sys.executable, "-c", program, "serve", "--data", str(tmp_path), "--port", "0"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("user admin")
    assert "serving" not in ended.stdout


def test_one_server_per_folder_and_port(tmp_path: Path) -> None:
    with serving(tmp_path / "lake"):
        second = run("serve", "--data", tmp_path / "lake", "--port", "0")
        assert second.returncode == 64
        assert "another server is running" in second.stderr
    with socket.create_server(("127.0.0.1", 0)) as taken:
        third = run("serve", "--data", tmp_path / "other", "--port", str(taken.getsockname()[1]))
    assert third.returncode == 64
    assert "cannot listen on 127.0.0.1" in third.stderr
    assert not (tmp_path / "other").exists()
    fourth = run("serve", "--data", tmp_path / "other", "--bind", "256.1.1.1", "--port", "0")
    assert (fourth.returncode, "Traceback" in fourth.stderr) == (64, False)
    (tmp_path / "file").write_text("")
    assert run("serve", "--data", tmp_path / "file" / "sub", "--port", "0").returncode == 64


def test_users_are_added_listed_and_revoked_while_it_serves(tmp_path: Path) -> None:
    with serving(tmp_path) as (api, _, _pid):
        added = run("user", "add", "bob", "--data", tmp_path)
        token = added.stdout.strip()
        assert re.fullmatch(r"[0-9a-f]{40}", token)
        assert token not in added.stderr
        bob = Api(api.transport, token, "default", "none")
        assert bob.ok("GET", "ping")["username"] == "bob"
        assert bob.ok("POST", "get_organization", {})["organization_name"] == "default"
        again = run("user", "add", "bob", "--data", tmp_path)
        assert (again.returncode, again.stdout) == (64, "")
        eve = run("user", "add", "eve", "--data", tmp_path, "--organization", "acme", "--organization", "default")
        stranger = Api(api.transport, eve.stdout.strip(), "acme", "none")
        assert stranger.ok("POST", "get_organization", {})["organization_name"] == "acme"
        assert stranger.ok("GET", "datalake/default") == {"pictures": []}
        listed = run("user", "list", "--data", tmp_path).stdout.splitlines()
        assert [line.split("\t")[:3] for line in listed] == [
            ["admin", "default", "1"],
            ["bob", "default", "1"],
            ["eve", "acme, default", "1"],
        ]
        assert run("user", "revoke", "bob", "--data", tmp_path).stdout == "1 token of bob revoked\n"
        assert bob.send("GET", "ping").status == 401
        renewed = run("user", "add", "bob", "--data", tmp_path).stdout.strip()
        assert Api(api.transport, renewed, "default", "none").send("GET", "ping").status == 200


def test_mistakes_with_users_are_told(tmp_path: Path) -> None:
    assert run("user", "list", "--data", tmp_path / "nothing").returncode == 64
    assert not (tmp_path / "nothing").exists()
    with serving(tmp_path):
        assert run("user", "revoke", "nobody", "--data", tmp_path).returncode == 64
        assert run("user", "add", "", "--data", tmp_path).returncode == 64
        assert run("user", "add", "a\nb", "--data", tmp_path).returncode == 64
        assert (
            run("user", "add", "a", "--organization", "ok", "--organization", "", "--data", tmp_path).returncode == 64
        )
        assert len(run("user", "list", "--data", tmp_path).stdout.splitlines()) == 1
