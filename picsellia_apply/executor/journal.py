"""The write-ahead journal: what an apply was about to do, kept until an apply completes.

One JSON object a line, appended and synced before the next step:

    {"event": "begin", "target": "host/organization/workspace", "address": "version/cells@first", "action": "create",
     "content": "<sha256 of the record it shall have>", "fields": {of that record},
     "puts": {picture: digest}, "bases": {picture: [texts]},    the annotations that are put, and what the record then
                                     says of each, where that is something else
     "objects": {picture: [texts]}}  of those that are deleted first: what is put
    {"event": "removing", ..., "members": [names]}  the operation that has begun removes these members
    {"event": "adding", ..., "members": [names], "keys": [one each]}    the next request adds these members, which were
                                     not there just now, from objects with these keys, where we choose them
    {"event": "created", ...}       the platform said that this apply made it
    {"event": "end", ..., "status": "done" | "refused" | "failed", "members": [names not added or removed]}
    {"event": "writing", ..., "serial": 7, "applied": digest, "rests": digest}      the inventory is about to be written
                                     with this serial, over one of which a plan was `applied`

What the lines mean for the apply after a killed one is said in `executor.leftover`.

A line cut short by the kill is cut off. Once an apply completes, the lines of what it settled are rotated away. Knows
no platform.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from pathlib import Path
from urllib.parse import quote

import msgspec

from picsellia_apply.errors import Diagnostic, Severity, UsageError
from picsellia_apply.executor.leftover import Ending, Entry, Leftover, content_digest, left_by
from picsellia_apply.inventory.files import sync_folder, write_whole
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.annotation import annotation_digest
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.plan import Target
from picsellia_apply.source import Position


def _is_settled(entry: Entry, closed: Set[str]) -> bool:
    """Return whether a line says nothing more once an apply completed."""
    return entry.address in closed or entry.event == "removing" or entry.drops


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
        return left_by(self._entries(), inventory)

    def faults(self) -> tuple[Diagnostic, ...]:
        """Return a warning for every line that cannot be read; the last one may have been cut short by a kill."""
        said = "this line of the journal cannot be read"
        hint = "what that line said is lost: what an unfinished apply made may count as adopted"
        broken = (Position(str(self.path), number) for number, whole, entry in self._read() if whole and entry is None)
        return tuple(Diagnostic("L025", Severity.warning, said, place, hint) for place in broken)

    def writing(self, inventory: Inventory, rests: str | None = None) -> None:
        """Write down, durably, that the inventory is about to be written as this.

        Args:
            inventory: As it shall be.
            rests: The `applied` of the one that it is written over: an announced write that never came to be is told
                by it from somebody else's of the same serial.

        Raises:
            UsageError: The journal cannot be made.
        """
        self._append(Entry("writing", self._target, serial=inventory.serial, applied=inventory.applied, rests=rests))

    def begin(
        self,
        address: str,
        action: str,
        record: Record | None,
        put: Mapping[str, tuple[str, ...]] | None = None,
        origin: str = "",
        *,
        deleted: Collection[str] = (),
    ) -> None:
        """Write down, durably, what is about to be done.

        Args:
            address: The operation's.
            action: Its action.
            record: The record that it shall leave.
            put: Annotations that it puts, by picture.
            origin: The address under which a network still is that it renames.
            deleted: The pictures of which it deletes the annotation before it puts another.
        """
        fields = dict(record.fields) if record is not None else {}
        content = content_digest(record)
        held = record.members if record is not None else {}
        texts = put or {}
        begun = Entry(
            "begin",
            self._target,
            address,
            action,
            content,
            fields=fields,
            objects={name: texts[name] for name in deleted},
            bases={name: tuple(held.get(name, ())) for name in texts if held.get(name, ()) != texts[name]},
            origin=origin,
            puts={name: annotation_digest(one) for name, one in texts.items()},
        )
        self._append(begun)

    def removing(self, address: str, members: Iterable[str]) -> None:
        """Write down, durably, which members the operation that has begun removes."""
        names = tuple(members)
        if names:
            self._append(Entry("removing", self._target, address, members=names))

    def adding(self, address: str, members: Iterable[str], keys: Iterable[str] = ()) -> None:
        """Write down, durably, which members the next request adds, and the keys of their objects."""
        names = tuple(members)
        if names:
            self._append(Entry("adding", self._target, address, members=names, keys=tuple(keys)))

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
