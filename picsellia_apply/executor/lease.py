"""One apply at a time: the lease of a workspace, taken, kept alive, watched before every write, and given back.

    with lease(client, workspace, root=root) as held:
        ...                                    every request that writes asks `held` first; a lost lease keeps it here

A lease is the platform's where it offers the part `lease`, else a file beside the inventory (`inventory.lock`). It is
renewed by a thread. A renewal is good for the lease's time from the moment it was asked for, on a clock that only rises
and counts the time asleep too; once that is over (this process was stopped, or the platform did not answer) the next
write asks the platform first. A lease that expired and that nobody took is simply renewed. Besides, the platform
refuses what is sent under a lease that has ended, so that a write that was on its way while the lease was lost is none.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from picsellia_apply.client.failures import plain_text
from picsellia_apply.errors import ConflictError, LeaseHeld, PicselliaError
from picsellia_apply.inventory.files import Place
from picsellia_apply.inventory.holder import is_gone, this_holder
from picsellia_apply.inventory.lock import FileLease
from picsellia_apply.model.result import Result
from picsellia_apply.wire.ownership import LEASE_HEADER, LeaseAcquire, LeaseState

if TYPE_CHECKING:
    from picsellia_apply.client import Client

TTL_S = 30
BEATS = 3
"""Renewals within the time that a lease lasts."""
POLL_S = 0.5
"""How often somebody else's lease is looked at while waiting for it."""
_PATIENCE_S = 5.0
"""How long the end waits for a renewal that is on its way."""
AGAIN = "what was done is in the inventory and the journal: run it again, it is safe and goes on from there"

_log = logging.getLogger(__name__)


def _rising_s() -> float:
    """Return seconds that only rise, also while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True)
class Terms:
    """How a lease is taken and kept.

    Attributes:
        timeout_s: How long to wait for somebody else's; 0 refuses at once.
        ttl_s: How long it lasts without being renewed.
        stopped: Ends the waiting once it returns True.
        tell: Takes what is to be said while waiting.
        on_held: Told how to give it back at once, when the process is about to end where it stands.
        hint: What to do about a lease that somebody else holds.
        clock: Seconds that only rise.
        sleep: How to wait.
    """

    timeout_s: float = 0.0
    ttl_s: int = TTL_S
    stopped: Callable[[], bool] = lambda: False
    tell: Callable[[str], None] = _log.warning
    on_held: Callable[[Callable[[], None]], None] = lambda _: None
    hint: str = "`--lock-timeout SECONDS` waits for it; `picsellia-apply unlock` breaks one that is left over"
    clock: Callable[[], float] = _rising_s
    sleep: Callable[[float], None] = time.sleep


class Way(Protocol):
    """One process's way to the lease of one workspace, wherever that is kept.

    Attributes:
        trusted: A renewal holds until its time is over; else it is asked for before every write.
    """

    @property
    def trusted(self) -> bool:
        """See above."""
        ...

    def show(self) -> LeaseState:
        """Return whose lease it is."""
        ...

    def acquire(self) -> LeaseState:
        """Take it where nobody has it."""
        ...

    def renew(self) -> LeaseState:
        """Let it last on, if it still is ours."""
        ...

    def release(self) -> None:
        """Give it back, if it still is ours."""
        ...

    def end(self, number: int, user: str) -> LeaseState:
        """Break somebody's; raises ConflictError when another one is held."""
        ...


class _PlatformLease:
    trusted = True

    def __init__(self, client: Client, workspace: str, lease_id: str, ttl_s: int) -> None:
        self._leases, self._workspace, self._id = client.leases, workspace, lease_id
        self._asked = LeaseAcquire(workspace, lease_id, ttl_s, this_holder())

    def show(self) -> LeaseState:
        return self._leases.show(self._workspace)

    def acquire(self) -> LeaseState:
        return self._leases.acquire(self._asked)

    def renew(self) -> LeaseState:
        return self._leases.renew(self._workspace, self._id)

    def release(self) -> None:
        self._leases.release(self._workspace, self._id)

    def end(self, number: int, user: str) -> LeaseState:  # noqa: ARG002 - the platform knows who asks
        return self._leases.end(self._workspace, number)


def way_to(client: Client, workspace: str, *, root: Path | None = None, lease_id: str = "", ttl_s: int = TTL_S) -> Way:
    """Return the way to a workspace's lease.

    Args:
        client: Of the platform.
        workspace: The workspace's name.
        root: The manifests' folder, as for `read_inventory`.
        lease_id: Ours, where one is to be taken.
        ttl_s: How long that lasts without being renewed.
    """
    if "lease" in client.features:
        return _PlatformLease(client, workspace, lease_id, ttl_s)
    return FileLease(Place.of(client, workspace, root), lease_id, this_holder(), ttl_s)


