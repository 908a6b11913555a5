"""What the handlers of one apply share: the platform, the plan, ids that were looked up once, and how to be stopped.

A handler turns one operation into writer calls and returns `Done`; it raises where nothing of the operation was done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from picsellia_apply.errors import LeaseHeld, PicselliaError, ResourceNotFoundError
from picsellia_apply.executor.events import Advanced, Event
from picsellia_apply.executor.taken import Taken
from picsellia_apply.model.plan import Operation, Plan

if TYPE_CHECKING:
    from picsellia_apply.client import Client

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done:
    """How far a handler came.

    Attributes:
        done: Members written (pictures, annotation objects).
        bytes_sent: Bytes of content.
        failures: Member name to reason.
        unwritten: Members of the operation that are not as planned: the failed ones and those not tried.
        error: Why it stopped early, or empty.
        interrupted: It stopped since the apply is to end.
        lease_lost: How the lease was lost, if that is why it stopped early.
        uncertain: Those of the unwritten that the platform may have all the same: its answer was lost.
    """

    done: int = 0
    bytes_sent: int = 0
    failures: Mapping[str, str] = field(default_factory=dict)
    unwritten: frozenset[str] = frozenset()
    error: str = ""
    interrupted: bool = False
    lease_lost: str = ""
    uncertain: frozenset[str] = frozenset()


def cut_off(error: PicselliaError, done: Done) -> Done:
    """Return how far a handler came that `error` stopped."""
    if isinstance(error, LeaseHeld):
        return replace(done, interrupted=True, lease_lost=str(error))
    return replace(done, error=str(error))


class PictureIds:
    """Ids of pictures by name, asked for once per apply; several threads may ask."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, str] = {}
        self._lock = threading.Lock()

    def learn(self, found: Mapping[str, str]) -> None:
        """Remember ids that an answer brought."""
        with self._lock:
            self._known.update(found)

    def find(self, names: Collection[str]) -> dict[str, str]:
        """Return the ids of those of `names` that are in the lake, in the order of `names`."""
        with self._lock:
            missing = [name for name in names if name not in self._known]
            if missing:
                self._known.update(self._client.writer.picture_ids(missing))
            return {name: self._known[name] for name in names if name in self._known}

    def all_of(self, names: Collection[str]) -> list[str]:
        """Return the ids of all of `names`.

        Raises:
            ResourceNotFoundError: Some are not in the lake.
        """
        found = self.find(names)
        if len(found) < len(names):
            gone = sorted(set(names) - found.keys())
            shown = ", ".join(gone[:3]) + (", ..." if len(gone) > 3 else "")
            raise ResourceNotFoundError(f"{len(gone):,} picture{'s' * (len(gone) != 1)} not in the lake: {shown}")
        return list(found.values())


class RemoteIds:
    """Ids of versions and networks by name, asked for when first needed."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._versions: dict[tuple[str, str], str] = {}
        self._networks: dict[str, str] = {}
        self._lock = threading.Lock()

    def learn_version(self, dataset: str, version: str, dataset_id: str) -> None:
        """Remember the id of a version just made."""
        with self._lock:
            self._versions[dataset, version] = dataset_id

    def learn_network(self, name: str, model_id: str) -> None:
        """Remember the id of a network just made."""
        with self._lock:
            self._networks[name] = model_id

    def version(self, dataset: str, version: str) -> str:
        """Return the id of a version.

        Raises:
            ResourceNotFoundError: There is none of this name.
        """
        with self._lock:
            if (dataset, version) not in self._versions:
                for info in self._client.reader.datasets([dataset]):
                    self._versions |= {(info.name, one.name): one.dataset_id for one in info.versions}
            if (dataset, version) not in self._versions:
                raise ResourceNotFoundError(f"dataset `{dataset}` has no version `{version}`")
            return self._versions[dataset, version]

    def network(self, name: str) -> str:
        """Return the id of a network.

        Raises:
            ResourceNotFoundError: There is none of this name.
        """
        with self._lock:
            if name not in self._networks:
                found = self._client.reader.networks([name])
                self._networks |= {one.network.network_name: one.network.model_id for one in found}
            if name not in self._networks:
                raise ResourceNotFoundError(f"there is no network `{name}`")
            return self._networks[name]


@dataclass(frozen=True, slots=True)
class Context:
    """What every handler gets.

    Attributes:
        plan: The plan that is executed.
        client: Of the platform.
        paths: `Bytes.ref` to the path to open.
        parallelism: How many requests at once.
        emit: Takes events; called from any thread.
        stopped: Tells whether no new work is to begin.
        adding: Called with (operation, names, keys) right before a request adds these members; the keys are those of
            the objects that they are made of, one each, or none.
        found: Called with (operation, names) of members that it was to add and that somebody else added meanwhile.
        created: Called with an address once the platform confirmed that we made it.
        kept: Called with (operation, names not yet written) when a part of a long operation is durable.
        picture_ids: Ids of pictures.
        ids: Ids of versions and networks.
        taken: What the deletes may take along.
    """

    plan: Plan
    client: Client
    paths: Mapping[str, str]
    parallelism: int
    emit: Callable[[Event], None]
    stopped: Callable[[], bool]
    adding: Callable[[Operation, Collection[str], Collection[str]], None]
    found: Callable[[Operation, Collection[str]], None]
    created: Callable[[str], None]
    kept: Callable[[Operation, frozenset[str]], None]
    picture_ids: PictureIds
    ids: RemoteIds
    taken: Taken

    def advance(self, operation: Operation, members: int, size: int = 0) -> None:
        """Tell that members of an operation were written."""
        if members or size:
            self.emit(Advanced(operation.address, members, size))


def chunks(items: Sequence[T], length: int) -> Iterator[Sequence[T]]:
    """Yield `items` in runs of at most `length`."""
    for start in range(0, len(items), length):
        yield items[start : start + length]
