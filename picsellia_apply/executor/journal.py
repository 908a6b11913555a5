"""The write-ahead journal: what an apply was about to do, kept until an apply completes.

One JSON object a line, appended and synced before the next step:

    {"event": "begin", "target": "host/organization/workspace", "address": "version/cells@first", "action": "create",
     "content": "<sha256 of the record it shall have>", "fields": {of that record}, "members": [names that it adds],
     "objects": {picture: [texts]}}     where an annotation is deleted and put again: what is put
    {"event": "created", ...}       the platform said that this apply made it
    {"event": "end", ..., "status": "done" | "refused" | "failed", "members": [names that were not added]}

It answers one question for the apply after a killed one: did we make this thing, or add this member, that now is
there? We made it when `created` was written, or when a creation began, was not refused, and what is there has the
content it was to have. We added a member when an operation that adds it began (it was not there then), and did not
say that it failed. And a second one: which annotation is missing since the kill came between its deletion and its
putting? One that is not there, and that `objects` of an operation which did not end well holds.

A line cut short by the kill is passed over. Once an apply completes, the lines of what it settled are rotated away.
Knows no platform.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from picsellia_apply.model.inventory import Record
from picsellia_apply.model.ownership import ADOPTED
from picsellia_apply.model.plan import Target

Ending = Literal["done", "refused", "failed"]
BOOKKEEPING = frozenset({ADOPTED, "inherited", "parts"})
"""Fields of a record that say whose its members are and how they were made, not what is there."""


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
    objects: Mapping[str, tuple[str, ...]] = {}


@dataclass(frozen=True, slots=True)
class Leftover:
    """What the journal of an unfinished apply says about one address.

    Attributes:
        created: The platform confirmed that the apply made it.
        content: Digests of the contents with which a creation began that nobody refused.
        members: Names that it added, or was adding when it ended.
        fields: The fields of the record that the last creation was to leave.
        objects: Picture to the texts of its annotation that was being deleted and put again.
    """

    created: bool = False
    content: frozenset[str] = frozenset()
    members: frozenset[str] = frozenset()
    fields: Mapping[str, Any] = field(default_factory=dict)
    objects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


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
            objects = {**before.objects, **entry.objects}
            if entry.action != "create":
                return replace(before, members=members, objects=objects)
            return Leftover(before.created, before.content | {entry.content}, members, entry.fields, objects)
        case "end":
            content = before.content if entry.status != "refused" else frozenset()
            members = before.members.difference(entry.members)
            return replace(before, content=content, members=members, objects=_cut(before.objects, entry))
    return before


def _cut(objects: Mapping[str, tuple[str, ...]], ended: Entry) -> Mapping[str, tuple[str, ...]]:
    """Return the annotations that an operation may have deleted and not put, once it ended."""
    if ended.status != "failed":
        return {}
    return {name: texts for name, texts in objects.items() if name not in ended.members}


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

    def begin(
        self,
        address: str,
        action: str,
        record: Record | None,
        members: Iterable[str] = (),
        objects: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """Write down, durably, what is about to be done.

        Args:
            address: The operation's.
            action: Its action.
            record: The record that it shall leave.
            members: Names that it adds.
            objects: Annotations that it deletes and puts again, by picture: what is put.
        """
        fields = dict(record.fields) if record is not None else {}
        content, names = content_digest(record), tuple(members)
        begun = Entry("begin", self._target, address, action, content, "", fields, names, objects or {})
        self._append(begun)

    def created(self, address: str) -> None:
        """Write down, durably, that the platform confirmed our making it."""
        self._append(Entry("created", self._target, address))

    def end(self, address: str, status: Ending, members: Iterable[str] = ()) -> None:
        """Write down how it ended, and which members surely were not added."""
        self._append(Entry("end", self._target, address, status=status, members=tuple(members)))

    def rotate(self, settled: Set[str]) -> None:
        """Put the journal of a completed apply away; the one before it goes.

        Args:
            settled: Addresses whose records are now in the inventory. What unfinished applies left of others, and of
                other targets, stays in the journal.
        """
        self.close()
        if not self.path.exists():
            return
        kept = [line for line, entry in self._lines() if entry.target != self._target or entry.address not in settled]
        if not kept:
            self.path.replace(self.path.with_suffix(".last.ndjson"))
            return
        fresh = self.path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.writelines(line + b"\n" for line in kept)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)

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
        return (entry for _, entry in self._lines() if entry.target == self._target)

    def _lines(self) -> Iterator[tuple[bytes, Entry]]:
        if not self.path.exists():
            return
        decoder = msgspec.json.Decoder(Entry)
        for line in self.path.read_bytes().splitlines():
            try:
                yield line, decoder.decode(line)
            except msgspec.MsgspecError:
                continue


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
