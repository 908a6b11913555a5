"""Requests to one platform: one session, kept alive, with timeouts, safe repeats and typed errors.

Everything the client sends goes through `Transport`; nothing else knows `requests`. Which URL prefix an adapter of its
own answers (the embedded lake, a test's fault injector) is given when it is made. Must not know what the requests mean,
apart from which of them only read.

`requests` and `tenacity` are imported when the first request is sent and when the first one fails: a command that asks
nobody pays for neither.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from picsellia_apply import __version__
from picsellia_apply.client.body import Body, payload_of
from picsellia_apply.client.encoding import json_of
from picsellia_apply.client.failures import REPEATABLE, Transient, refused, retry_after_s, unanswered
from picsellia_apply.client.quoting import path_of
from picsellia_apply.client.readonly import keeps_a_lease, only_reads
from picsellia_apply.errors import NetworkError, PicselliaError, ProcessingError, RefusedError

if TYPE_CHECKING:
    import requests
    from requests.adapters import BaseAdapter
    from tenacity import RetryCallState

LONGEST_WAIT_S = 120.0
"""A platform that asks to wait longer than this is told to the user instead of waited for."""
_SEND_BLOCK = 256 * 1024

T = TypeVar("T")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    url: str
    what: str
    repeat_safe: bool
    body: Body | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    stream: bool = False
    redirects: bool = False
    writes: bool = False

    def may_repeat(self, error: BaseException) -> bool:
        if not isinstance(error, Transient) or (error.wait_s or 0.0) > LONGEST_WAIT_S:
            return False
        return self.repeat_safe or error.unsent


@dataclass(frozen=True, slots=True)
class Settings:
    """How patient a transport is.

    Attributes:
        timeout_s: Connect and read timeouts of one attempt.
        attempts: Most attempts for one request, at least 1.
        sleep: How to wait between attempts.
        clock: Seconds that only rise.
    """

    timeout_s: tuple[float, float] = (10.0, 120.0)
    attempts: int = 5
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


class Transport:
    """Sends requests to one platform; usable from several threads.

    Attributes:
        base_url: The platform's address, ends in `/`.
        read_only: Refuse every request that is not on the list of those that only read.
        requests: How many requests were sent so far, repeats included.
        before_write: Called before each attempt at a request that writes, apart from those about leases; what it raises
            keeps the request from leaving.
        write_headers: Sent with requests that write, never to signed URLs.
    """

    def __init__(
        self,
        base_url: str,
        token: str | None = None,
        *,
        read_only: bool = False,
        adapter: Callable[[], BaseAdapter] | None = None,
        settings: Settings | None = None,
    ) -> None:
        """Keep what is needed; nothing is sent and nothing heavy is imported yet.

        Args:
            base_url: Ends in `/`; paths are appended to it.
            token: Sent with every request to `base_url`, never to signed URLs, logs or messages.
            read_only: Refuse writing requests.
            adapter: Makes what answers `base_url` and the signed URLs of its host, instead of the network.
            settings: Timeouts and attempts.
        """
        self.base_url = base_url
        self.read_only = read_only
        self.requests = 0
        self.before_write: Callable[[], None] | None = None
        self.write_headers: Mapping[str, str] = {}
        self._token = token
        self._adapter = adapter
        self._settings = settings or Settings()
        self._lock = threading.Lock()
        self._session: requests.Session | None = None
        self._proxies: dict[str, dict[str, str]] = {}
        self._resume_at = 0.0
        self._told_to_wait = False

    def ask(
        self,
        method: str,
        *segments: str,
        answer: type[T],
        repeat_safe: bool,
        body: object = None,
        query: Mapping[str, str] | None = None,
    ) -> T:
        """Send a request with an optional JSON body and return its decoded answer.

        Args:
            method: HTTP method; a GET may have a body.
            segments: Raw path segments; each is quoted.
            answer: The type the answer must have.
            repeat_safe: The platform ends in the same state when it sees this request twice.
            body: Encoded as JSON; None sends none.
            query: Appended to the URL.

        Raises:
            PicselliaError: The kinds listed in `errors`, by status; TyperError where a text cannot be sent.
        """
        data = None if body is None else json_of(body)
        presigned = getattr(body, "method", None)
        return self.ask_raw(
            method, *segments, answer=answer, repeat_safe=repeat_safe, data=data, query=query, presigned=presigned
        )

    def ask_raw(
        self,
        method: str,
        *segments: str,
        answer: type[T],
        repeat_safe: bool,
        data: Body | None,
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
        presigned: str | None = None,
    ) -> T:
        """Send a request whose body is already made; otherwise as `ask`."""
        writes = not only_reads(method, segments, presigned=presigned)
        if self.read_only and writes:
            raise RefusedError(f"{method} {segments[0]}: this client was opened for reading only")
        path = path_of(*segments)
        headers = {"Authorization": f"Token {self._token}"} if self._token else {}
        writes = writes and not keeps_a_lease(segments)
        if writes:
            headers |= self.write_headers
        if data is not None:
            headers["Content-Type"] = content_type
        url = f"{self.base_url}{path}"
        if query:
            from urllib.parse import urlencode

            url = f"{url}?{urlencode(query)}"
        what = f"{method} {path}"
        response = self._send(_Call(method, url, what, repeat_safe, data, headers, writes=writes))
        return _decoded(what, response.content, answer)

    def object_get(self, url: str) -> requests.Response:
        """Open a signed URL for reading; the caller reads the stream and closes the response."""
        return self._send(_Call("GET", url, _told("GET", url), repeat_safe=True, stream=True, redirects=True))

    def object_form(self, url: str, fields: Mapping[str, str], data: bytes) -> None:
        """Send `data` by a signed form; the object is replaced as a whole, so that a repeat is safe."""
        self._refuse_write("POST", url)
        self._send(_Call("POST", url, _told("POST", url), repeat_safe=True, body=data, form=fields, writes=True))

    def object_put(self, url: str, data: Body) -> Mapping[str, str]:
        """Put one part to a signed URL and return the answer's headers."""
        self._refuse_write("PUT", url)
        return self._send(_Call("PUT", url, _told("PUT", url), repeat_safe=True, body=data, writes=True)).headers

    def close(self) -> None:
        """Close the connections; the next request would open new ones."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.close()

    def _refuse_write(self, method: str, url: str) -> None:
        if self.read_only:
            raise RefusedError(f"{_told(method, url)}: this client was opened for reading only")

    def _send(self, call: _Call) -> requests.Response:
        try:
            try:
                return self._once(call)
            except Transient as first:
                if self._settings.attempts == 1 or not call.may_repeat(first):
                    raise
                return self._again(call, first)
        except Transient as last:
            raise last.error from last

    def _again(self, call: _Call, first: Transient) -> requests.Response:
        """Repeat a call whose first attempt failed with `first`."""
        import tenacity

        backoff = tenacity.wait_exponential(multiplier=0.5, max=20.0) + tenacity.wait_random(0, 0.5)
        failed = [first]
        if isinstance(first.error, NetworkError) and not self._told_to_wait:
            self._told_to_wait = True
            logger.warning("%s; trying again", first)  # a dead host is no silence of many seconds

        def attempt() -> requests.Response:
            if failed:
                raise failed.pop()
            return self._once(call)

        def wait_s(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.wait_s if isinstance(error, Transient) else None
            logger.info("%s; trying again", error)
            return backoff(state) if asked is None else asked + tenacity.wait_random(0, 0.5)(state)

        return tenacity.Retrying(
            sleep=self._settings.sleep,
            stop=tenacity.stop_after_attempt(self._settings.attempts),
            wait=wait_s,
            retry=tenacity.retry_if_exception(call.may_repeat),
            reraise=True,
        )(attempt)

    def _once(self, call: _Call) -> requests.Response:
        """Send once; a failure that may pass is a `Transient`."""
        session = self._session or self._open()
        import requests

        self._hold()
        if call.writes and self.before_write is not None:
            self.before_write()
        started = time.perf_counter()
        with self._lock:
            self.requests += 1
        with ExitStack() as opened:
            payload = payload_of(call.body, call.headers, call.form)
            if hasattr(payload["data"], "close"):
                opened.callback(payload["data"].close)
            try:
                response = self._answer(session, call, payload)
            except requests.RequestException as error:
                raise unanswered(call.what, error, self._settings.timeout_s) from error
        logger.debug("%s -> %d, %.1f ms", call.what, response.status_code, 1000 * (time.perf_counter() - started))
        if response.status_code < 300 and response.status_code != 208:
            return response
        raise self._failure(call, response)

    def _answer(self, session: requests.Session, call: _Call, payload: Mapping[str, Any]) -> requests.Response:
        from picsellia_apply.client.pool import send

        how: dict[str, Any] = {"timeout": self._settings.timeout_s, "proxies": self._proxies_of(call.url)}
        if call.redirects:
            return session.request(call.method, call.url, stream=call.stream, **how, **payload)
        return send(session, call.method, call.url, stream=call.stream, **how, **payload)

    def _hold(self) -> None:
        """Wait while the platform asks for quiet: what it told one thread counts for all of them."""
        left_s = self._resume_at - self._settings.clock()
        if left_s > 0:
            self._settings.sleep(left_s)

    def _failure(self, call: _Call, response: requests.Response) -> Exception:
        import requests

        with response:
            try:
                content = response.content
            except requests.RequestException as error:
                return unanswered(call.what, error, self._settings.timeout_s)
        status = response.status_code
        refusal = refused(call.what, status, content, token=self._token)
        if status != 429 and status not in REPEATABLE:
            return refusal
        wait_s = retry_after_s(response.headers.get("Retry-After"))
        if wait_s is not None and wait_s <= LONGEST_WAIT_S:
            self._resume_at = max(self._resume_at, self._settings.clock() + wait_s)
        return Transient(refusal, unsent=status == 429, wait_s=wait_s)

    def _open(self) -> requests.Session:
        """Make the session: no cookies, no netrc (it would replace our token), environment read once."""
        import requests

        from picsellia_apply.client.pool import NoCookies, PooledAdapter

        with self._lock:
            if self._session is not None:
                return self._session
            session = requests.Session()
            session.trust_env = False
            session.cookies.set_policy(NoCookies())
            session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
            session.headers["User-Agent"] = f"picsellia-apply/{__version__}"
            for prefix in ("http://", "https://"):
                session.mount(prefix, PooledAdapter(block_size=_SEND_BLOCK))
            if self._adapter is not None:
                address = urlsplit(self.base_url)
                session.mount(f"{address.scheme}://{address.netloc}/", self._adapter())
            self._session = session
            return session

    def _proxies_of(self, url: str) -> dict[str, str]:
        """Return the environment's proxies for a host, asked once per host: it costs a quarter of a request."""
        host = urlsplit(url).netloc
        if host not in self._proxies:
            from requests.utils import get_environ_proxies

            self._proxies[host] = {} if self._adapter else dict(get_environ_proxies(url))
        return self._proxies[host]


def _decoded(what: str, content: bytes, answer: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        hint = "does the host's address end in `/sdk/v2/`?" if content[:1] not in (b"{", b"[") else ""
        raise ProcessingError(f"{what}: the answer makes no sense: {error}", hint) from error


def _told(method: str, url: str) -> str:
    """Return a signed URL fit for a message: without its query, which is a key.

    Raises:
        ProcessingError: The platform sent what is no URL.
    """
    try:
        address = urlsplit(url)
    except ValueError:
        raise ProcessingError(f"{method}: the platform sent an address that is none") from None
    return f"{method} {address.scheme}://{address.hostname}{address.path}"


def chunks(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """Return `items` in pieces of at most `size`."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def in_chunks(items: Sequence[T], size: int, send: Callable[[Sequence[T]], object]) -> None:
    """Send `items` in pieces of at most `size`; an error after the first says so in `partly`."""
    for number, some in enumerate(chunks(items, size)):
        try:
            send(some)
        except PicselliaError as error:
            error.partly = error.partly or number > 0
            raise
