"""Execute a plan: level by level, journaled, a failure skipping only what needs it.

Long operations (pictures, tags, versions, annotations) run one after another, each in parallel inside; the short ones
of a level run side by side. The inventory is written as operations finish, though not at every one when they are quick
and it is large; what a kill loses of it, the journal says. Deletes come last, and only if nothing failed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from picsellia_apply.errors import (
    ApiLimitError,
    LeaseHeld,
    NetworkError,
    PicselliaError,
    ProcessingError,
    StalePlan,
    TransferError,
)
from picsellia_apply.executor import datasets, networks, objects, pictures, preconditions
from picsellia_apply.executor.added import Added
from picsellia_apply.executor.context import Context, Done, PictureIds, RemoteIds
from picsellia_apply.executor.events import Advanced, Event, Finished, Started
from picsellia_apply.executor.journal import Journal
from picsellia_apply.executor.leftover import Ending, Leftover
from picsellia_apply.executor.order import Steps, steps
from picsellia_apply.executor.records import Keeper, owned
from picsellia_apply.executor.renaming import renames
from picsellia_apply.executor.taken import Taken
from picsellia_apply.model.address import Address, parse_address
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Operation, Plan
from picsellia_apply.model.result import OperationResult, Result, Status

if TYPE_CHECKING:
    from picsellia_apply.client import Client

LONG = ("pictures", "query", "version", "annotations")
"""Kinds that are parallel inside, so that one runs at a time."""

_UNCERTAIN = (NetworkError, ProcessingError, ApiLimitError, TransferError, OSError)
"""After these nobody knows whether the platform did it."""


def execute(
    plan: Plan,
    client: Client,
    paths: Mapping[str, str],
    journal: Journal,
    inventory: Inventory,
    *,
    leftovers: Mapping[str, Leftover] | None = None,
    root: Path | None = None,
    parallelism: int = 4,
    on_event: Callable[[Event], None] = lambda _: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Result:
    """Do what a plan says.

    Args:
        plan: Without refusals; what it calls blocked is left alone.
        client: Of the platform that the plan is for.
        paths: `Bytes.ref` to the path to open.
        journal: Of this workspace; what it holds of an unfinished apply decides who made what.
        inventory: As it was read when the plan was made.
        leftovers: What the journal holds, see `Journal.leftovers`; None: judged by `inventory`.
        root: Where it was read from, see `read_inventory`.
        parallelism: Requests at once, at least 1.
        on_event: Called from any thread, one call at a time.
        stopped: Once it returns True no new work begins; what is in flight ends.

    Returns:
        How each operation ended, in the plan's order. Failures of the platform are in there; they are not raised. Nor
        is the loss of the lease: what was not begun then is `interrupted`.

    Raises:
        StalePlan: The inventory is not the one that the plan was made from; nothing was written.
        ConflictError: Somebody else wrote the inventory meanwhile; what was done until then is done.
    """
    if inventory.serial != plan.inventory_serial:
        raise StalePlan(f"the inventory has moved from serial {plan.inventory_serial} to {inventory.serial}")
    found = journal.leftovers(inventory) if leftovers is None else leftovers
    return _Run(plan, client, paths, journal, inventory, found, root, parallelism, on_event, stopped).execute()


class _Run:
    """One apply under way."""

    def __init__(  # noqa: PLR0917 - made in one place
        self,
        plan: Plan,
        client: Client,
        paths: Mapping[str, str],
        journal: Journal,
        inventory: Inventory,
        leftovers: Mapping[str, Leftover],
        root: Path | None,
        parallelism: int,
        on_event: Callable[[Event], None],
        stopped: Callable[[], bool],
    ) -> None:
        self._plan, self._client, self._journal = plan, client, journal
        self._parallelism, self._on_event, self._asked_to_stop = parallelism, on_event, stopped
        self._lease_lost = self._unwritable = ""
        self._advanced: set[str] = set()
        self._steps: Steps = steps(plan)
        self._lock = Lock()
        records, self._added = owned(plan, leftovers, inventory.records), Added(plan, leftovers)
        self._keeper = Keeper(
            client,
            replace(inventory, applied=plan.digest),
            plan,
            records,
            self._steps.passengers,
            root=root,
            announce=journal.writing,
            rests=inventory.applied,
        )
        self._renames = renames(plan.operations)
        self._results: dict[tuple[str, str], OperationResult] = {}
        self._well: dict[str, bool] = {}
        self._all_done = True
        self._context = Context(
            plan=plan,
            client=client,
            paths=paths,
            parallelism=parallelism,
            emit=self._emit,
            stopped=self._stopped,
            adding=lambda operation, names, keys: journal.adding(operation.address, names, keys),
            found=self._found,
            created=journal.created,
            kept=self._keep_part,
            picture_ids=PictureIds(client),
            ids=RemoteIds(client),
            taken=Taken(plan),
        )

    def execute(self) -> Result:
        started, requests = time.monotonic(), self._client.requests
        try:
            if self._plan.operations:
                self._save(self._keeper.claim, first=True)
            for level in self._steps.levels:
                self._run_level(level)
                self._save(self._keeper.write)
        finally:
            self._save(partial(self._keeper.write, now=True, complete=self._is_complete()))
            self._journal.close()
        results = tuple(self._results[one.address, one.action] for one in self._plan.operations)
        seconds, sent = time.monotonic() - started, self._client.requests - requests
        result = Result(results, seconds, sent, self._lease_lost, self._unwritable)
        if result.complete and not self._lease_lost:
            self._journal.rotate(self._plan.records.keys() | {address for address, _ in self._results})
        return result

    def _is_complete(self) -> bool:
        """Return whether all of a plan is done."""
        results = [self._results.get((one.address, one.action)) for one in self._plan.operations]
        ended = tuple(one for one in results if one is not None)
        return len(ended) == len(results) and Result(ended).complete and not self._lease_lost

    def _stopped(self) -> bool:
        """Return whether no new work is to begin: somebody asked for that, the lease is lost, a disk is full."""
        return bool(self._lease_lost or self._unwritable) or self._asked_to_stop()

    def _save(self, write: Callable[[], None], *, first: bool = False) -> bool:
        """Write the inventory or the journal, and return whether that was possible: without them nothing is done.

        Under a lease that is lost the inventory is not written, and the journal says what was done.

        Args:
            write: Writes.
            first: Nothing was done yet, so that a platform which does not answer is all that there is to tell.
        """
        try:
            write()
        except LeaseHeld as error:
            self._lease_lost = str(error)
        except _UNCERTAIN as error:
            if first and isinstance(error, PicselliaError):
                raise
            why = error.strerror if isinstance(error, OSError) else None
            self._unwritable = f"the journal or the inventory cannot be written: {why or error}"
        else:
            return True
        return False

    def _run_level(self, level: Sequence[Operation]) -> None:
        short = [operation for operation in level if not operation.address.startswith(LONG)]
        for operation in level:
            if operation.address.startswith(LONG):
                self._run(operation)
        if len(short) == 1:
            self._run(short[0])
        elif short:
            with ThreadPoolExecutor(min(self._parallelism, len(short))) as pool:
                list(pool.map(self._run, short))

    def _run(self, operation: Operation) -> None:
        hindrance = self._hindrance(operation)
        if hindrance is not None:
            self._finish(operation, hindrance)
            return
        self._emit(_started(operation))
        rider = self._steps.riders.get(operation.address)
        moved = self._moved(operation, rider)
        if moved is not None:
            self._finish(operation, moved)
            return
        if self._save(lambda: self._begin(operation, rider)):
            self._finish(operation, self._attempt(operation, rider))
        else:
            self._finish(operation, _result(operation, "failed", error=self._unwritable))

    def _begin(self, operation: Operation, rider: Operation | None) -> None:
        """Write down what is about to be done."""
        self._advanced.discard(operation.address)
        for one in (operation, rider):
            if one is not None:
                record = self._plan.records.get(one.address)
                _, old = self._renames.get(one.address, ("", ""))
                origin = str(Address("network", old)) if old else ""
                put = {name: change.after for name, change in one.members.objects.items()}
                self._journal.begin(one.address, one.action, record, put, origin, deleted=self._deleted_first(one))
                self._journal.removing(one.address, one.members.remove)
        for passenger in self._steps.passengers.get(operation.address, ()):
            self._journal.begin(passenger, "create", self._plan.records[passenger])

    def _moved(self, operation: Operation, rider: Operation | None) -> OperationResult | None:
        """Return the result of an operation under which something moved since the plan, None where all is as planned.

        It is not in the journal yet: what is there now is somebody else's.
        """
        try:
            for one in (operation, rider):
                if one is not None:
                    preconditions.check(self._client, one)
        except PicselliaError as error:
            return _result(operation, "failed", error=str(error))
        return None

    def _deleted_first(self, operation: Operation) -> list[str]:
        """Return the pictures whose annotation a platform without an atomic replacement deletes and puts again."""
        policy = self._plan.policy
        if policy is not None and "replace" in policy.features:
            return []
        return [name for name, change in operation.members.objects.items() if change.before is not None]

    def _hindrance(self, operation: Operation) -> OperationResult | None:
        """Return the result of an operation that cannot begin, None when it can."""
        if self._lease_lost:
            return _result(operation, "interrupted")
        failed = [need for need in self._steps.needs[operation.address] if not self._succeeded(need)]
        if failed:
            return _result(operation, "skipped", error=f"`{min(failed)}` was not done")
        if self._unwritable:
            return _result(operation, "skipped", error=self._unwritable)
        if self._stopped():
            return _result(operation, "interrupted")
        if operation.action == "delete" and not self._all_done:
            return _result(operation, "skipped", error="nothing is deleted unless everything else succeeded")
        return None

    def _succeeded(self, address: str) -> bool:
        return self._well.get(address, False)

    def _attempt(self, operation: Operation, rider: Operation | None) -> OperationResult:
        try:
            done = _handle(self._context, operation, rider)
        except LeaseHeld as error:
            self._lease_lost = str(error)
            self._end(operation, rider, "failed")
            return _result(operation, "interrupted")
        except (PicselliaError, OSError) as error:
            partly = getattr(error, "partly", False) or operation.address in self._advanced
            uncertain = partly or isinstance(error, _UNCERTAIN)
            self._end(operation, rider, "failed" if uncertain else "refused", () if uncertain else _added(operation))
            return _result(operation, "failed", error=str(error))
        self._lease_lost = self._lease_lost or done.lease_lost
        self._keep_part(operation, done.unwritten)
        if rider is not None:
            self._keep_part(rider, frozenset())
        incomplete = bool(done.unwritten or done.failures or done.error or done.interrupted)
        not_added = () if done.error or done.lease_lost else done.unwritten - done.uncertain
        self._end(operation, rider, "failed" if incomplete else "done", not_added)
        asked = done.interrupted and not self._unwritable
        status: Status = "interrupted" if asked else "failed" if incomplete else "done"
        stopped_by = done.error or (self._unwritable if done.interrupted else "")
        reason = stopped_by or (f"{len(done.failures):,} of its members failed" if done.failures else "")
        return _result(operation, status, error=reason, done=done)

    def _end(
        self, operation: Operation, rider: Operation | None, ending: Ending, not_added: Iterable[str] = ()
    ) -> None:
        self._save(lambda: self._journal.end(operation.address, ending, not_added))
        if rider is not None:
            self._save(lambda: self._journal.end(rider.address, ending))

    def _finish(self, operation: Operation, result: OperationResult) -> None:
        rider = self._steps.riders.get(operation.address)
        if rider is not None:
            self._note(_result(rider, result.status, error=result.error))
        self._note(result)

    def _note(self, result: OperationResult) -> None:
        with self._lock:
            done = result.status in ("done", "already")
            self._results[result.address, result.action] = result
            self._well[result.address] = self._well.get(result.address, True) and done
            self._all_done &= done or result.action == "delete"
        self._emit(Finished(result))

    def _keep_part(self, operation: Operation, unwritten: frozenset[str]) -> None:
        with self._lock:
            self._keeper.keep(operation, unwritten)
            self._save(self._keeper.write)

    def _found(self, operation: Operation, names: Collection[str]) -> None:
        with self._lock:
            self._keeper.adopt(operation.address, set(names) - self._added.surely_to(operation.address))

    def _emit(self, event: Event) -> None:
        with self._lock:
            if isinstance(event, Advanced) and event.members:  # bytes of a new file alone put nothing there
                self._advanced.add(event.address)
            self._on_event(event)


def _added(operation: Operation) -> tuple[str, ...]:
    """Return the members that an operation adds; for annotations the pictures that have none until then."""
    fresh = (name for name, change in operation.members.objects.items() if not change.before)
    return (*operation.members.add, *fresh)


_HANDLERS: Mapping[str, Callable[[Context, Operation], Done]] = {
    "pictures": pictures.change_pictures,
    "tag": pictures.change_tags,
    "query": pictures.change_tags,
    "dataset": datasets.change_dataset,
    "version": datasets.change_version,
    "label": datasets.change_label,
    "annotations": objects.change_annotations,
    "network": networks.change_network,
    "file": networks.change_file,
    "thumbnail": networks.change_thumbnail,
}


def _handle(context: Context, operation: Operation, rider: Operation | None) -> Done:
    """Turn one operation into writer calls."""
    address = parse_address(operation.address)
    if address.kind == "version" and operation.action == "create":
        return datasets.create_version(context, operation, rider)
    kind = "tag" if address.kind == "pictures" and address.rest else address.kind
    return _HANDLERS[kind](context, operation)


def _started(operation: Operation) -> Started:
    members = operation.members
    size = sum(content.size for content in members.add.values() if content is not None)
    return Started(
        operation.address, operation.action, len(members.add) + len(members.remove) + len(members.objects), size
    )


def _result(operation: Operation, status: Status, *, error: str = "", done: Done | None = None) -> OperationResult:
    done = done or Done()
    return OperationResult(
        operation.address, operation.action, status, error, done.failures, done.done, done.bytes_sent
    )
