"""Sending one batch of pictures as one request of the extension; bytes are verified as they are read.

They are hashed, so that only what was planned is sent. Tags travel with the picture. A batch is safe to repeat: what
arrived is answered `same`.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from picsellia_apply.client.body import Stream
from picsellia_apply.client.encoding import json_of
from picsellia_apply.client.failures import TooLargeError, plain_text
from picsellia_apply.client.transport import Transport
from picsellia_apply.client.upload import Outcome, PictureFile, in_turn
from picsellia_apply.errors import ProcessingError
from picsellia_apply.wire import extension as ext

IN_MEMORY = 64 * 1024 * 1024
"""A larger file is streamed from disk, and read twice: once to verify it, once to send it."""
CHANGED = "changed since it was planned"
_BLOCK = 1024 * 1024
_CONTENT_TYPE = "application/vnd.picsellia-apply.batch"
_STATUSES = frozenset({"created", "same", "differs"})


@dataclass(frozen=True, slots=True)
class BatchSender:
    """Sends a batch as one request of the extension.

    Attributes:
        transport: Sends it.
        organization_id: Whose lake.
        source: Where the pictures come from, kept with them.
    """

    transport: Transport
    organization_id: str
    source: str = "sdk"

    def __call__(self, files: Sequence[PictureFile], /) -> list[Outcome]:
        """Send the files whose bytes are what was planned."""
        if len(files) == 1 and files[0].size > IN_MEMORY:
            return self._send_large(files[0])
        contents = [read_verified(file) for file in files]
        good = [(file, content) for file, content in zip(files, contents, strict=True) if isinstance(content, bytes)]
        read = {file.name: content for file, content in good}
        sent = iter(self._send([file for file, _ in good], read) if good else [])
        return [
            next(sent) if isinstance(content, bytes) else Outcome(file.name, "failed", error=content)
            for file, content in zip(files, contents, strict=True)
        ]

    def _send(self, files: Sequence[PictureFile], contents: Mapping[str, bytes]) -> list[Outcome]:
        """Send one request, or two halves where a proxy takes no body of this size."""
        try:
            return self._post(files, b"".join([_head(files, self.source), *(contents[file.name] for file in files)]))
        except TooLargeError:
            if len(files) == 1:
                raise
            return in_turn(files, lambda some: self._send(some, contents), (len(files) + 1) // 2)

    def _send_large(self, file: PictureFile) -> list[Outcome]:
        """Stream one file; what changes after it was verified here is refused by the platform, by its digest."""
        why = _check(file)
        if why is not None:
            return [Outcome(file.name, "failed", error=why)]
        head = _head([file], self.source)
        try:
            return self._post([file], lambda: _Joined(head, file.path, file.size))
        except OSError as error:  # those of the network have types of their own
            return [Outcome(file.name, "failed", error=f"cannot be read: {error.strerror or error}")]

    def _post(self, files: Sequence[PictureFile], data: bytes | Callable[[], Stream]) -> list[Outcome]:
        path = (ext.PREFIX, self.organization_id, "pictures", "batch")
        answer = self.transport.ask_raw(
            "POST", *path, answer=ext.BatchAnswer, repeat_safe=True, data=data, content_type=_CONTENT_TYPE
        )
        if not len(answer.statuses) == len(answer.picture_ids) == len(answer.errors) == len(files):
            raise ProcessingError("pictures/batch: the answer is not about the pictures sent")
        rows = zip(files, answer.statuses, answer.picture_ids, answer.errors, strict=True)
        return [_outcome(file, status, picture_id, error) for file, status, picture_id, error in rows]


def _outcome(file: PictureFile, status: str, picture_id: str | None, error: str | None) -> Outcome:
    if status in _STATUSES and picture_id:
        return Outcome(file.name, status, picture_id)
    return Outcome(file.name, "failed", error=plain_text(error or f"the platform answered `{status}`"))


def _head(files: Sequence[PictureFile], source: str) -> bytes:
    """Return a batch's length-prefixed header."""
    pictures = [
        ext.BatchPicture(
            file.name, file.sha256, file.size, *file.displayed_wh, file.width, file.height, list(file.tags)
        )
        for file in files
    ]
    header = json_of(ext.BatchHeader(pictures, source))
    return len(header).to_bytes(8, "big") + header


def read_verified(file: PictureFile) -> bytes | str:
    """Return a file's bytes, or why they are not what was planned."""
    try:
        with file.path.open("rb") as stream:
            content = stream.read(file.size + 1)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if len(content) != file.size or hashlib.sha256(content).hexdigest() != file.sha256:
        return CHANGED
    return content


def _check(file: PictureFile) -> str | None:
    """Return why a large file's bytes are not what was planned, None when they are."""
    try:
        with file.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            size = stream.tell()
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return None if (digest, size) == (file.sha256, file.size) else CHANGED


class _Joined:
    """A header and exactly `size` bytes of a file, as one stream of known length (`len`, as requests wants it)."""

    def __init__(self, head: bytes, path: Path, size: int) -> None:
        self._head = io.BytesIO(head)
        self._file = path.open("rb")
        self._left = size
        self.len = len(head) + size

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` bytes; a file that became shorter is filled up, for the platform to refuse."""
        size = _BLOCK if size < 0 else size
        start = self._head.read(size)
        if start or not self._left or not size:
            return start
        wanted = min(size, self._left)
        block = self._file.read(wanted) or bytes(wanted)
        self._left -= len(block)
        return block

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.read, b"")

    def close(self) -> None:
        """Close the file."""
        self._file.close()
