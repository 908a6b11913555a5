"""Sending picture files: batches bounded by count and bytes, a few at a time, with an outcome for every file.

How one batch is sent is the sender's business, see `sending` and `plain_writer`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Protocol

from picsellia_apply.client.repeats import lost
from picsellia_apply.client.transport import chunks
from picsellia_apply.errors import (
    ApiLimitError,
    AuthenticationError,
    LeaseHeld,
    PicselliaError,
    RefusedError,
    UnsufficientRessourcesError,
)

PICTURES_AT_ONCE = 500
BYTES_AT_ONCE = 8 * 1024 * 1024
"""A batch ends before it exceeds one of the two; a larger picture goes alone."""
_TURNED = frozenset({5, 6, 7, 8})
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
        key: The key of the object that it is made of, where the client chooses that; empty for a new one.
    """

    name: str
    path: Path
    sha256: str
    size: int
    width: int
    height: int
    orientation: int = 1
    tags: tuple[str, ...] = ()
    key: str = ""

    @property
    def displayed_wh(self) -> tuple[int, int]:
        """Width and height as a viewer shows the picture, px."""
        return (self.height, self.width) if self.orientation in _TURNED else (self.width, self.height)


def new_key(name: str) -> str:
    """Return the key of a new object for a picture, which no other upload has. Source: WIRE_V2.md 3.5."""
    return f"{uuid.uuid4()}{PurePosixPath(name).suffix}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file.

    Attributes:
        name: The picture's name.
        status: created; same (it was there with these bytes); differs (it is there with other bytes); there (a picture
            of this name is there, its bytes unknown); failed.
        picture_id: None where failed.
        error: Why it failed, else None.
        uncertain: It failed for us, and the platform may have taken it all the same: its answer was lost.
    """

    name: str
    status: str
    picture_id: str | None = None
    error: str | None = None
    uncertain: bool = False


class PartSent(Exception):  # noqa: N818 - a part did arrive
    """A batch was sent in pieces, and one of them failed.

    Attributes:
        outcomes: What became of the pieces before it.
        error: Why the rest was not sent.
    """

    def __init__(self, outcomes: Sequence[Outcome], error: PicselliaError) -> None:
        """Keep both."""
        super().__init__(error.message)
        self.outcomes = outcomes
        self.error = error


class Sender(Protocol):
    """Sends one batch and returns its outcomes in the same order.

    Raises PicselliaError when all of it failed, PartSent when the rest of it did.
    """

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


def in_turn(files: Sequence[PictureFile], send: Sender, at_once: int) -> list[Outcome]:
    """Send a batch in pieces of so many files, one after the other, and return the outcomes of all.

    Raises:
        PicselliaError: The first piece failed.
        PartSent: A later one did.
    """
    outcomes: list[Outcome] = []
    for some in chunks(files, at_once):
        try:
            outcomes += send(some)
        except PartSent as part:
            raise PartSent([*outcomes, *part.outcomes], part.error) from part
        except PicselliaError as error:
            if not outcomes:
                raise
            raise PartSent(outcomes, error) from error
    return outcomes


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
    queue = iter(enumerate(batches(files, pictures_at_once)))
    with ThreadPoolExecutor(max_workers=parallelism, thread_name_prefix="upload") as pool:
        sent = _Batches(lambda batch: pool.submit(send, batch), on_done or (lambda _: None))
        while True:
            while len(sent.running) < parallelism and (item := next(queue, None)) is not None:
                sent.begin(*item)
            if not sent.running:
                break
            sent.take_done()
    if isinstance(sent.stopped, _FATAL):
        raise sent.stopped
    return tuple(one for _, outcomes in sorted(sent.outcomes.items()) for one in outcomes)


@dataclass(slots=True)
class _Batches:
    """Batches that are on their way, and what became of the others, by their number.

    Attributes:
        submit: Begins to send one.
        on_done: Told the outcomes of each.
        stopped: What the upload was given up for.
    """

    submit: Callable[[Sequence[PictureFile]], Future[list[Outcome]]]
    on_done: Callable[[Sequence[Outcome]], None]
    outcomes: dict[int, Sequence[Outcome]] = field(default_factory=dict)
    running: dict[Future[list[Outcome]], tuple[int, Sequence[PictureFile]]] = field(default_factory=dict)
    stopped: PicselliaError | None = None

    def begin(self, number: int, batch: Sequence[PictureFile]) -> None:
        """Begin to send a batch, unless the upload was given up."""
        if self.stopped is None:
            self.running[self.submit(batch)] = number, batch
        else:
            self._end(number, _failed(batch, f"not sent, as the upload was given up: {self.stopped.message}"))

    def take_done(self) -> None:
        """Wait until one is done, or several."""
        done, _ = wait(self.running, return_when=FIRST_COMPLETED)
        for future in done:
            number, batch = self.running.pop(future)
            outcomes, failure = _result(future, batch)
            self.stopped = _gravest(self.stopped, failure)
            self._end(number, outcomes)

    def _end(self, number: int, outcomes: Sequence[Outcome]) -> None:
        self.outcomes[number] = outcomes
        self.on_done(outcomes)


def _gravest(one: PicselliaError | None, other: PicselliaError | None) -> PicselliaError | None:
    """Return the one that is raised at the end, else the first."""
    return other if one is None or (isinstance(other, _FATAL) and not isinstance(one, _FATAL)) else one


def _failed(files: Sequence[PictureFile], why: str) -> list[Outcome]:
    return [Outcome(file.name, "failed", error=why) for file in files]


def _result(
    future: Future[list[Outcome]], batch: Sequence[PictureFile]
) -> tuple[Sequence[Outcome], PicselliaError | None]:
    """Return a batch's outcomes, and what makes going on pointless."""
    try:
        return future.result(), None
    except PartSent as part:
        error, told = part.error, {one.name: one for one in part.outcomes}
    except PicselliaError as whole:
        error, told = whole, {}
    uncertain = lost(error) or isinstance(error, ApiLimitError)
    pointless = error if uncertain or isinstance(error, _FATAL) else None
    failed = Outcome("", "failed", error=error.message, uncertain=uncertain)
    return [told.get(file.name) or replace(failed, name=file.name) for file in batch], pointless
