"""The lake as one WSGI application: find the route, know the caller, answer, and turn every fault into a status.

`PATH_INFO` holds the RAW path, still percent-encoded: the server adapter and the in-process bridge both see to it.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import ClientDisconnected, HTTPException
from werkzeug.wrappers import Request, Response

from picsellia_apply.lake.call import CUT_OFF, Call, Handler, Platform, error_answer
from picsellia_apply.lake.refusal import Refusal, attempt
from picsellia_apply.lake.router import Route, Router, segments_of
from picsellia_apply.lake.routes import PLAIN_ROUTES, ROUTES
from picsellia_apply.lake.service import accounts, leases
from picsellia_apply.wire.ownership import LEASE_HEADER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BASE = "/sdk/v2/"
_LEASE = f"HTTP_{LEASE_HEADER.upper().replace('-', '_')}"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that may be answered together with others of its route.

    Attributes:
        found: Its route.
        path: The values in its path.
        environ: The request; its body is whole and in memory.
    """

    found: Route[Handler]
    path: Mapping[str, str]
    environ: WSGIEnvironment


class Application:
    """The WSGI application; `respond` and `respond_all` are the same without WSGI's way of answering.

    Attributes:
        platform: What requests are served from.
        embedded: True where a request without a token is the owner's.
    """

    def __init__(self, platform: Platform, *, embedded: bool) -> None:
        """Keep both and build the table of routes."""
        self.platform = platform
        self.embedded = embedded
        self._router: Router[Handler] = Router(PLAIN_ROUTES if platform.plain else ROUTES)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self.respond(environ)(environ, start_response)

    def grouped(self, environ: WSGIEnvironment, size: int) -> Asked | None:
        """Return a request of `size` bytes as one to be answered together with others, None where it is none such."""
        if size > self.platform.limits.large or _LEASE in environ:
            return None
        try:
            found, path = self._find(environ)
        except Refusal:
            return None
        return Asked(found, path, environ) if found.many else None

    def respond_all(self, group: Sequence[Asked]) -> list[Response]:
        """Answer several requests of one route; a fault that stops all of them is looked for in each alone."""
        try:
            return self._answer_all(group)
        except Exception:  # noqa: BLE001 - each alone comes to the last line of defence
            _log.info("a group of %d requests is answered one by one", len(group), exc_info=True)
            for asked in group:
                asked.environ["wsgi.input"].seek(0)
            return [self.respond(asked.environ) for asked in group]

    def _answer_all(self, group: Sequence[Asked]) -> list[Response]:
        found, requests = group[0].found, [Request(asked.environ) for asked in group]
        callers: list[accounts.Caller | Refusal | None] = [None] * len(group)
        if not found.signed:
            stated = [asked.environ.get("HTTP_AUTHORIZATION", "") for asked in group]
            with self.platform.db.read() as conn:
                known = {one: attempt(partial(self._caller, conn, one)) for one in set(stated)}
            callers = [known[one] for one in stated]
        calls = [
            caller if isinstance(caller, Refusal) else Call(request, self.platform, caller, asked.path)
            for request, caller, asked in zip(requests, callers, group, strict=True)
        ]
        good = [call for call in calls if isinstance(call, Call)]
        answers = iter(found.many(good) if good and found.many else ())
        results = [next(answers) if isinstance(call, Call) else call for call in calls]
        return [_refused(one) if isinstance(one, Refusal) else one for one in results]

    def respond(self, environ: WSGIEnvironment) -> Response:
        """Answer one request."""
        try:
            return self._answer(Request(environ))
        except Refusal as refusal:
            return _refused(refusal)
        except (ClientDisconnected, ConnectionError, TimeoutError):
            return error_answer(400, CUT_OFF)
        except HTTPException as error:
            return error_answer(error.code or 400, error.description or error.name)
        except (OperationalError, OSError) as error:
            return self._short_of_means(error)
        except Exception:  # noqa: BLE001 - the last line of defence: an answer without a traceback, a log with one
            return self._bug()

    def _short_of_means(self, error: OperationalError | OSError) -> Response:
        """Answer when the database is held by somebody else or the disk is full; anything else is a fault of ours."""
        reason = str(error.orig) if isinstance(error, OperationalError) else ""
        if "locked" in reason:
            return error_answer(503, "the lake is busy", {"Retry-After": "1"})
        if "full" in reason or (isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}):
            _log.error("the lake's disk is full")
            return error_answer(507, "the lake's disk is full; nothing of this request was stored")
        return self._bug()

    def _bug(self) -> Response:
        _log.exception("this is a bug in the lake")
        return error_answer(500, "the lake failed; its log says why")

    def _answer(self, request: Request) -> Response:
        found, path = self._find(request.environ)
        caller = None
        if not found.signed:
            with self.platform.db.read() as conn:
                caller = self._caller(conn, request.environ.get("HTTP_AUTHORIZATION", ""))
        self._check_lease(request)
        call = Call(request, self.platform, caller, path)
        with call.held:
            return found.target(call)

    def _check_lease(self, request: Request) -> None:
        """Refuse what is sent under a lease that has ended: its sender may have slept while somebody else went on."""
        lease_id = request.headers.get(LEASE_HEADER)
        if lease_id is not None and not self.platform.plain:
            with self.platform.db.read() as conn:
                leases.check_is_held(conn, lease_id)

    def _find(self, environ: WSGIEnvironment) -> tuple[Route[Handler], dict[str, str]]:
        method, raw_path = environ.get("REQUEST_METHOD", "GET"), environ.get("PATH_INFO", "")
        return self._router.find(method, segments_of(raw_path, BASE))

    def _caller(self, conn: Connection, authorization: str) -> accounts.Caller:
        """Return who sent a request, by its header.

        Raises:
            Refusal: 401, it carries no token or one that is not known.
        """
        kind, _, token = authorization.partition(" ")
        if not kind and self.embedded:
            return accounts.owner(conn)
        if kind.lower() != "token" or not token.strip():
            raise Refusal(401, "the request carries no token: `Authorization: Token ...`")
        return accounts.authenticate(conn, token.strip())


def _refused(refusal: Refusal) -> Response:
    headers = {"WWW-Authenticate": "Token"} if refusal.status == 401 else {}
    return error_answer(refusal.status, refusal.message, headers)
