"""Promise 2 with real processes: an apply that is killed at an exact request, over HTTP, in both modes.

The server stops answering at the request, before or after the lake was given it, and says so; then the apply is killed
by its process id. Run again, the lake's rows and the inventory are those of an apply that nobody interrupted. The
photographs of BCCD, and a small project of the same shape that is always there.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import pytest

from picsellia_apply.cli.wishes import Wishes, policy_of
from picsellia_apply.client import Client
from picsellia_apply.manifest import load
from picsellia_apply.model.declaration import Declaration
from picsellia_apply.model.inventory import Record
from picsellia_apply.pipeline import make_plan
from tests.e2e.test_bccd import BCCD
from tests.e2e.test_bccd import fill as fill_bccd
from tests.laws import gate
from tests.laws.conftest import TOLD
from tests.laws.profiles import PROFILE
from tests.laws.projects import PICTURES, Dataset, Network, Project, Query, Set, Shape, Source, Version
from tests.laws.rows import Rows, check_bytes, read_rows
from tests.laws.test_killed import differing_records, differing_rows
from tests.laws.test_reading import said
from tests.laws.worlds import scratch

APPLY = ("apply", "--auto-approve")
COMMAND = Path(sys.executable).with_name("picsellia-apply")
POINTS = 60 if PROFILE != "ci" else 5
"""Requests, spread evenly over the apply, before and after each of which it is killed; in CI 5 in each mode."""
SIDES = ("before", "after")
BOX: tuple[Shape, ...] = (("car", "rectangle", 1, 2),)
SMALL = Project(
    sets={"s0": Set(PICTURES[:4], ("sky",), restore=False), "s1": Set(PICTURES[2:], ("sky", "night"), restore=False)},
    queries={"q0": Query(("sky", "night"), 1.0, ("seen",), ())},
    dataset=Dataset(
        "Cells",
        private=True,
        labels=(("car", "rectangle"),),
        versions={
            "first": Version(None, {"set": "s0"}, (), (Source("merge", dict.fromkeys(PICTURES, BOX)),), frozen=False),
            "second": Version("first", {"query": "q0"}, (), (), frozen=False),
        },
    ),
    network=Network({"type": "detection", "description": "Draft"}, {"config": "one"}, 1),
)


@dataclass(frozen=True)
class Folder:
    """What `fill` of BCCD's own test wants to be given."""

    folder: Path

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)


class Stage:
    """A project, and a server whose gate obeys.

    Attributes:
        folder: The project's.
    """

    def __init__(self, mode: str, root: Path) -> None:
        self.root, self.folder = root, root / "project"
        command = [sys.executable, "-m", "tests.laws.gate", mode]
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._server.stdout is not None
        self._told = self._server.stdout
        self._lakes = 0
        self._port = ""
        self._declaration: Declaration | None = None
        self.lake = root

    def order(self, **what: Any) -> str:
        """Tell the server something, and return its answer."""
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(what) + "\n")
        self._server.stdin.flush()
        return self.hear()

    def hear(self) -> str:
        """Return the next thing that the server says."""
        return self._told.readline().strip()

    def hears_while(self, process: subprocess.Popen[bytes]) -> bool:
        """Wait until the server says something, or the process has ended; return whether it was the server."""
        while process.poll() is None:
            if select.select([self._told], [], [], 0.02)[0]:
                return True
        return False

    def begin(self, at: int = 0, side: str = "before") -> None:
        """Serve a fresh lake to a project that was never applied."""
        shutil.rmtree(self.folder / ".picsellia", ignore_errors=True)
        self._lakes += 1
        self.lake = self.root / f"lake-{self._lakes}"
        self._port = self.order(lake=str(self.lake), at=at, side=side).removeprefix("ready ")

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self._port}/sdk/v2/"

    def apply(self) -> subprocess.Popen[bytes]:
        """Begin an apply in another process."""
        environ = {**os.environ, **self._environ()}
        return subprocess.Popen([COMMAND, *APPLY], cwd=self.folder, env=environ, stdout=DEVNULL, stderr=DEVNULL)

    def _environ(self) -> dict[str, str]:
        return {"PICSELLIA_HOST": self.host, "PICSELLIA_TOKEN": gate.TOKEN}

    def apply_whole(self) -> None:
        """Apply to the end, in this process: who is not killed need not be another."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self._environ().items():
                patch.setenv(name, value)
            assert said(self.folder, *APPLY) in {0, 7}  # 7: an SDK v2 platform cannot do all of it, now as ever

    def found(self) -> tuple[Rows, Mapping[str, Record]]:
        """Return the lake's rows and what we own of them, as the next plan has it, which must be an empty one."""
        self._declaration = self._declaration or load([self.folder])
        policy = policy_of(Wishes(), self._declaration)
        with Client(gate.TOKEN, None, self.host, read_only=True, greet=False) as client:
            planned = make_plan(self._declaration, client, policy).plan
        assert not planned.operations
        check_bytes(self.lake)
        return read_rows(self.lake), planned.records

    def end(self) -> None:
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.kill()
        self._server.wait()
        self._told.close()


