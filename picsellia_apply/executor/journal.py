"""The write-ahead journal: what an apply was about to do, kept until an apply completes.

One JSON object a line, appended and synced before the next step:

    {"event": "begin", "target": "host/organization/workspace", "address": "version/cells@first", "action": "create",
     "content": "<sha256 of the record it shall have>", "fields": {of that record},
     "objects": {picture: [texts]}, "bases": {picture: [texts]}}     where an annotation is deleted and put again: what
                                     is put, and what the record then says of it
    {"event": "removing", ..., "members": [names]}  the operation that has begun removes these members
    {"event": "adding", ..., "members": [names]}    the next request adds these members, which were not there just now
    {"event": "created", ...}       the platform said that this apply made it
    {"event": "end", ..., "status": "done" | "refused" | "failed", "members": [names not added or removed]}
    {"event": "writing", ..., "serial": 7, "applied": digest}      the inventory is about to be written with this serial

It answers one question for the apply after a killed one: did we make this thing, or add this member, that now is
there? We made it when `created` was written, or when a creation began, was not refused, and what is there has the
content it was to have. We added a member when a request that adds it was about to be sent (it was not there when it
was looked for, right before), and the operation did not say that it failed. And a second one: which annotation is
missing since the kill came between its deletion and its putting? One that is not there, and that `objects` of an
operation which did not end well holds. And a third one: who removed a member that is in a record and not there any
more? We did, when an operation was `removing` it that was not refused and did not say that it stayed.

What is written stands under the serial of the last `writing` before it. Once somebody else wrote the inventory, nothing
of that counts any more: the thing may have been made by them, or by a person after them.

A line cut short by the kill is cut off. Once an apply completes, the lines of what it settled are rotated away. Knows
no platform.
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

from picsellia_apply.errors import Diagnostic, Severity, UsageError
from picsellia_apply.inventory.files import sync_folder, write_whole
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.inventory import SETTLED, Inventory, Record
from picsellia_apply.model.ownership import ADOPTED, DELETED
from picsellia_apply.model.plan import Target
from picsellia_apply.source import Position

Ending = Literal["done", "refused", "failed"]
BOOKKEEPING = frozenset({ADOPTED, DELETED, SETTLED, "inherited", "parts"})
"""Fields of a record that say whose its members are and how they were made, not what is there."""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the journal."""

    event: str
    target: str
    address: str = ""
    action: str = ""
    content: str = ""
    status: str = ""
    fields: dict[str, Any] = {}
    members: tuple[str, ...] = ()
    objects: Mapping[str, tuple[str, ...]] = {}
    bases: Mapping[str, tuple[str, ...]] = {}
    origin: str = ""
    serial: int = 0
    applied: str = ""


@dataclass(frozen=True, slots=True)
class Leftover:
    """What the journal of an unfinished apply says about one address.

    Attributes:
        created: The platform confirmed that the apply made it.
        content: Digests of the contents with which a creation began that nobody refused.
        members: Names that it added, or was adding when it ended.
        fields: The fields of the record that the last creation was to leave.
        objects: Picture to the texts of its annotation that was being deleted and put again.
        replaced: Picture to the texts that were put or to be put, and those that the record says of it since then.
        origin: The address under which a network was that it was renaming.
        removing: Names that its last operation was removing and did not end.
        removed: Names that operations before that removed.
    """

    created: bool = False
    content: frozenset[str] = frozenset()
    members: frozenset[str] = frozenset()
    fields: Mapping[str, Any] = field(default_factory=dict)
    objects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    replaced: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    origin: str = ""
    removing: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()

    @property
    def gone(self) -> frozenset[str]:
        """Return the names that were removed by it where they are not there any more."""
        return self.removing | self.removed

    @property
    def says_anything(self) -> bool:
        """Return whether it matters once an apply completed: what was removed is in the inventory by then."""
        return bool(self.created or self.content or self.members or self.objects or self.replaced or self.origin)

    def whole(self, record: Record) -> Record:
        """Return a record of what is there now with the members that the creation took over from an origin.

        A later plan no longer counts them, as an origin counts at creation only.
        """
        inherited = self.fields.get("inherited", ())
        return replace(record, members={**dict.fromkeys(inherited), **record.members}) if inherited else record

    def has_made(self, record: Record) -> bool:
        """Return whether the apply made what a record describes."""
        return self.created or bool(self.content & {content_digest(record), content_digest(self.whole(record))})


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
        case "removing":
            return replace(before, removing=frozenset(entry.members))
        case "begin":
            before = replace(before, removing=frozenset(), removed=before.gone)
            objects = {**before.objects, **entry.objects}
            pairs = {name: (texts, entry.bases[name]) for name, texts in entry.objects.items() if name in entry.bases}
            known = before.replaced if entry.objects or entry.action != "delete" else {}
            before = replace(before, objects=objects, replaced={**known, **pairs}, origin=entry.origin or before.origin)
            if entry.action == "create":
                before = replace(before, content=before.content | {entry.content}, fields=entry.fields)
        case "adding":
            members, removed = before.members.union(entry.members), before.removed.difference(entry.members)
            return replace(before, members=members, removed=removed)
        case "end":
            before = _ended(before, entry)
            content = before.content if entry.status != "refused" else frozenset()
            members, origin = before.members.difference(entry.members), before.origin * (entry.status != "refused")
            left = _cut(before.objects, entry)
            return replace(before, content=content, members=members, objects=left, origin=origin)
    return before


