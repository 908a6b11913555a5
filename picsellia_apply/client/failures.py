"""What an unhappy answer, or none at all, means: the one mapping from HTTP to the exceptions of `errors`.

Every text of a server is untrusted: it is cut, and what could steer a terminal is taken out. URLs of objects carry
signatures, so only method and path are told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from picsellia_apply import errors

if TYPE_CHECKING:
    import requests

REPEATABLE = frozenset({500, 502, 503, 504})
"""Statuses after which a request may be sent again where a repeat is safe."""
TEXT_LIMIT = 500
"""Most characters of a server's own words in a message."""

_KINDS: dict[int, type[errors.PicselliaError]] = {
    208: errors.ConflictError,  # of a picture: one of this name is there
    400: errors.InvalidQueryError,
    401: errors.UnauthorizedError,
    402: errors.UnsufficientRessourcesError,
    403: errors.ForbiddenError,
    404: errors.ResourceNotFoundError,
    409: errors.ConflictError,
    412: errors.ConflictError,
    422: errors.InvalidQueryError,
    423: errors.LeaseHeld,
    429: errors.ApiLimitError,
}
_HINTS = {
    401: "set PICSELLIA_TOKEN to a valid token of this platform",
    403: "the token may not do this; ask an owner of the organization",
    429: "try again later, or with less parallelism",
}


class TooLargeError(errors.InvalidQueryError):
    """The platform, or a proxy before it, takes no body of this size (413)."""


class Transient(Exception):  # noqa: N818 - it says that the failure may pass
    """A failure that may pass.

    Attributes:
        error: What to raise when it does not pass.
        unsent: The platform has certainly not acted on the request, so that any request may be repeated.
        wait_s: How long the platform asks to wait, or None.
    """

    def __init__(self, error: errors.PicselliaError, *, unsent: bool = False, wait_s: float | None = None) -> None:
        """Keep the error that stands behind."""
        super().__init__(error.message)
        self.error = error
        self.unsent = unsent
        self.wait_s = wait_s


class _Refusal(msgspec.Struct):
    error: Any = None
    errors: Any = None


def _said(content: bytes) -> str:
    try:
        refusal = msgspec.json.decode(content, type=_Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    said = refusal.error or refusal.errors
    return "; ".join(map(str, said)) if isinstance(said, list) else str(said or "")


def plain_text(text: str, *, secret: str | None = None) -> str:
    """Return a server's text fit for a message: one line, cut, printable, without `secret`."""
    if secret:
        text = text.replace(secret, "***")
    return "".join(c if c.isprintable() else " " for c in text[:TEXT_LIMIT]).strip()


def refused(what: str, status: int, content: bytes, *, token: str | None) -> errors.PicselliaError:
    """Return the exception for a status that is not a success.

    Args:
        what: Method and path.
        status: HTTP status, 208 or 300 to 599.
        content: The answer's body; `error` or `errors` of a JSON object are told.
        token: Taken out of the text, should the server repeat it.
    """
    said = plain_text(_said(content), secret=token) or f"status {status}"
    if status == 413:
        return TooLargeError(f"{what}: {said}", "the platform or a proxy limits the size of requests")
    kind = _KINDS.get(status, errors.ProcessingError)
    hint = _HINTS.get(status, "")
    if 300 <= status < 400:
        said, hint = f"the platform answers with a redirect ({status})", "give the host's final address"
    return kind(f"{what}: {said}", hint)


def retry_after_s(header: str | None) -> float | None:
    """Return the seconds a `Retry-After` header asks for (a number or a date), None when it says nothing usable."""
    if not header:
        return None
    from urllib3.exceptions import InvalidHeader
    from urllib3.util import Retry

    try:
        return Retry().parse_retry_after(header)
    except InvalidHeader:
        return None


def _was_unsent(error: requests.RequestException) -> bool:
    from urllib3.exceptions import NewConnectionError

    return any(isinstance(getattr(one, "reason", None), NewConnectionError) for one in error.args)


def unanswered(what: str, error: requests.RequestException, timeout_s: tuple[float, float]) -> Transient:
    """Return what a request without a whole answer means.

    Args:
        what: Method and path, without a query.
        error: As raised by requests; its text may hold a signed URL and is not shown.
        timeout_s: Connect and read timeouts that were in force.

    Raises:
        NetworkError: The failure will not pass: the certificate is not trusted.
        UsageError: The address is not one.
    """
    from requests import exceptions as failure

    match error:
        case failure.SSLError():
            hint = "is it https at all? a private authority is named by REQUESTS_CA_BUNDLE"
            raise errors.NetworkError(f"{what}: no trusted TLS connection", hint) from error
        case failure.InvalidURL() | failure.InvalidSchema() | failure.MissingSchema():
            raise errors.UsageError(f"{what}: not an address that can be asked") from error
        case failure.ConnectTimeout():
            return Transient(errors.NetworkError(f"{what}: no connection within {timeout_s[0]:g} s"), unsent=True)
        case failure.Timeout():
            return Transient(errors.NetworkError(f"{what}: no answer within {timeout_s[1]:g} s"))
        case failure.ProxyError():
            return Transient(errors.NetworkError(f"{what}: the proxy did not connect"))
        case failure.ConnectionError() if _was_unsent(error):
            hint = "is the platform running, and is the host right?"
            return Transient(errors.NetworkError(f"{what}: no connection", hint), unsent=True)
        case failure.ConnectionError():
            return Transient(errors.NetworkError(f"{what}: the connection broke"))
        case _:
            return Transient(errors.NetworkError(f"{what}: the answer was cut short"))
