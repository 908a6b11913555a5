"""Sending picture files: batches bounded by count and bytes, a few at a time, with an outcome for every file.

Bytes are hashed as they are read, so that only what was planned is sent. Tags travel with the picture. A batch is safe
to repeat: what arrived is answered `same`.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from picsellia_apply.client.failures import TooLargeError, plain_text
from picsellia_apply.client.repeats import lost
from picsellia_apply.client.transport import Stream, Transport
from picsellia_apply.errors import (
    ApiLimitError,
    AuthenticationError,
    LeaseHeld,
    PicselliaError,
    ProcessingError,
    RefusedError,
    UnsufficientRessourcesError,
)
from picsellia_apply.wire import extension as ext

PICTURES_AT_ONCE = 500
BYTES_AT_ONCE = 8 * 1024 * 1024
"""A batch ends before it exceeds one of the two; a larger picture goes alone."""
IN_MEMORY = 64 * 1024 * 1024
"""A larger file is streamed from disk, and read twice: once to verify it, once to send it."""
CHANGED = "changed since it was planned"
_BLOCK = 1024 * 1024
_CONTENT_TYPE = "application/vnd.picsellia-apply.batch"
_TURNED = frozenset({5, 6, 7, 8})
_STATUSES = frozenset({"created", "same", "differs"})
_FATAL = (AuthenticationError, UnsufficientRessourcesError, RefusedError, LeaseHeld)


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture file to send.

    Attributes:
        name: The picture's name in the lake.
        path: Where to read it.
        sha256: 64 lower-case hex digits: what the bytes must be.
        size: Bytes.
        width: As stored in the file, px.
        height: As stored in the file, px.
        orientation: EXIF orientation, 1 to 8; 5 to 8 swap width and height when displayed.
        tags: Tags to put on it.
    """

    name: str
    path: Path
    sha256: str
    size: int
    width: int
    height: int
    orientation: int = 1
    tags: tuple[str, ...] = ()

    @property
    def displayed_wh(self) -> tuple[int, int]:
        """Width and height as a viewer shows the picture, px."""
        return (self.height, self.width) if self.orientation in _TURNED else (self.width, self.height)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file.

    Attributes:
        name: The picture's name.
        status: created; same (it was there with these bytes); differs (it is there with other bytes); there (a picture
            of this name is there, its bytes unknown); failed.
        picture_id: None where failed.
        error: Why it failed, else None.
    """

    name: str
    status: str
    picture_id: str | None = None
    error: str | None = None


class Sender(Protocol):
    """Sends one batch and returns its outcomes in the same order; raises PicselliaError when all of it failed."""

    def __call__(self, files: Sequence[PictureFile], /) -> list[Outcome]:
        """Send the files."""
        ...


def announced(send: Sender, on_send: Callable[[Sequence[str]], None] | None) -> Sender:
    """Return a sender that tells the names of each batch right before it is sent, from whatever thread sends it."""
    if on_send is None:
        return send

    def tell_and_send(files: Sequence[PictureFile], /) -> list[Outcome]:
        on_send([file.name for file in files])
        return send(files)

    return tell_and_send


def batches(files: Sequence[PictureFile], pictures_at_once: int = PICTURES_AT_ONCE) -> Iterator[Sequence[PictureFile]]:
    """Yield consecutive pieces of `files` within the bounds of count and bytes."""
    start = size = 0
    for end, file in enumerate(files):
        if end > start and (end - start == pictures_at_once or size + file.size > BYTES_AT_ONCE):
            yield files[start:end]
            start, size = end, 0
        size += file.size
    if start < len(files):
        yield files[start:]


def upload(
    files: Sequence[PictureFile],
    send: Sender,
    *,
    parallelism: int,
    on_done: Callable[[Sequence[Outcome]], None] | None = None,
    pictures_at_once: int = PICTURES_AT_ONCE,
) -> tuple[Outcome, ...]:
    """Send files in batches, a few at a time.

    A batch that fails for the network's or the platform's sake ends the upload: what was not begun is `failed` too, as
    waiting for every batch to time out would help nobody.

    Args:
        files: Any number.
        send: Sends one batch; called from several threads.
        parallelism: Batches on their way at once, at least 1.
        on_done: Told the outcomes of each batch as it is done, from the calling thread.
        pictures_at_once: Most files of one batch.

    Returns:
        One outcome per file, in order.

    Raises:
        AuthenticationError: The platform refuses us; what is on its way is finished, and told, first.
        UnsufficientRessourcesError: Likewise, for want of quota.
        RefusedError: Likewise, as this client only reads.
        LeaseHeld: Likewise, as somebody else writes now.
    """
    outcomes: dict[int, Sequence[Outcome]] = {}
    queue = iter(enumerate(batches(files, pictures_at_once)))
    running: dict[Future[list[Outcome]], tuple[int, Sequence[PictureFile]]] = {}
    stopped: PicselliaError | None = None
    with ThreadPoolExecutor(max_workers=parallelism, thread_name_prefix="upload") as pool:
        while True:
            while len(running) < parallelism and (item := next(queue, None)) is not None:
                index, batch = item
                if stopped is not None:
                    outcomes[index] = _not_sent(batch, stopped)
                    _tell(on_done, outcomes[index])
                    continue
                running[pool.submit(send, batch)] = item
            if not running:
                break
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                index, batch = running.pop(future)
                outcomes[index], failure = _result(future, batch)
                stopped = _gravest(stopped, failure)
                _tell(on_done, outcomes[index])
    if isinstance(stopped, _FATAL):
        raise stopped
    return tuple(one for index in sorted(outcomes) for one in outcomes[index])


def _gravest(one: PicselliaError | None, other: PicselliaError | None) -> PicselliaError | None:
    """Return the one that is raised at the end, else the first."""
    return other if one is None or (isinstance(other, _FATAL) and not isinstance(one, _FATAL)) else one


def _tell(on_done: Callable[[Sequence[Outcome]], None] | None, outcomes: Sequence[Outcome]) -> None:
    if on_done is not None:
        on_done(outcomes)


def _not_sent(batch: Sequence[PictureFile], why: PicselliaError) -> list[Outcome]:
    return [
        Outcome(file.name, "failed", error=f"not sent, as the upload was given up: {why.message}") for file in batch
    ]


def _result(future: Future[list[Outcome]], batch: Sequence[PictureFile]) -> tuple[list[Outcome], PicselliaError | None]:
    """Return a batch's outcomes, and what makes going on pointless."""
    try:
        return future.result(), None
    except PicselliaError as error:
        pointless = error if lost(error) or isinstance(error, (ApiLimitError, *_FATAL)) else None
        return [Outcome(file.name, "failed", error=error.message) for file in batch], pointless


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
        sent = iter(self._send([file for file, _ in good], [content for _, content in good]) if good else [])
        return [
            next(sent) if isinstance(content, bytes) else Outcome(file.name, "failed", error=content)
            for file, content in zip(files, contents, strict=True)
        ]

    def _send(self, files: Sequence[PictureFile], contents: Sequence[bytes]) -> list[Outcome]:
        """Send one request, or two halves where a proxy takes no body of this size."""
        try:
            return self._post(files, b"".join([_head(files, self.source), *contents]))
        except TooLargeError:
            half = len(files) // 2
            if half == 0:
                raise
            return self._send(files[:half], contents[:half]) + self._send(files[half:], contents[half:])

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
    header = msgspec.json.encode(ext.BatchHeader(pictures, source))
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
