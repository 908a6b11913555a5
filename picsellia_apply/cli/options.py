"""Options that several commands share, and what they stand for: which platform, with which token, how to show."""

from __future__ import annotations

import functools
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from picsellia_apply.errors import NetworkError, UsageError

if TYPE_CHECKING:
    from picsellia_apply.client import Client
    from picsellia_apply.model.declaration import Declaration

Command = TypeVar("Command", bound=Callable[..., Any])
EMBEDDED = "embedded"
VERBOSE = (
    "Show notes about the input and findings that are known already, and log what is done to stderr; "
    "-vv logs every request too."
)
"""What one sees more with `-v`."""
TOLD_AFTER_S = 1.0
"""A host that was tried for longer than so many seconds is told with them."""


@dataclass(frozen=True, slots=True)
class Connection:
    """What the command line says about the platform and about showing; None is left to the environment.

    Attributes:
        host: `--host`.
        organization: `--organization`.
        token_file: `--token-file`.
        embedded: `--embedded`: the embedded lake, whatever else is said.
        verbose: How many `-v`.
        color: Whether stdout may be coloured.
    """

    host: str | None = None
    organization: str | None = None
    token_file: Path | None = None
    embedded: bool = False
    verbose: int = 0
    color: bool = False


def shared_options(command: Command) -> Command:
    """Give a command the shared options; it gets them as one argument, `connection`."""

    @click.option("--host", metavar="URL", help="The platform; default: PICSELLIA_HOST, the Workspace's, embedded.")
    @click.option("--organization", metavar="NAME", help="The organization; default: the token's own.")
    @click.option("--token-file", type=click.Path(dir_okay=False, path_type=Path), help="A file that holds the token.")
    @click.option("--embedded", is_flag=True, help="The lake embedded in `.picsellia/`, whatever else is configured.")
    @click.option("-v", "--verbose", count=True, help=VERBOSE)
    @click.option("--no-color", is_flag=True, help="No colours; the environment variable NO_COLOR does the same.")
    @functools.wraps(command)
    def wrapped(
        *args: Any,
        host: str | None,
        organization: str | None,
        token_file: Path | None,
        embedded: bool,
        verbose: int,
        no_color: bool,
        **kwargs: Any,
    ) -> Any:
        log_to_stderr(verbose)
        color = not no_color and not os.environ.get("NO_COLOR") and sys.stdout.isatty()
        connection = Connection(host, organization, token_file, embedded, verbose, color)
        return command(*args, connection=connection, **kwargs)

    return wrapped  # type: ignore[return-value]  # functools.wraps keeps the shape that click needs


def log_to_stderr(verbose: int) -> None:
    """Log warnings to stderr; with one `-v` what is done, with two every request."""
    level = {0: logging.WARNING, 1: logging.INFO}.get(verbose, logging.DEBUG)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s", stream=sys.stderr, force=True)
    # Ours only: urllib3 tells whole signed URLs, which are keys, at the level of debugging.
    logging.getLogger("picsellia_apply").setLevel(level)


def token_of(connection: Connection, environ: Mapping[str, str]) -> str | None:
    """Return the token: that of the file, else PICSELLIA_TOKEN, else None.

    Raises:
        UsageError: The file cannot be read, or is empty; its content is never shown.
    """
    if connection.token_file is None:
        return environ.get("PICSELLIA_TOKEN") or None
    try:
        token = connection.token_file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no plain text"
        raise UsageError(f"the token file `{connection.token_file}` cannot be read: {reason}") from None
    if not token:
        raise UsageError(f"the token file `{connection.token_file}` is empty")
    return token


def host_of(connection: Connection, declaration: Declaration, environ: Mapping[str, str]) -> str:
    """Return which platform is meant: an address, or `embedded`.

    Raises:
        UsageError: It would be the embedded lake of a CI machine, which nobody asked for.
    """
    if connection.embedded:
        return EMBEDDED
    host = connection.host or environ.get("PICSELLIA_HOST") or declaration.workspace.host
    if host:
        return host
    if environ.get("CI", "").lower() in ("true", "1"):
        raise UsageError(
            "no platform is configured, and the embedded lake of a CI machine vanishes with it",
            hint="set PICSELLIA_HOST and PICSELLIA_TOKEN, or say `--embedded` if that is what you want",
        )
    return EMBEDDED


def open_client(
    connection: Connection, declaration: Declaration, environ: Mapping[str, str], *, read_only: bool
) -> Client:
    """Connect to the platform that the command line, the environment and the manifests name.

    Args:
        connection: The shared options.
        declaration: What the manifests say; the embedded lake is searched from its root upwards.
        environ: The environment.
        read_only: The client refuses to write, and creates nothing.

    Raises:
        InvalidInput: The manifests hold the token.
        UsageError: See `host_of` and `token_of`; or a manifest would have the token sent in clear.
        AuthenticationError: There is no token, or one that the platform does not know.
        NetworkError: The platform does not answer.
    """
    host = host_of(connection, declaration, environ)
    token = token_of(connection, environ)
    if token and host != EMBEDDED and not (connection.host or environ.get("PICSELLIA_HOST")):
        _refuse_clear_text(host)
    if token:
        _refuse_to_tell(token, declaration)
    from picsellia_apply.client import Client
    from picsellia_apply.client.target import nearest_data_dir

    organization = connection.organization or declaration.workspace.organization
    data_dir = nearest_data_dir(Path(declaration.root)) if host == EMBEDDED else None
    began = time.monotonic()
    try:
        return Client(token, organization, host, data_dir=data_dir, read_only=read_only, greet=False)
    except NetworkError as error:
        said_by = "--host" if connection.host else "PICSELLIA_HOST" if environ.get("PICSELLIA_HOST") else ""
        raise _unreachable(error, said_by or "the Workspace's `host`", time.monotonic() - began) from error


def _unreachable(error: NetworkError, said_by: str, tried_s: float) -> NetworkError:
    """Return why a host cannot be reached, with who named it, how long it was tried and how to name another.

    Args:
        error: Of the connection; it names the host.
        said_by: What named it.
        tried_s: Seconds that it was tried.
    """
    tried = f" (tried again for {tried_s:.0f} s)" if tried_s >= TOLD_AFTER_S else ""
    named = f"{said_by} names it; another is named by `--host URL`, else PICSELLIA_HOST, else the Workspace's `host`"
    hint = f"{error.hint} {named}; `--embedded` takes the lake on this disk".lstrip()
    return NetworkError(f"{error.message}{tried}", hint)


def _refuse_to_tell(token: str, declaration: Declaration) -> None:
    """Refuse manifests that hold the token, or name a file that does: it would stand in the plan."""
    from picsellia_apply.errors import InvalidInput
    from picsellia_apply.manifest.token import token_faults

    faults = tuple(token_faults(declaration, token))
    if faults:
        raise InvalidInput(faults)


def _refuse_clear_text(host: str) -> None:
    """Refuse to send a token over plain http to where a manifest says: whoever edits the file chose that host."""
    from ipaddress import ip_address
    from urllib.parse import urlsplit

    from picsellia_apply.client.target import choose

    choose(host, None, folder=Path(), environ={})  # what is no address is told as such
    address = urlsplit(host)
    name = address.hostname or ""
    try:
        loopback = name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        loopback = False
    if address.scheme == "http" and not loopback:
        raise UsageError(
            f"the Workspace's host `{host}` is plain http: the token would travel in clear",
            hint="write `https://`, or name the host yourself with `--host` or PICSELLIA_HOST",
        )


def manifest_paths(command: Command) -> Command:
    """Give a command PATH arguments; none is the current folder."""
    argument = click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
    return argument(command)