def _is_settled(entry: Entry, closed: Set[str]) -> bool:
    """Return whether a line says nothing more once an apply completed."""
    return entry.address in closed or entry.event == "removing"


def _ended(before: Leftover, entry: Entry) -> Leftover:
    """Return what is left with what the operation removed: it is not among the members any more that we added."""
    stayed = before.removing if entry.status == "refused" else frozenset(entry.members)
    gone = before.removing - stayed
    return replace(before, members=before.members - gone, removing=frozenset(), removed=before.removed | gone)


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

    def leftovers(self, inventory: Inventory | None = None) -> dict[str, Leftover]:
        """Return what unfinished applies left, by address.

        Args:
            inventory: As it is kept now: what was left before somebody else wrote it is nobody's. None: not asked.
        """
        found: dict[str, Leftover] = {}
        written = _Written()
        for entry in self._entries():
            if entry.event != "writing":
                found[entry.address] = _after(found.get(entry.address, Leftover()), entry)
            elif not written.follow(entry):
                found = {}
        return found if inventory is None or written.leads_to(inventory) else {}

    def faults(self) -> tuple[Diagnostic, ...]:
        """Return a warning for every line that cannot be read; the last one may have been cut short by a kill."""
        said = "this line of the journal cannot be read"
        hint = "what that line said is lost: what an unfinished apply made may count as adopted"
        broken = (Position(str(self.path), number) for number, whole, entry in self._read() if whole and entry is None)
        return tuple(Diagnostic("L025", Severity.warning, said, place, hint) for place in broken)

    def writing(self, inventory: Inventory) -> None:
        """Write down, durably, that the inventory is about to be written as this.

        Raises:
            UsageError: The journal cannot be made.
        """
        self._append(Entry("writing", self._target, serial=inventory.serial, applied=inventory.applied))

    def begin(
        self,
        address: str,
        action: str,
        record: Record | None,
        objects: Mapping[str, tuple[str, ...]] | None = None,
        origin: str = "",
    ) -> None:
        """Write down, durably, what is about to be done.

        Args:
            address: The operation's.
            action: Its action.
            record: The record that it shall leave.
            objects: Annotations that it deletes and puts again, by picture: what is put.
            origin: The address under which a network still is that it renames.
        """
        fields = dict(record.fields) if record is not None else {}
        content = content_digest(record)
        held = record.members if record is not None else {}
        bases = {name: tuple(held[name]) for name in objects or () if name in held}
        begun = Entry("begin", self._target, address, action, content, "", fields, (), objects or {}, bases, origin)
        self._append(begun)

    def removing(self, address: str, members: Iterable[str]) -> None:
        """Write down, durably, which members the operation that has begun removes."""
        names = tuple(members)
        if names:
            self._append(Entry("removing", self._target, address, members=names))

    def adding(self, address: str, members: Iterable[str]) -> None:
        """Write down, durably, which members the next request adds."""
        names = tuple(members)
        if names:
            self._append(Entry("adding", self._target, address, members=names))

    def created(self, address: str) -> None:
        """Write down, durably, that the platform confirmed our making it."""
        self._append(Entry("created", self._target, address))

    def end(self, address: str, status: Ending, members: Iterable[str] = ()) -> None:
        """Write down how it ended, and which members surely were not added or removed."""
        self._append(Entry("end", self._target, address, status=status, members=tuple(members)))

    def rotate(self, settled: Set[str]) -> None:
        """Put the journal of a completed apply away; the one before it goes.

        Args:
            settled: Addresses whose records are now in the inventory. What unfinished applies left of others, and of
                other targets, stays in the journal, unless it says nothing: as of a thing that was deleted.
        """
        self.close()
        if not self.path.exists():
            return
        closed = settled | {address for address, left in self.leftovers().items() if not left.says_anything}
        lines = list(self._lines())
        closed = closed if self._stays(lines, closed) else closed | {""}
        kept = [line for line, entry in lines if entry.target != self._target or not _is_settled(entry, closed)]
        if not kept:
            self.path.replace(self.path.with_suffix(".last.ndjson"))
            return
        fresh = self.path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.writelines(line + b"\n" for line in kept)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)

    def _stays(self, lines: Iterable[tuple[bytes, Entry]], closed: Set[str]) -> bool:
        """Return whether any line of ours stays for which the serials matter."""
        return any(one.target == self._target and one.address and one.address not in closed for _, one in lines)

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
            size = os.fstat(self._descriptor).st_size
            try:
                write_whole(self._descriptor, line)
            except OSError:  # a full disk: half a line would be taken for damage
                os.ftruncate(self._descriptor, size)
                raise
            os.fdatasync(self._descriptor)

    def _open(self) -> int:
        folder = self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            ignore = folder.parent / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            hint = f"make `{folder.parent}` a folder that you may write to: nothing is done without a journal"
            raise UsageError(f"the journal cannot be written: {error.strerror}: `{self.path}`", hint=hint) from error
        _cut_off(descriptor, self.path)
        sync_folder(folder)
        return descriptor

    def _entries(self) -> Iterator[Entry]:
        return (entry for _, entry in self._lines() if entry.target == self._target)

    def _lines(self) -> Iterator[tuple[bytes, Entry]]:
        return ((line, entry) for _, line, entry in self._read() if entry is not None)

    def _read(self) -> Iterator[tuple[int, bytes, Entry | None]]:
        """Yield number, text and meaning of every line; the text is empty where a kill cut the last one short."""
        if not self.path.exists():
            return
        decoder = msgspec.json.Decoder(Entry)
        *lines, rest = self.path.read_bytes().split(b"\n")
        for number, line in enumerate(lines, 1):
            yield number, line or b" ", _decoded(line, decoder)
        if rest:
            yield len(lines) + 1, b"", None


