"""One opened connection: which platform, who we are there, and what it can do. Client and its parts share one."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from picsellia_apply.client import capabilities
from picsellia_apply.client.failures import plain_text
from picsellia_apply.client.reader import Reader
from picsellia_apply.client.selection import Selection
from picsellia_apply.client.target import EMBEDDED, EMBEDDED_URL, Embedded, Remote, choose
from picsellia_apply.client.transport import Settings, Transport
from picsellia_apply.client.writer import Writer
from picsellia_apply.errors import (
    AuthenticationError,
    ForbiddenError,
    NetworkError,
    ProcessingError,
    ResourceNotFoundError,
    UsageError,
)
from picsellia_apply.wire import v2

logger = logging.getLogger(__name__)


class _Ping(msgspec.Struct):
    username: str
    sdk_version: str = ""
    extensions: dict[str, Any] = {}


class _Organization(msgspec.Struct):
    organization_id: str
    organization_name: str


def _ping(transport: Transport, host: str) -> _Ping:
    """Ask who we are; what fails here fails for the host as a whole, and the message names it.

    Raises:
        NetworkError: The host does not answer.
        ProcessingError: Something answers there that is no platform.
    """
    try:
        return transport.ask("GET", "ping", answer=_Ping, repeat_safe=True)
    except NetworkError as error:
        reason = error.message.partition(": ")[2]
        raise NetworkError(f"the platform at {host} does not answer: {reason}", error.hint) from error
    except ResourceNotFoundError as error:
        hint = "does the address end in `/sdk/v2/`?"
        raise ProcessingError(f"no platform answers at {host}", hint) from error


def _organization(transport: Transport, wanted: str | None) -> _Organization:
    """Ask for the organization meant.

    Raises:
        UsageError: There is none of this name or id, or it is not ours.
    """
    body = v2.OrganizationRequest(wanted)
    try:
        return transport.ask("POST", "get_organization", answer=_Organization, repeat_safe=True, body=body)
    except (ResourceNotFoundError, ForbiddenError) as error:
        reason = "it is not one of yours" if isinstance(error, ForbiddenError) else "there is none of this name or id"
        raise UsageError(f"organization `{wanted or 'of the token'}`: {reason}") from error


def _embedded_transport(
    target: Embedded, token: str | None, settings: Settings | None, *, read_only: bool
) -> Transport:
    def adapter() -> Any:
        from picsellia_apply.client.embedded import embedded_adapter

        return embedded_adapter(target.data_dir, create=not read_only)

    if token:
        logger.warning("a token is given, but not used: this is the lake embedded in %s", target.data_dir)
    return Transport(EMBEDDED_URL, None, read_only=read_only, adapter=adapter, settings=settings)


def _transport_to(
    target: Remote | Embedded, token: str | None, settings: Settings | None, *, read_only: bool
) -> Transport:
    if isinstance(target, Embedded):
        return _embedded_transport(target, token, settings, read_only=read_only)
    if not token:
        raise AuthenticationError(
            "no token", "set PICSELLIA_TOKEN, or give `--token-file` (command line) or `api_token` (SDK)"
        )
    return Transport(target.base_url, token, read_only=read_only, settings=settings)


def _token_of(given: str | None, environ: Mapping[str, str]) -> str | None:
    """Return the token, without the line end that files and shells leave on it.

    Raises:
        AuthenticationError: It holds what no HTTP header can carry; it is not shown.
    """
    token = (given or environ.get("PICSELLIA_TOKEN") or "").strip()
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise AuthenticationError("the token holds spaces, control characters or letters that no token has")
    return token or None


def is_interactive() -> bool:
    """Tell whether somebody is looking: a terminal, or a notebook."""
    shell = sys.modules.get("IPython")
    return sys.stdout.isatty() or (shell is not None and shell.get_ipython() is not None)


class Connection:
    """Who we are on which platform.

    Attributes:
        host: `embedded`, or the platform's address.
        username: As the platform greets us.
        organization: The organization's name.
        organization_id: Its id.
        features: Extension parts that the platform offers and we speak.
        transport: Sends the requests.
        reader: Bulk reading.
        writer: Bulk writing.
        selection: The pictures fetched last.
    """

    def __init__(self, transport: Transport, organization: str | None, *, host: str) -> None:
        """Ask the platform who we are.

        Args:
            transport: Opened for the platform.
            organization: Name or id; None is the token's own.
            host: What to call the platform.
        """
        self.transport = transport
        self.host = host
        self.selection = Selection()
        ping = _ping(transport, host)
        ours = _organization(transport, organization)
        self.username = plain_text(ping.username)
        self.organization = ours.organization_name
        self.organization_id = ours.organization_id
        self.features = capabilities.spoken(ping.extensions)
        name = ours.organization_name
        self.reader: Reader = capabilities.reader_of(self.features, transport, ours.organization_id, name)
        self.writer: Writer = capabilities.writer_of(self.features, transport, self.reader, name)

    @classmethod
    def open(
        cls,
        api_token: str | None = None,
        organization: str | None = None,
        host: str | None = None,
        *,
        data_dir: Path | str | None = None,
        read_only: bool = False,
        settings: Settings | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Self:
        """Choose the platform and connect to it; arguments as for `Client`.

        Raises:
            AuthenticationError: A host is given, but no token; nothing was sent.
            UsageError: The host is not an address.
        """
        environ = os.environ if environ is None else environ
        token = _token_of(api_token, environ)
        target = choose(host, data_dir, folder=Path.cwd(), environ=environ)
        transport = _transport_to(target, token, settings, read_only=read_only)
        try:
            name = EMBEDDED if isinstance(target, Embedded) else target.base_url
            return cls(transport, organization, host=name)
        except BaseException:
            transport.close()
            raise

    def greet(self) -> None:
        """Say hello: on stdout when somebody is looking, else in the log."""
        greeting = f"Hi {self.username}, welcome back."
        if is_interactive():
            print(greeting)  # noqa: T201 - the reference's greeting
        else:
            logger.info("%s", greeting)

    def close(self) -> None:
        """Close the connection; the embedded lake with it, unless another client uses it."""
        self.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