class Held:
    """A lease that is ours until it is lost or given back.

    Attributes:
        waited: Somebody else had it when it was asked for: what was read before may have changed.
    """

    def __init__(self, way: Way, workspace: str, terms: Terms, good_until: float, *, waited: bool) -> None:
        """Keep it; `begin` starts the heartbeat."""
        self.waited = waited
        self._way, self._workspace, self._terms = way, workspace, terms
        self._good_until = good_until
        self._lost = ""
        self._asking = threading.Lock()
        self._over = threading.Event()
        self._beats = threading.Thread(target=self._beat, name="lease", daemon=True)

    @property
    def lost(self) -> str:
        """How the lease was lost; empty as long as nothing is known of that."""
        return self._lost

    def begin(self) -> None:
        """Start the heartbeat."""
        self._beats.start()

    def check(self) -> None:
        """Pass while the lease is ours, asking for it where that is not certain.

        Raises:
            LeaseHeld: It is lost; or was given back.
            PicselliaError: The platform cannot be asked.
        """
        if not self._lost and self._terms.clock() >= self._good_until:
            self.ask()
        if self._lost:
            raise LeaseHeld(self._lost, AGAIN)

    def ask(self) -> None:
        """Renew the lease, and take note when it is no longer ours.

        Raises:
            PicselliaError: The platform cannot be asked.
        """
        with self._asking:
            if self._lost:
                return
            asked_at = self._terms.clock()
            state = self._way.renew()
            if state.yours:
                self._good_until = asked_at + (self._terms.ttl_s if self._way.trusted else 0)
            else:
                self._lost = lost_message(self._workspace, state)

    def told(self, result: Result) -> Result:
        """Return how an apply ended, with what the platform knows of who ended its lease, if that is how."""
        if not result.lease_lost:
            return result
        with contextlib.suppress(PicselliaError, OSError):
            self.ask()
        return replace(result, lease_lost=self._lost or result.lease_lost)

    def end(self) -> None:
        """Stop the heartbeat and give the lease back, if it is still ours; twice is fine."""
        self._over.set()
        if self._beats.ident is not None:
            self._beats.join(_PATIENCE_S)
        self._release()

    def drop(self) -> None:
        """Give the lease back now, whoever is still at work here: this process is about to end where it stands."""
        self._over.set()
        self._release()

    def _release(self) -> None:
        lost, self._lost = self._lost, self._lost or "the lease was given back"
        if lost:
            return
        try:
            self._way.release()
        except (PicselliaError, OSError) as error:
            _log.warning("the lease was not given back and ends by itself in %d s: %s", self._terms.ttl_s, error)

    def _beat(self) -> None:
        while not self._lost and not self._over.wait(self._terms.ttl_s / BEATS):
            try:
                self.ask()
            except (PicselliaError, OSError) as error:  # the next write asks again, and says so if that fails too
                _log.info("the lease was not renewed: %s", error)


@contextlib.contextmanager
def lease(client: Client, workspace: str, *, root: Path | None = None, terms: Terms | None = None) -> Iterator[Held]:
    """Hold a workspace's lease for a block: every write of this client asks first whether it is still ours.

    Args:
        client: Of the platform; opened for writing.
        workspace: The workspace's name.
        root: The manifests' folder, as for `read_inventory`.
        terms: How long to wait, and whom to tell.

    Raises:
        LeaseHeld: Somebody else has it, and still has when the waiting is over; nothing was written.
        KeyboardInterrupt: The waiting was stopped.
    """
    terms = terms or Terms()
    lease_id = secrets.token_hex(32)
    way = way_to(client, workspace, root=root, lease_id=lease_id, ttl_s=terms.ttl_s)
    held = _acquired(way, workspace, terms)
    transport = client.connection.transport
    try:
        held.begin()
        terms.on_held(held.drop)
        client.before_write = held.check
        transport.write_headers = {LEASE_HEADER: lease_id} if way.trusted else {}
        yield held
    finally:
        held.end()
        client.before_write, transport.write_headers = None, {}


def _acquired(way: Way, workspace: str, terms: Terms) -> Held:
    begun = asked_at = terms.clock()
    told, broken = -1, -1
    while True:
        state = way.acquire()
        if state.yours:
            good_until = asked_at + (terms.ttl_s if way.trusted else 0)
            return Held(way, workspace, terms, good_until, waited=told >= 0)
        if state.holder is not None and is_gone(state.holder) and state.number != broken:
            broken = state.number
            with contextlib.suppress(ConflictError):
                way.end(broken, state.holder.user)
        else:
            left_s = begun + terms.timeout_s - terms.clock()
            if left_s <= 0:
                raise LeaseHeld(held_message(workspace, state), terms.hint)
            if told != state.number:
                told = state.number
                terms.tell(f"{held_message(workspace, state)}; waiting up to {left_s:,.0f} s")
            if terms.stopped():
                raise KeyboardInterrupt
            terms.sleep(min(POLL_S, left_s))
        asked_at = terms.clock()


def holder_of(state: LeaseState) -> str:
    """Return who holds a lease, since when and until when, in words; a server's texts are untrusted."""
    if state.holder is None:
        return "a process that does not say who it is"
    one = state.holder
    who = f"{plain_text(one.user)} on {plain_text(one.host)} (process {one.pid})"
    since = f" since {_moment(state.acquired)}" if state.acquired else ""
    if state.left_s is None:
        return f"{who}{since}, until that process ends"
    if state.left_s <= 0:
        return f"{who}{since}; it expired {-state.left_s:,.0f} s ago"
    return f"{who}{since}; it expires in {state.left_s:,.0f} s unless it is renewed"


def _moment(text: str) -> str:
    """Return a moment of ISO 8601 without fractions of seconds, for people."""
    return plain_text(text)[:19].replace("T", " ") + " UTC"


def held_message(workspace: str, state: LeaseState) -> str:
    """Return that, and by whom, a workspace is being applied."""
    return f"workspace `{workspace}` is being applied by {holder_of(state)}"


def lost_message(workspace: str, state: LeaseState) -> str:
    """Return how a lease was lost, from what is known of it now."""
    if state.holder is not None:
        how = f"was taken over by {holder_of(state)}: this process had not renewed it in time"
    elif state.broken_by is not None:
        how = f"was broken by {plain_text(state.broken_by)}"
    else:
        how = "is no longer known: somebody else had it since, or it was broken"
    return f"the lease of workspace `{workspace}` {how}; this apply stopped before its next write"