@dataclass(slots=True)
class _Written:
    """The serials under which lines stand, as far as nobody else wrote the inventory in between."""

    first: int = -1
    last: int = -1
    applied: dict[int, set[str]] = field(default_factory=dict)

    def follow(self, entry: Entry) -> bool:
        """Take the next write, and return whether it follows the ones before."""
        base = entry.serial - 1
        follows = self.first <= base <= self.last
        if not follows:
            self.first, self.applied = base, {}
        self.last = max(self.last, entry.serial) if follows else entry.serial
        self.applied.setdefault(entry.serial, set()).add(entry.applied)
        return follows

    def leads_to(self, inventory: Inventory) -> bool:
        """Return whether an inventory is one of those that were written, or the one before them."""
        if not self.first <= inventory.serial <= self.last:
            return False
        return inventory.serial == self.first or inventory.applied in self.applied.get(inventory.serial, ())


def _decoded(line: bytes, decoder: msgspec.json.Decoder[Entry]) -> Entry | None:
    """Return what a line says, None where that is nothing."""
    try:
        entry = decoder.decode(line)
        if entry.event != "writing":
            parse_address(entry.address)
    except (msgspec.MsgspecError, ValueError):  # UnicodeDecodeError is one too
        return None
    return entry


def _cut_off(descriptor: int, path: Path) -> None:
    """Cut off a last line that a kill cut short."""
    text = path.read_bytes()
    whole = text.rfind(b"\n") + 1
    if whole < len(text):
        os.ftruncate(descriptor, whole)


def journal_path(folder: Path, workspace: str) -> Path:
    """Return where the journal of a workspace is.

    Args:
        folder: The `.picsellia` folder.
        workspace: The workspace's name.
    """
    return folder / "journal" / f"{quote(workspace, safe=' ').replace('.', '%2E')}.ndjson"
