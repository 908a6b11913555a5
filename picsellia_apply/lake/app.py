"""The lake as one WSGI application: find the route, know the caller, answer, and turn every fault into a status.

`PATH_INFO` holds the RAW path, still percent-encoded: the server adapter and the in-process bridge both see to it.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import ClientDisconnected, HTTPException
from werkzeug.wrappers import Request, Response

from picsellia_apply.lake.call import Call, Handler, Platform, error_answer
from picsellia_apply.lake.refusal import Refusal
from picsellia_apply.lake.router import Router, segments_of
from picsellia_apply.lake.routes import PLAIN_ROUTES, ROUTES
from picsellia_apply.lake.service import accounts

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BASE = "/sdk/v2/"
_CUT_OFF = "the body ends before it is whole"
_log = logging.getLogger(__name__)


class Application:
    """The WSGI application.

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
        request = Request(environ)
        return self._respond(request)(environ, start_response)

    def _respond(self, request: Request) -> Response:
        try:
            return self._answer(request)
        except Refusal as refusal:
            headers = {"WWW-Authenticate": "Token"} if refusal.status == 401 else {}
            return error_answer(refusal.status, refusal.message, headers)
        except (ClientDisconnected, ConnectionError, TimeoutError):
            return error_answer(400, _CUT_OFF)
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
        found, path = self._router.find(request.method, segments_of(request.environ.get("PATH_INFO", ""), BASE))
        caller = None if found.signed else self._caller(request)
        call = Call(request, self.platform, caller, path)
        with call.held:
            return found.target(call)

    def _caller(self, request: Request) -> accounts.Caller:
        """Return who sent a request.

        Raises:
            Refusal: 401, it carries no token or one that is not known.
        """
        kind, _, token = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        with self.platform.db.read() as conn:
            if not kind and self.embedded:
                return accounts.owner(conn)
            if kind.lower() != "token" or not token.strip():
                raise Refusal(401, "the request carries no token: `Authorization: Token ...`")
            return accounts.authenticate(conn, token.strip())
