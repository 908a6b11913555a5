"""A project on a disk and the lake it is applied to, in this process: the real pipeline, arrow by arrow.

This is what `plan` and `apply` of the command line do, without its screens: manifests are read from files, a client
that may only read makes the plan, another one executes it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from picsellia_apply.cli.wishes import Wishes, policy_of
from picsellia_apply.client import Client
from picsellia_apply.client.connection import Connection
from picsellia_apply.client.embedded import EmbeddedAdapter
from picsellia_apply.client.target import EMBEDDED, EMBEDDED_URL
from picsellia_apply.client.transport import Settings, Transport
from picsellia_apply.inventory import read_inventory
from picsellia_apply.lake import Lake, open_lake
from picsellia_apply.manifest import load
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.plan import Plan
from picsellia_apply.model.result import Result
from picsellia_apply.pipeline import Planned, is_settled, make_plan, run_apply
from tests.laws.projects import Project
from tests.laws.rows import Rows, check_bytes, read_rows
from tests.laws.sky import Sky

MEMORY = Path("/dev/shm")  # noqa: S108 - a disk that is never full and never slow, where there is one
_empty: list[Path] = []


def scratch() -> Path:
    """Return a new folder for a world."""
    return Path(tempfile.mkdtemp(prefix="laws-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))


class World:
    """A folder with a project in it, and its lake.

    Attributes:
        folder: The project's; the lake, the journal and, where the lake keeps none, the inventory are in `.picsellia`.
        plain: Whether the lake speaks SDK v2 only.
        ahead: How much the lake's clock is ahead of this machine's.
    """

    def __init__(self, folder: Path | None = None, *, plain: bool = False) -> None:
        """Begin with an empty lake, or with what is in `folder`."""
        self.plain = plain
        self.root = folder or _fresh_copy(scratch())
        self.folder = self.root / "project"
        self.ahead = timedelta()
        self._lake: Lake | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.remove()

    @property
    def data(self) -> Path:
        """The folder of the lake."""
        return self.root / "project" / ".picsellia" / "lake"

    def declare(self, project: Project) -> None:
        """Put a project on the disk; what `.picsellia` holds stays."""
        kept = self.root / "kept"
        state = self.folder / ".picsellia"
        state.rename(kept)
        project.write(self.folder)
        kept.rename(state)

    def copy(self) -> World:
        """Return the same world again, in another folder: where it is does not count for what is planned."""
        self.close()
        other = scratch()
        shutil.copytree(self.root, other, dirs_exist_ok=True)
        return World(other, plain=self.plain)

    def close(self) -> None:
        """Close the lake; whoever asks it next opens it again."""
        lake, self._lake = self._lake, None
        if lake is not None:
            lake.close()

    def remove(self) -> None:
        """Close the lake and leave nothing on the disk."""
        self.close()
        shutil.rmtree(self.root)

    @contextlib.contextmanager
    def client(self, *, read_only: bool = False, sky: Sky | None = None) -> Iterator[Client]:
        """Give a client whose requests pass through `sky`."""
        if self._lake is None:
            self._lake = open_lake(self.data, embedded=True, plain=self.plain, clock=self._now)
        lake, above = self._lake, sky or Sky()
        transport = Transport(
            EMBEDDED_URL,
            None,
            read_only=read_only,
            adapter=lambda: above.around(EmbeddedAdapter(lake.wsgi, lambda: None)),
            settings=Settings(sleep=above.clock.sleep, clock=above.clock),
        )
        with Connection(transport, None, host=EMBEDDED) as connection, Client(connection=connection) as one:
            yield one

    def _now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def plan(self, *, sky: Sky | None = None, wishes: Wishes | None = None) -> Planned:
        """Read the manifests and make the plan."""
        declaration = load([self.folder])
        with self.client(read_only=True, sky=sky) as client:
            return make_plan(declaration, client, policy_of(wishes or Wishes(), declaration))

    def execute(self, planned: Planned, *, sky: Sky | None = None, parallelism: int = 1) -> Result:
        """Do what a plan says, as `apply` does: nothing where it is settled."""
        assert not planned.plan.refusals, planned.plan.refusals
        if is_settled(planned):
            return Result()
        with self.client(sky=sky) as client:
            return run_apply(planned, client, parallelism=parallelism, on_event=lambda _: None, stopped=lambda: False)

    def repage(self, size: int) -> None:
        """Rewrite the lake's database in pages of so many bytes, a power of two from 512 on: small ones fill soon."""
        self.close()
        with contextlib.closing(sqlite3.connect(self.data / "lake.db")) as conn:
            for statement in ("PRAGMA journal_mode=DELETE", f"PRAGMA page_size={size}", "VACUUM"):
                conn.execute(statement)

    def rows(self) -> Rows:
        """Return what the lake holds."""
        return read_rows(self.data)

    def check(self) -> None:
        """Assert that the lake's bytes are whole, once it was opened and swept again."""
        self.close()
        with self.client(read_only=True):
            check_bytes(self.data)

    def records(self) -> Mapping[str, Record]:
        """Return the inventory's records."""
        return self.inventory().records

    def inventory(self) -> Inventory:
        """Return the inventory."""
        with self.client(read_only=True) as client:
            return read_inventory(client, "laws", root=self.folder)


def _fresh_copy(root: Path) -> Path:
    """Fill a folder with an empty lake: made once, since its migrations take longer than a whole case."""
    if not _empty:
        _empty.append(scratch())
        open_lake(_empty[0] / "project" / ".picsellia" / "lake", embedded=True).close()
    shutil.copytree(_empty[0], root, dirs_exist_ok=True)
    return root


def forget_the_empty_one() -> None:
    """Remove the empty lake that all others begin as."""
    while _empty:
        shutil.rmtree(_empty.pop())


def blocked_in(plan: Plan) -> set[tuple[str, str, str]]:
    """Return what a plan calls blocked: address, rule and member."""
    return {(one.address, one.rule, name) for one in plan.blocked for name in one.names or ("",)}


def conflicts_in(plan: Plan) -> set[tuple[Any, ...]]:
    """Return what a plan calls a conflict: address and field."""
    return {(one.address, one.field) for one in plan.conflicts}
