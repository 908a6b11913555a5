"""What an apply does, as NDJSON: one JSON object a line, flushed at once. The types below are its schema.

    plan       first: what was planned, and what stands in its way; again where it had to wait and that made it another
    started    an operation begins
    advanced   how far it is; at most one a second for each operation
    finished   it ended: done, already, failed, skipped, interrupted
    log        a warning or an error that was logged meanwhile
    result     once, last: the exit code, and why; a stream without it was cut

Every event has `format_version`, `seq` (from 1, without gaps) and `time`. Within one `format_version` fields and events
are only ever added: who reads them passes over what it does not know. See `docs/events.md`.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from picsellia_apply.errors import Diagnostic, Moved, Severity
from picsellia_apply.executor.events import Advanced, Event, Finished, Started
from picsellia_apply.model.plan import Action, Conflict, Outcome, Plan, Refusal, Target
from picsellia_apply.model.result import Result, Status
from picsellia_apply.render.form import DIALECT, Blocked, Finding
from picsellia_apply.render.json import finding_document, plan_document

FORMAT_VERSION = 1
EVERY_S = 1.0
"""`advanced` of one operation comes at most so often, in seconds."""

Ended: TypeAlias = Literal["done", "refused", "partly", "blocked", "interrupted", "error"]
"""How an apply ended, in a word: done (also when there was nothing to do); error: before or beside its operations."""


class _Head(msgspec.Struct, kw_only=True, tag_field="event", frozen=True):
    """What every event has.

    Attributes:
        format_version: Of these events.
        seq: Rises by 1 from 1.
        time: UTC, RFC 3339.
    """

    seq: int
    time: str
    format_version: int = FORMAT_VERSION


class PlanEvent(_Head, kw_only=True, frozen=True, tag="plan"):
    """What was planned; `operations` is their number, `plan --format json` shows them."""

    digest: str
    target: Target
    outcome: Outcome
    summary: Mapping[str, int]
    operations: int
    blocked: tuple[Blocked, ...]
    conflicts: tuple[Conflict, ...]
    refusals: tuple[Refusal, ...]
    limits: tuple[str, ...]


class StartedEvent(_Head, kw_only=True, frozen=True, tag="started"):
    """An operation begins: how many members it writes, how many bytes of content it may send."""

    address: str
    action: Action
    members: int
    size: int


class AdvancedEvent(_Head, kw_only=True, frozen=True, tag="advanced"):
    """How far an operation is: members done of all, bytes of content sent, since it began."""

    address: str
    done: int
    members: int
    bytes_sent: int


class FinishedEvent(_Head, kw_only=True, frozen=True, tag="finished"):
    """An operation ended; `failures` is member to reason."""

    address: str
    action: str
    status: Status
    error: str
    failures: Mapping[str, str]
    done: int
    bytes_sent: int


class LogEvent(_Head, kw_only=True, frozen=True, tag="log"):
    """Something that was logged."""

    level: Literal["warning", "error"]
    message: str


class Fault(msgspec.Struct, frozen=True):
    """Why an apply ended before its end; `diagnostics` are as `findings` of a plan, `moved` is why a plan is stale."""

    message: str
    hint: str = ""
    diagnostics: tuple[Finding, ...] = ()
    moved: tuple[Moved, ...] = ()


class ResultEvent(_Head, kw_only=True, frozen=True, tag="result"):
    """How the apply ended; `operations` counts them by status."""

    exit_code: int
    ended: Ended
    operations: Mapping[str, int]
    bytes_sent: int
    requests: int
    seconds: float
    error: Fault | None


AnyEvent: TypeAlias = PlanEvent | StartedEvent | AdvancedEvent | FinishedEvent | LogEvent | ResultEvent


def events_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of one event; it lets fields pass that it does not know."""
    head = {"$schema": DIALECT, "title": "picsellia-apply apply events"}
    return {**head, **_open(msgspec.json.schema(AnyEvent))}


def _open(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _open(value) for key, value in schema.items() if key != "additionalProperties" or value}
    return [_open(one) for one in schema] if isinstance(schema, list) else schema


def fault_of(
    message: str, hint: str = "", diagnostics: tuple[Diagnostic, ...] = (), moved: tuple[Moved, ...] = ()
) -> Fault:
    """Return a fault; of diagnostics only the errors count."""
    errors = (one for one in diagnostics if one.severity is Severity.error)
    return Fault(
        _text(message),
        _text(hint),
        msgspec.convert([_safe(finding_document(one)) for one in errors], tuple[Finding, ...]),
        moved,
    )


