"""Requests of one kind that are answered together: those that come while others are being answered go as one group.

The more are waiting, the larger the group, and the less each costs: one thread is woken, one transaction committed and
one fsync waited for, for all of them. A request that comes alone is answered at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeVar

MOST = 64
"""Requests of one group."""

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Lane(Generic[Asked, Answer]):
    """Collects requests on an event loop and answers them in a thread, a group at a time."""

    def __init__(self, answer: Callable[[Sequence[Asked]], Sequence[Answer]], executor: Executor) -> None:
        """Nothing is running yet.

        Args:
            answer: Called in a thread with a group; returns an answer for each.
            executor: Its threads; a lane takes one at a time.
        """
        self._answer = answer
        self._executor = executor
        self._waiting: deque[tuple[Asked, asyncio.Future[Answer]]] = deque()
        self._is_busy = False

    async def ask(self, asked: Asked) -> Answer:
        """Return the answer to one request."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((asked, future))
        if not self._is_busy:
            self._is_busy = True
            loop.call_soon(self._start, loop)  # behind the requests that have arrived by now
        return await future

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._executor.submit(self._run, loop)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        """Answer groups until nothing waits; in a thread."""
        while group := [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]:
            futures = [future for _, future in group]
            try:
                answers = self._answer([asked for asked, _ in group])
            except BaseException as error:  # noqa: BLE001 - it is raised again where the answer is waited for
                loop.call_soon_threadsafe(_fail, futures, error)
            else:
                loop.call_soon_threadsafe(_deliver, futures, answers)
        loop.call_soon_threadsafe(self._rest, loop)

    def _rest(self, loop: asyncio.AbstractEventLoop) -> None:
        """Go on with what came after the thread had looked."""
        self._is_busy = bool(self._waiting)
        if self._is_busy:
            self._start(loop)


def _deliver(futures: Sequence[asyncio.Future[Answer]], answers: Sequence[Answer]) -> None:
    for future, answer in zip(futures, answers, strict=True):
        if not future.done():
            future.set_result(answer)


def _fail(futures: Sequence[asyncio.Future[Answer]], error: BaseException) -> None:
    for future in futures:
        if not future.done():
            future.set_exception(error)
