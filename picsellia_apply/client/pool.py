"""The connection pool to real hosts: kept-alive connections, long send blocks, no cookies. Imports `requests`.

`send` is what is left of a session's work where nobody uses cookies, redirects, hooks or authentication of the
library's: a third of the time of a small request.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse
    from urllib3.connectionpool import ConnectionPool

CONNECTIONS_PER_HOST = 32


class NoCookies(DefaultCookiePolicy):
    """Keeps no cookie: the token is all the platform needs, and a shared jar is not safe between threads."""

    def __init__(self) -> None:
        """Allow no domain."""
        super().__init__(allowed_domains=[])


class _OnePiece:
    """A connection that sends a request's head together with a body of bytes: the platform wakes up once for it."""

    _joining = False
    _head = b""

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **how: Any) -> None:
        """Send a request."""
        self._joining, self._head = isinstance(body, bytes) and bool(body), b""
        super().request(method, url, body, headers, **how)  # type: ignore[misc]

    def send(self, data: Any) -> None:
        """Send bytes; the head, which comes first, waits for what follows it."""
        if self._joining:
            self._joining, self._head = False, data
            return
        head, self._head = self._head, b""
        super().send(head + data if head else data)  # type: ignore[misc]


class _Connection(_OnePiece, HTTPConnection):
    pass


class _SecureConnection(_OnePiece, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class PooledAdapter(HTTPAdapter):
    """An adapter with a wide pool that sends bodies in blocks of `block_size` bytes.

    One session has one way of verifying and, for one host, one proxy: the pool of a host is looked up once.
    """

    def __init__(self, *, block_size: int) -> None:
        """Repeats are the transport's business, so the pool makes none."""
        self._block_size = block_size
        self._pools: dict[tuple[str, str], ConnectionPool] = {}
        super().__init__(pool_connections=8, pool_maxsize=CONNECTIONS_PER_HOST, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        """Make the pool with our block size."""
        super().init_poolmanager(connections, maxsize, block, blocksize=self._block_size, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def get_connection_with_tls_context(
        self, request: PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> ConnectionPool:
        """Return the pool of a request's host."""
        address = urlsplit(str(request.url))
        host = (address.scheme, address.netloc)
        pool = self._pools.get(host)
        if pool is None:
            pool = self._pools[host] = super().get_connection_with_tls_context(request, verify, proxies, cert)
        return pool

    def close(self) -> None:
        """Close the connections."""
        self._pools.clear()
        super().close()

    def build_response(self, req: PreparedRequest, resp: BaseHTTPResponse) -> Response:
        """Return an answer, its cookies passed over."""
        response = Response()
        response.status_code = resp.status
        response.headers = CaseInsensitiveDict(resp.headers)
        response.raw = resp
        response.reason = resp.reason or ""
        response.url = req.url or ""
        response.request = req
        response.connection = self
        return response


@functools.lru_cache(maxsize=64)
def _prepared_url(url: str) -> str:
    request = PreparedRequest()
    request.prepare_url(url, None)
    return str(request.url)


def send(session: Session, method: str, url: str, headers: Mapping[str, str], data: Any, **how: Any) -> Response:
    """Send a request once and return its answer, read whole unless `stream` is asked for; no redirect is followed.

    Args:
        session: Its headers, its adapters and its way of verifying are used.
        method: HTTP method.
        url: Where to.
        headers: Besides the session's own.
        data: The body: bytes, a stream or None.
        how: `timeout`, `proxies` and `stream`, as for an adapter.

    Raises:
        requests.RequestException: No whole answer came.
    """
    request = PreparedRequest()
    request.method, request.url = method, _prepared_url(url)
    request.prepare_headers({**session.headers, **headers})
    request.prepare_body(data, None)
    response = session.get_adapter(url).send(request, verify=session.verify is None or session.verify, **how)
    if not how.get("stream"):
        _ = response.content
    return response
