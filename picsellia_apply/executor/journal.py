"""The write-ahead journal: what an apply was about to do, kept until an apply completes.

One JSON object a line, appended and synced before the next step:

    {"event": "begin", "target": "host/organization/workspace", "address": "version/cells@first", "action": "create",
     "content": "<sha256 of the record it shall have>", "fields": {of that record}, "members": [names that it adds]}
    {"event": "created", ...}       the platform said that this apply made it
    {"event": "end", ..., "status": "done" | "refused" | "failed", "members": [names that were not added]}

It answers one question for the apply after a killed one: did we make this thing, or add this member, that now is
there? We made it when `created` was written, or when a creation began, was not refused, and what is there has the
content it was to have. We added a member when an operation that adds it began (it was not there then), and did not
say that it failed. A line cut short by the kill is passed over. Once an apply completes the file is rotated away.
Knows no platform.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from picsellia_apply.model.inventory import Record
from picsellia_apply.model.ownership import ADOPTED
from picsellia_apply.model.plan import Target

Ending = Literal["done", "refused", "failed"]
BOOKKEEPING = frozenset({ADOPTED, "inherited"})
"""Fields of a record that say whose its members are, not what is there."""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the journal."""

    event: str
    target: str
    address: str
    action: str = ""
    content: str = ""
    status: str = ""
    fields: dict[str, Any] = {}
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Leftover:
    """What the journal of an unfinished apply says about one address.

    Attributes:
        created: The platform confirmed that the apply made it.
        content: Digests of the contents with which a creation began that nobody refused.
        members: Names that it added, or was adding when it ended.
        fields: The fields of the record that the last creation was to leave.
    """

    created: bool = False
    content: frozenset[str] = frozenset()
    members: frozenset[str] = frozenset()
    fields: Mapping[str, Any] = field(default_factory=dict)


def content_digest(record: Record | None) -> str:
    """Return the digest of what a record says is there, 64 hex digits; who made it or its members does not count."""
    if record is None:
        return ""
    fields = {name: value for name, value in record.fields.items() if name not in BOOKKEEPING}
    body = msgspec.json.encode((fields, dict(record.members)), order="sorted")
    return hashlib.sha256(body).hexdigest()


def _after(before: Leftover, entry: Entry) -> Leftover:
    match entry.event:
        case "created":
            return replace(before, created=True)
        case "begin":
            members = before.members.union(entry.members)
            if entry.action != "create":
                return replace(before, members=members)
            return Leftover(before.created, before.content | {entry.content}, members, entry.fields)
        case "end":
            content = before.content if entry.status != "refused" else frozenset()
            return replace(before, content=content, members=before.members.difference(entry.members))
    return before


class Journal:
    """The journal of one workspace; several threads may write to it."""

    def __init__(self, path: Path, target: Target) -> None:
        """Keep where it is; nothing is made on disk before the first line.

        Args:
            path: The file, see `journal_path`.
            target: What the apply is for; lines of another target are not ours.
        """
        self.path = path
        self._target = f"{target.host}/{target.organization}/{target.workspace}"
        self._lock = threading.Lock()
        self._descriptor: int | None = None

    def leftovers(self) -> dict[str, Leftover]:
        """Return what unfinished applies left, by address."""
        found: dict[str, Leftover] = {}
        for entry in self._entries():
            found[entry.address] = _after(found.get(entry.address, Leftover()), entry)
        return found

    def begin(self, address: str, action: str, record: Record | None, members: Iterable[str] = ()) -> None:
        """Write down, durably, what is about to be done, the record it shall leave, and which members it adds."""
        fields = dict(record.fields) if record is not None else {}
        content = content_digest(record)
        self._append(Entry("begin", self._target, address, action, content, fields=fields, members=tuple(members)))

    def created(self, address: str) -> None:
        """Write down, durably, that the platform confirmed our making it."""
        self._append(Entry("created", self._target, address))

    def end(self, address: str, status: Ending, members: Iterable[str] = ()) -> None:
        """Write down how it ended, and which members surely were not added."""
        self._append(Entry("end", self._target, address, status=status, members=tuple(members)))

    def rotate(self) -> None:
        """Put the journal of a completed apply away; the one before it goes."""
        self.close()
        if self.path.exists():
            self.path.replace(self.path.with_suffix(".last.ndjson"))

    def close(self) -> None:
        """Close the file; safe to call twice."""
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    def _append(self, entry: Entry) -> None:
        line = msgspec.json.encode(entry) + b"\n"
        with self._lock:
            if self._descriptor is None:
                self._descriptor = self._open()
            os.write(self._descriptor, line)
            os.fdatasync(self._descriptor)

    def _open(self) -> int:
        folder = self.path.parent
        folder.mkdir(parents=True, exist_ok=True)
        ignore = folder.parent / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        if _cut_short(descriptor):
            os.write(descriptor, b"\n")
        return descriptor

    def _entries(self) -> Iterator[Entry]:
        if not self.path.exists():
            return
        decoder = msgspec.json.Decoder(Entry)
        for line in self.path.read_bytes().splitlines():
            try:
                entry = decoder.decode(line)
            except msgspec.MsgspecError:
                continue
            if entry.target == self._target:
                yield entry


def _cut_short(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"


def journal_path(folder: Path, workspace: str) -> Path:
    """Return where the journal of a workspace is.

    Args:
        folder: The `.picsellia` folder.
        workspace: The workspace's name.
    """
    return folder / "journal" / f"{quote(workspace, safe=' ').replace('.', '%2E')}.ndjson"
