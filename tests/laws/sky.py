"""What is between the program and the lake in these tests: every request passes here, and may meet with something.

`Sky` is a requests adapter around the one that answers for the lake in this process, so that the product's own
transport, repeats and typed errors are all in play. Its clock is the transport's: nobody sleeps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

Pass = Callable[[], Response]
Hook = Callable[[int, PreparedRequest, Pass], Response]
"""Called with the number of a request (from 1), the request, and what hands it to the lake and returns its answer."""


@dataclass
class Clock:
    """Seconds that pass only when somebody sleeps, or that jump."""

    now_s: float = 1_000.0
    slept_s: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept_s.append(seconds)
        self.now_s += seconds


def fair(number: int, request: PreparedRequest, pass_on: Pass) -> Response:
    """Let it through."""
    return pass_on()


class Sky(BaseAdapter):
    """Hands requests to the lake's adapter, through a hook.

    Attributes:
        count: How many requests came so far.
        log: Method and path of each.
        clock: What the transport's patience is counted by.
    """

    def __init__(self, hook: Hook = fair, clock: Clock | None = None) -> None:
        """Keep the hook; the lake's adapter is given by `around`."""
        super().__init__()
        self.hook = hook
        self.clock = clock or Clock()
        self.count = 0
        self.log: list[str] = []
        self._inner: BaseAdapter | None = None

    def around(self, inner: BaseAdapter) -> Sky:
        """Stand before another adapter."""
        self._inner = inner
        return self

    def send(  # noqa: PLR0917 - the adapter's contract
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """Answer a request, as the hook will."""
        inner = self._inner
        assert inner is not None
        self.count += 1
        self.log.append(f"{request.method} {request.path_url}")

        def pass_on() -> Response:
            return inner.send(request, stream, timeout, verify, cert, proxies)

        return self.hook(self.count, request, pass_on)

    def close(self) -> None:
        """Close the lake's adapter."""
        if self._inner is not None:
            self._inner.close()
