"""One request on its way through the lake, and the answer to it. The only place that reads bodies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection
from werkzeug.wrappers import Request, Response

from picsellia_apply.lake.db import Database
from picsellia_apply.lake.objects import ObjectStore
from picsellia_apply.lake.refusal import bad_request
from picsellia_apply.lake.service import accounts
from picsellia_apply.lake.signing import Signer

Body = TypeVar("Body")

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Most bytes of a body: of JSON (held in memory) and of one object (streamed to disk)."""

    json: int = 256 * MEBIBYTE
    object: int = 64 * 1024 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class Platform:
    """What requests are served from."""

    db: Database
    objects: ObjectStore
    signer: Signer
    limits: Limits
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        request: Its headers and its body.
        platform: What it is served from.
        caller: Who sent it; None for signed URLs.
        path: The values in its path.
    """

    request: Request
    platform: Platform
    caller: accounts.Caller | None
    path: Mapping[str, str]

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

    def now(self) -> str:
        """Return the time as the store keeps it: ISO 8601, UTC, microseconds."""
        return self.platform.clock().astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

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


def error_answer(status: int, message: str, headers: Mapping[str, Any] | None = None) -> Response:
    """Return a refusal in both shapes that published clients read."""
    response = answer({"error": message, "errors": [message]}, status)
    response.headers.update(headers or {})
    return response
