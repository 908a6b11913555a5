"""`picsellia-apply serve`: the lake for a team, over HTTP.

The socket is bound before anything else, so that a port that is taken is told at once and port 0 is known by its real
number. The line with the URL comes once requests are answered.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from picsellia_apply.errors import UsageError

if TYPE_CHECKING:
    from types import FrameType

    from picsellia_apply.lake import Lake

FIRST_NAME = "admin"
"""The first user of a lake that is served."""

FIRST_ORGANIZATION = "default"

_GRACE_S = 10
_KEEP_ALIVE_S = 75


def bound_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        UsageError: The address cannot be had.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(1024)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"cannot listen on {host}:{port}: {reason}", hint="choose another --port or --bind") from error
    return listening


@contextmanager
def sole_server(data: Path) -> Iterator[None]:
    """Hold the folder for this server.

    Raises:
        UsageError: Another server has it, or it cannot be used.
    """
    from picsellia_apply.lake.lock import try_lock

    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = try_lock(data / "serve.lock")
    except OSError as error:
        raise UsageError(f"the folder `{data}` cannot hold a lake: {error.strerror}") from error
    if lock is None:
        raise UsageError(f"another server is running on `{data}`", hint="stop it, or give this one its own --data")
    try:
        yield
    finally:
        lock.release()


def welcome(lake: Lake, token: str | None) -> None:
    """Give an empty lake its first user and organization, and show a token that was made for it."""
    if not lake.is_empty:
        return
    made = lake.bootstrap(FIRST_NAME, FIRST_ORGANIZATION, token)
    click.echo(f"user {FIRST_NAME}, organization {FIRST_ORGANIZATION}")
    click.echo("token from PICSELLIA_TOKEN" if token else f"token {made}   (shown once: keep it)")


def url_of(listening: socket.socket) -> str:
    """Return the URL that clients are to be given."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/sdk/v2/"


@dataclass
class Ending:
    """What SIGINT and SIGTERM do to a server: they interrupt it until it serves, then it finishes what is in flight.

    An interruption may be lost (Python drops one that comes while it runs a callback of its own), and so may a signal
    that comes just before the server listens to signals itself: so it is remembered that one came.

    Attributes:
        asked: One came.
        serving: The server listens to them.
    """

    asked: bool = False
    serving: bool = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """Handle a signal; one that the server raises again after a clean shutdown has done its work."""
        self.asked = True
        if not self.serving:
            raise KeyboardInterrupt

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Handle the signals while this lasts."""
        before = {number: signal.signal(number, self) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def run(lake: Lake, listening: socket.socket, ending: Ending) -> None:
    """Serve until SIGINT or SIGTERM, then finish what is in flight.

    Args:
        lake: What is served.
        listening: Where.
        ending: Whether a signal came already.
    """
    import uvicorn

    from picsellia_apply.lake.asgi import RawPath

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if ending.asked:
                self.should_exit = True
                return
            click.echo(f"serving {url_of(listening)}")

    config: Any = uvicorn.Config(
        RawPath(lake.wsgi, lake.idle_s),
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )
    ending.serving = True
    Server(config).run(sockets=[listening])


@click.command(name="serve")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), required=True, help="The lake's folder.")
@click.option("--bind", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 for any free one.")
@click.option("--plain", is_flag=True, help="Speak SDK v2 alone, without the extension.")
def command(data: Path, bind: str, port: int, *, plain: bool) -> None:
    """Run the lake for a team.

    An empty folder gets a first user and organization; the token is PICSELLIA_TOKEN when set, else made and shown once.
    """
    ending = Ending()
    with ending.heard():
        from picsellia_apply.lake import open_lake

        with bound_socket(bind, port) as listening, sole_server(data), open_lake(data, plain=plain) as lake:
            welcome(lake, os.environ.get("PICSELLIA_TOKEN") or None)
            run(lake, listening, ending)
