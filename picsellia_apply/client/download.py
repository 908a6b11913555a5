"""Fetching objects by signed URL: into a temporary file, verified, renamed. Names of a server stay inside a folder."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from picsellia_apply.client.progress import Bar
from picsellia_apply.client.transport import Transport
from picsellia_apply.errors import (
    ForbiddenError,
    NetworkError,
    PicselliaError,
    ProcessingError,
    ResourceNotFoundError,
    TransferError,
)

PARALLELISM = 8
_BLOCK = 1024 * 1024
_ATTEMPTS = 3
_FORBIDDEN = frozenset('<>:"|?*\\')
_LONGEST_NAME = 255
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_LAST_DOTS = re.compile(r"[. ]+$")


@dataclass(frozen=True, slots=True)
class Download:
    """One object to fetch.

    Attributes:
        name: What to call it in messages.
        url: Signed; a key, so it is never shown. Or what asks for it when its turn comes: a signature expires.
        target: Where to write it.
        sha256: What its bytes must be, None where that is not known.
    """

    name: str
    url: str | Callable[[], str]
    target: Path
    sha256: str | None = None


def safe_path(name: str) -> PurePosixPath:
    """Return a relative path for a name of the platform that cannot leave the folder it is joined to, on any system.

    Characters and endings that Windows does not take become `_`, and a device's name gets one in front.

    Raises:
        ProcessingError: Nothing is left of the name, or a part of it is too long.
    """
    plain = "".join("_" if c in _FORBIDDEN or not c.isprintable() else c for c in name)
    parts = [_plain_part(part) for part in plain.split("/") if part not in {"", ".", ".."}]
    if not parts or any(len(part.encode()) > _LONGEST_NAME for part in parts):
        raise ProcessingError(f"no file can be called `{plain[:80]}`")
    return PurePosixPath(*parts)


def _plain_part(part: str) -> str:
    part = _LAST_DOTS.sub(lambda found: "_" * len(found[0]), part)
    return f"_{part}" if _DEVICE.fullmatch(part) else part


def fetch_all(transport: Transport, downloads: Sequence[Download]) -> None:
    """Fetch objects, a few at a time; those there with the bytes that the platform states are not fetched again.

    Raises:
        TransferError: Some could not be fetched; the others were.
    """
    failures: dict[str, str] = {}

    def fetch_one(one: Download) -> None:
        try:
            fetch(transport, one)
        except (PicselliaError, OSError) as error:
            failures[one.name] = error.message if isinstance(error, PicselliaError) else f"{error.strerror}"
        finally:
            bar.advance()

    with (
        Bar("downloading", len(downloads)) as bar,
        ThreadPoolExecutor(max_workers=PARALLELISM, thread_name_prefix="download") as pool,
    ):
        list(pool.map(fetch_one, downloads))
    if failures:
        raise TransferError(f"{len(failures)} of {len(downloads)} files could not be fetched", failures)


def fetch(transport: Transport, one: Download) -> None:
    """Fetch one object.

    Raises:
        PicselliaError: The platform refused, the answer was cut short again and again, or the bytes are not the right
            ones; nothing was left behind.
        OSError: The file cannot be written.
    """
    if one.sha256 is not None and one.target.exists() and _digest(one.target) == one.sha256:
        return
    one.target.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _replace(one, lambda part: _copy(transport, one, part))
            return
        except NetworkError:
            if attempt == _ATTEMPTS:
                raise


def _replace(one: Download, write: Callable[[Path], str]) -> None:
    """Write a temporary file beside the target and rename it once its digest is right."""
    part = one.target.parent / f".{uuid.uuid4()}.part"
    try:
        _check(one, write(part))
        part.replace(one.target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _check(one: Download, digest: str) -> None:
    if one.sha256 not in {None, digest}:
        raise ProcessingError(f"`{one.name}`: the bytes are not those the platform states")


def _copy(transport: Transport, one: Download, part: Path) -> str:
    """Stream an object to a new file and return its digest."""
    url = one.url if isinstance(one.url, str) else one.url()
    digest = hashlib.sha256()
    with part.open("xb") as file:
        for block in _blocks(transport, one.name, url):
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def _blocks(transport: Transport, name: str, url: str) -> Iterator[bytes]:
    """Stream an object; its length is checked by the HTTP library."""
    import requests

    with transport.object_get(url) as response:
        try:
            yield from response.iter_content(_BLOCK)
        except requests.RequestException as error:
            raise NetworkError(f"`{name}`: the answer was cut short") from error


def digests(transport: Transport, urls: Mapping[str, Callable[[], str]]) -> dict[str, str]:
    """Return the sha256 (hex) of objects, read a few at a time and kept nowhere; "" of those that nobody may read.

    Args:
        transport: Fetches them.
        urls: By what to call it in messages: what asks for its signed URL when its turn comes.

    Raises:
        PicselliaError: No URL is given out, or no whole answer came again and again.
    """
    with ThreadPoolExecutor(max_workers=PARALLELISM, thread_name_prefix="digest") as pool:
        found = pool.map(lambda name: _read_digest(transport, name, urls[name]), urls)
        return dict(zip(urls, found, strict=True))


def _read_digest(transport: Transport, name: str, url: Callable[[], str]) -> str:
    """Return an object's digest, "" where the platform refuses it: a store says 403 or 404 of what is lost."""
    for attempt in range(1, _ATTEMPTS + 1):
        signed, digest = url(), hashlib.sha256()  # a refusal to sign is no word about the object
        try:
            for block in _blocks(transport, name, signed):
                digest.update(block)
            return digest.hexdigest()
        except (ForbiddenError, ResourceNotFoundError):
            return ""
        except NetworkError:
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
