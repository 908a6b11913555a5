"""One request on its way through the lake, and the answer to it. The only place that reads bodies."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection
from werkzeug.wrappers import Request, Response

from picsellia_apply.lake.db import Database
from picsellia_apply.lake.line import IDLE_S
from picsellia_apply.lake.objects import ObjectStore
from picsellia_apply.lake.refusal import Refusal, bad_request
from picsellia_apply.lake.service import accounts
from picsellia_apply.lake.signing import LIFETIME_S, Signer

Body = TypeVar("Body")

MEBIBYTE = 1024 * 1024
CUT_OFF = "the body ends before it is whole"
SWEEP_EVERY_S = 60.0
"""How often uploads that were given up are looked for while others go on."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost.

    Attributes:
        json: Most bytes of a JSON body, which is held in memory and takes up to 29 times its size there (`{}` over and
            over). Published clients send pictures as whole objects: 64 MiB are 180,000 of them; ours sends ids, and
            annotations by 4 MiB.
        large: Bytes from which JSON bodies are served one after the other.
        object: Most bytes of one object; it is streamed to disk.
        idle_s: How long a peer may keep a request over HTTP waiting.
    """

    json: int = 64 * MEBIBYTE
    large: int = 8 * MEBIBYTE
    object: int = 64 * 1024 * MEBIBYTE
    idle_s: float = IDLE_S


class Rarely:
    """Says when something is due that need not be done at every request; usable from several threads."""

    def __init__(self, every_s: float) -> None:
        """Let it be done at once, then after `every_s` seconds again."""
        self._every_s = every_s
        self._done_at: dict[str, float] = {}

    def is_due(self, what: str, now_s: float) -> bool:
        """Return whether it is time, and take note of it; a clock that was set back makes it due."""
        done_at = self._done_at.get(what)
        if done_at is not None and 0 <= now_s - done_at < self._every_s:
            return False
        self._done_at[what] = now_s
        return True


@dataclass(frozen=True, slots=True)
class Platform:
    """What requests are served from.

    Attributes:
        plain: True where only SDK v2 is spoken: no extension, no digest in an answer.
    """

    db: Database
    objects: ObjectStore
    signer: Signer
    limits: Limits
    clock: Callable[[], datetime]
    plain: bool = False
    large: threading.Lock = field(default_factory=threading.Lock)
    """Held by the one request whose JSON body is a large one."""
    swept: Rarely = field(default_factory=lambda: Rarely(SWEEP_EVERY_S))
    """When uploads that were given up are looked for, per organization."""

    def now(self) -> str:
        """Return the time as the store keeps it: ISO 8601, UTC, microseconds."""
        return _stamp(self.clock())

    def abandoned_before(self) -> str:
        """Return since when uploads are given up: the last signature asked for within a day has expired for a day."""
        return _stamp(self.clock() - timedelta(seconds=2 * LIFETIME_S))


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        request: Its headers and its body.
        platform: What it is served from.
        caller: Who sent it; None for signed URLs.
        path: The values in its path.
        held: What is let go once it is answered.
    """

    request: Request
    platform: Platform
    caller: accounts.Caller | None
    path: Mapping[str, str]
    held: ExitStack = field(default_factory=ExitStack)

    @property
    def db(self) -> Database:
        """The database port."""
        return self.platform.db

    @property
    def user(self) -> accounts.Caller:
        """Who sent it.

        Raises:
            TypeError: A handler of signed URLs asked, which is a fault of ours.
        """
        if self.caller is None:
            raise TypeError("a signed URL has no caller")
        return self.caller

    @property
    def base_url(self) -> str:
        """Where the sender reaches this lake, e.g. `http://localhost:8000`, without a slash at the end."""
        return f"{self.request.scheme}://{self.request.host}{self.request.environ.get('SCRIPT_NAME', '')}"

    def beyond_v2(self, **values: object) -> dict[str, object]:
        """Return keys that an answer of SDK v2 carries besides its own: none where only SDK v2 is spoken."""
        return {} if self.platform.plain else values

    def now(self) -> str:
        """Return the time as the store keeps it: ISO 8601, UTC, microseconds."""
        return self.platform.now()

    def organization(self, conn: Connection) -> accounts.Organization:
        """Return the organization that stands in the path.

        Raises:
            Refusal: 403 or 404.
        """
        return accounts.organization(conn, self.user, self.path["org"])

    def raw_body(self, limit: int | None = None) -> bytes:
        """Return the body.

        Raises:
            RequestEntityTooLarge: It is over the limit (413).
        """
        self.request.max_content_length = self.platform.limits.json if limit is None else limit
        return self.request.get_data(cache=False, parse_form_data=False)

    def body(self, kind: type[Body]) -> Body:
        """Return the JSON body; the content type says nothing, as the published clients send none.

        Raises:
            Refusal: 400, it is not JSON or not of this kind; the message says where.
        """
        return self.decoded(self.raw_body() or b"{}", kind)

    def decoded(self, raw: bytes, kind: type[Body]) -> Body:
        """Return a JSON body that was read.

        Raises:
            Refusal: 400, it is not JSON or not of this kind; the message says where.
        """
        if len(raw) > self.platform.limits.large:
            self.held.enter_context(self.platform.large)
        try:
            return msgspec.json.decode(raw, type=kind)
        except msgspec.DecodeError as error:
            raise bad_request(f"the body is not acceptable: {error}") from error
        except (UnicodeDecodeError, RecursionError) as error:
            raise bad_request("the body is not JSON that can be read") from error


def answer(body: object, status: int = 200) -> Response:
    """Return a JSON answer."""
    return Response(msgspec.json.encode(body), status, content_type="application/json")


Handler = Callable[[Call], Response]
GroupHandler = Callable[[Sequence[Call]], Sequence[Response | Refusal]]
"""Answers several requests at once, each by itself: what is wrong with one of them is its own answer."""


def alone(many: GroupHandler) -> Handler:
    """Return the handler of one request, for what answers several."""

    @functools.wraps(many)
    def handler(call: Call) -> Response:
        (one,) = many([call])
        if isinstance(one, Refusal):
            raise one
        return one

    return handler


def error_answer(status: int, message: str, headers: Mapping[str, Any] | None = None) -> Response:
    """Return a refusal in both shapes that published clients read."""
    response = answer({"error": message, "errors": [message]}, status)
    response.headers.update(headers or {})
    return response
