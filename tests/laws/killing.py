"""An apply in a process of its own, which may meet its end at an exact step: no `finally` of it runs on, no thread.

A step is a request of the apply, or a write or a sync of a file (the journal's, the inventory's, the lake's blobs): it
is killed before or after it has happened, or finds the disk full from there on. The process is a fork of this one, so
that it begins in milliseconds.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, TypeVar

from requests import PreparedRequest, Response

from picsellia_apply.errors import PicselliaError
from picsellia_apply.pipeline import Planned
from tests.e2e.cramped import leave_room
from tests.laws.sky import Hook, Pass, Sky
from tests.laws.worlds import World

T = TypeVar("T")
Side = Literal["before", "after", "full"]


@dataclass(frozen=True)
class Death:
    """When a process ends: at which step (from 1), before or after it. `full`: from it on no file can be written."""

    step: int
    side: Side


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes:
        killed: It killed itself.
        steps: How many steps it made, when it was not killed.
        refused: What it was refused with, in the words of the program; empty when it did its work.
    """

    killed: bool
    steps: int = 0
    refused: str = ""


class _Steps:
    """Counts what may be the last thing that a process does."""

    def __init__(self, death: Death | None) -> None:
        self.count = 0
        self._death = death
        self._lock = threading.Lock()

    def step(self, act: Callable[[], T]) -> T:
        with self._lock:
            self.count += 1
            number = self.count
        self._die_at(number, "before")
        done = act()
        self._die_at(number, "after")
        return done

    def _die_at(self, number: int, side: Side) -> None:
        if self._death == Death(number, side):
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, hook: Hook) -> Hook:
        """Return a hook that counts as a step what another one does."""

        def counted(number: int, request: PreparedRequest, pass_on: Pass) -> Response:
            return self.step(lambda: hook(number, request, pass_on))

        return counted

    def watch_files(self) -> None:
        """Count syncs too; for good, as this process is not needed any more."""
        for name in ("write", "fsync", "fdatasync"):
            setattr(os, name, self._watched(getattr(os, name)))

    def _watched(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any) -> Any:
            if self._death is not None and self._death.side == "full" and self.count >= self._death.step:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return self.step(lambda: act(*args))

        return watched


def apply_apart(
    world: World,
    sky: Sky | None = None,
    *,
    death: Death | None = None,
    parallelism: int = 1,
    room: int | None = None,
) -> Ended:
    """Apply a world's manifests in another process; nothing of it is left in this one.

    Args:
        world: Whose.
        sky: What its requests meet with.
        death: When the process ends.
        parallelism: Requests at once.
        room: By how many pages the lake's database may grow; None for any number.
    """
    world.close()
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads: the child needs none of them
        child = os.fork()
    if child == 0:
        if room is not None:
            leave_room(room)
        _live(world, sky or Sky(), death, parallelism, writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return Ended(killed=True)
    assert os.waitstatus_to_exitcode(status) == 0, told
    return Ended(killed=False, **json.loads(told))


def _execute(world: World, planned: Planned, sky: Sky, parallelism: int) -> str:
    if planned.plan.refusals:
        return str(planned.plan.refusals)
    try:
        result = world.execute(planned, sky=sky, parallelism=parallelism)
    except (PicselliaError, OSError) as error:
        return f"{type(error).__name__}: {error}"
    return "" if result.complete else str([one for one in result.operations if one.status != "done"])


def _live(world: World, sky: Sky, death: Death | None, parallelism: int, told: int) -> NoReturn:
    """Be the other process; the tests' own machinery never gets it back."""
    code, tell = 1, os.write
    try:
        steps = _Steps(death)
        planned = world.plan()
        steps.watch_files()
        sky.hook = steps.around(sky.hook)
        refused = _execute(world, planned, sky, parallelism)
        tell(told, json.dumps({"steps": steps.count, "refused": refused}).encode())
        code = 0
    except BaseException:  # noqa: BLE001 - told to the parent, which fails
        tell(told, traceback.format_exc().encode())
    finally:
        sys.stdout.flush()
        os._exit(code)