@pytest.fixture(params=["extension", "plain"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    root = scratch()
    one = Stage(request.param, root)
    yield one
    one.end()
    shutil.rmtree(root)


def check(stage: Stage, *, thin: bool = False) -> str:
    """Kill an apply before and after each of some requests, and compare what running it again leads to.

    Args:
        stage: With a project.
        thin: Before one request, after the next.

    Returns:
        At how many different ones it was killed.
    """
    stage.begin()
    stage.apply_whole()
    total = int(stage.order(free=True).removeprefix("free "))
    whole = stage.found()
    points = sorted({1 + round((total - 1) * row / (POINTS - 1)) for row in range(POINTS)})
    killed = set()
    for row, point in enumerate(points):
        for side in SIDES[row % 2 :: 2] if thin else SIDES:
            at = kill_at(stage, point, side)
            killed.add(at)
            stage.apply_whole()
            rows, records = stage.found()
            where = f"killed {side} request {at} of {total}"
            assert not differing_rows(rows, whole[0]), where
            assert not differing_records(records, whole[1]), where
    return f"killed at {len(killed)} of {total} requests"


def kill_at(stage: Stage, point: int, side: str) -> int:
    """Kill an apply at a request, or at the last one that it makes, and return which it was.

    How many requests there are depends on the clock: a slow apply writes the inventory and renews its lease more often.
    An apply that ended before its turn is begun anew, to be killed at the last request that it made; that comes earlier
    each time, and so comes to an end.
    """
    while True:
        assert point, "an apply that makes no request"
        stage.begin(point, side)
        frozen, made = wait_and_kill(stage)
        if frozen:
            return point
        point = min(made, point - 1)


def wait_and_kill(stage: Stage) -> tuple[bool, int]:
    """Apply, and kill it where the gate freezes; return whether it did, and how many requests came."""
    with stage.apply() as process:
        frozen = stage.hears_while(process)
        if frozen:
            assert stage.hear() == "frozen"
            os.kill(process.pid, signal.SIGKILL)
    told = stage.order(free=True)
    if told == "frozen":  # in its last moment, at a request of the lease that nothing waited for
        told = stage.hear()
    made = int(told.removeprefix("free "))
    assert process.returncode == -signal.SIGKILL if frozen else process.returncode in {0, 7}
    return frozen, made


def test_killed_at_exact_requests(stage: Stage, record_property: Callable[[str, object], None]) -> None:
    SMALL.write(stage.folder)
    record_property(TOLD, check(stage))


@pytest.mark.skipif(not BCCD.is_dir(), reason=f"the photographs are absent: {BCCD}")
def test_killed_at_exact_requests_of_bccd(stage: Stage, record_property: Callable[[str, object], None]) -> None:
    stage.folder.mkdir()
    fill_bccd(Folder(stage.folder))  # type: ignore[arg-type]  # all it does is to write files
    record_property(TOLD, check(stage, thin=PROFILE == "ci"))
