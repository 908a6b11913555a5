"""The connection pool to real hosts: kept-alive connections, long send blocks, no cookies. Imports `requests`."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import Any

from requests.adapters import HTTPAdapter

CONNECTIONS_PER_HOST = 32


class NoCookies(DefaultCookiePolicy):
    """Keeps no cookie: the token is all the platform needs, and a shared jar is not safe between threads."""

    def __init__(self) -> None:
        """Allow no domain."""
        super().__init__(allowed_domains=[])


class PooledAdapter(HTTPAdapter):
    """An adapter with a wide pool that sends bodies in blocks of `block_size` bytes."""

    def __init__(self, *, block_size: int) -> None:
        """Repeats are the transport's business, so the pool makes none."""
        self._block_size = block_size
        super().__init__(pool_connections=8, pool_maxsize=CONNECTIONS_PER_HOST, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        """Make the pool with our block size."""
        super().init_poolmanager(connections, maxsize, block, blocksize=self._block_size, **pool_kwargs)