class EventStream:
    """Writes events; usable from several threads. Nothing is told after the result."""

    def __init__(self, write: Callable[[bytes], object], *, clock: Callable[[], float], now: Callable[[], str]) -> None:
        """Begin, without writing.

        Args:
            write: Takes one line with its end.
            clock: Seconds, rising.
            now: The time, UTC, RFC 3339.
        """
        self._write, self._clock, self._now = write, clock, now
        self._lock = threading.RLock()
        self._seq = 0
        self._operations: dict[str, _Running] = {}
        self._planned = 0
        self._statuses: Counter[str] = Counter()
        self._bytes_sent = 0
        self._began = clock()
        self._ended = False

    def plan(self, plan: Plan) -> None:
        """Tell what was planned."""
        self._planned = len(plan.operations)
        document = plan_document(plan)
        told = {name: document[name] for name in _TOLD}
        self._tell(PlanEvent, operations=len(plan.operations), **told)

    def __call__(self, event: Event) -> None:
        """Tell what happens to an operation."""
        with self._lock:
            match event:
                case Started(address=address, action=action, members=members, size=size):
                    self._operations[address] = _Running(members, self._clock())
                    self._tell(StartedEvent, address=address, action=action, members=members, size=size)
                case Advanced():
                    self._advance(event)
                case Finished(result=result):
                    self._operations.pop(result.address, None)
                    self._statuses[result.status] += 1
                    self._bytes_sent += result.bytes_sent
                    fields = {name: _safe(getattr(result, name)) for name in _FINISHED}
                    self._tell(FinishedEvent, **fields)

    def log(self, level: Literal["warning", "error"], message: str) -> None:
        """Tell what was logged."""
        self._tell(LogEvent, level=level, message=_text(message))

    def result(self, exit_code: int, ended: Ended, result: Result, error: Fault | None = None) -> None:
        """Tell how it ended."""
        self._tell(
            ResultEvent,
            exit_code=exit_code,
            ended=ended,
            operations=dict(sorted(Counter(one.status for one in result.operations).items())),
            bytes_sent=sum(one.bytes_sent for one in result.operations),
            requests=result.requests,
            seconds=round(result.seconds, 3),
            error=error,
        )

    def stopped(self, exit_code: int, requests: int, *, patience_s: float) -> None:
        """Tell that it ends where it stands: what is not told as finished is interrupted.

        Args:
            exit_code: Of the process.
            requests: How many the platform answered.
            patience_s: How long to wait for an event that is being written; a reader that does not read gets none.
        """
        if not self._lock.acquire(timeout=patience_s):
            return
        try:
            open_ends = max(self._planned - self._statuses.total(), len(self._operations))
            counts = self._statuses + Counter(interrupted=open_ends)
            self._tell(
                ResultEvent,
                exit_code=exit_code,
                ended="interrupted",
                operations=dict(sorted(counts.items())),
                bytes_sent=self._bytes_sent + sum(one.sent for one in self._operations.values()),
                requests=requests,
                seconds=round(self._clock() - self._began, 3),
                error=None,
            )
        finally:
            self._lock.release()

    def _advance(self, event: Advanced) -> None:
        running = self._operations.setdefault(event.address, _Running(0, self._clock()))
        running.done += event.members
        running.sent += event.size
        if self._clock() - running.told < EVERY_S:
            return
        running.told = self._clock()
        fields = {"done": running.done, "members": running.members, "bytes_sent": running.sent}
        self._tell(AdvancedEvent, address=event.address, **fields)

    def _tell(self, kind: Callable[..., AnyEvent], **fields: Any) -> None:
        with self._lock:
            if self._ended:
                return
            self._ended = kind is ResultEvent
            self._seq += 1
            event = kind(seq=self._seq, time=self._now(), **fields)
            self._write(msgspec.json.encode(event) + b"\n")


_TOLD = ("digest", "target", "outcome", "summary", "blocked", "conflicts", "refusals", "limits")
_FINISHED = ("address", "action", "status", "error", "failures", "done", "bytes_sent")


class _Running:
    """An operation under way."""

    __slots__ = ("done", "members", "sent", "told")

    def __init__(self, members: int, told: float) -> None:
        self.members, self.told = members, told
        self.done = self.sent = 0


def _safe(value: Any) -> Any:
    """Return a value with all of its texts as JSON can hold them."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {_text(str(key)): _safe(item) for key, item in value.items()}
    return value


def _text(text: str) -> str:
    """Return a text that JSON can hold: names of files need not be text."""
    return text.encode(errors="backslashreplace").decode()
