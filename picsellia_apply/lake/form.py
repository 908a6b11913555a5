"""Object bytes on their way in: streamed from a request to a blob, hashed as they arrive; never held as a whole.

A form is checked field by field before its file's first byte is stored, which is why it is read with werkzeug's
incremental decoder. Source: WIRE_V2.md 5.2 (fields first, then part `file`; the part's file name means nothing).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import NEED_DATA, Data, Epilogue, Event, Field, File, MultipartDecoder
from werkzeug.wrappers import Request

from picsellia_apply.lake.objects import Incoming
from picsellia_apply.lake.refusal import bad_request, too_large

_CHUNK = 1 << 18
_FIELDS_LIMIT = 1 << 16
_FORM_SLACK = 1 << 17
"""What a form may be longer than its file."""


def receive_body(request: Request, blob: Incoming, limit: int) -> str:
    """Write a raw body to a blob and return its sha256.

    Raises:
        RequestEntityTooLarge: It is over the limit (413).
    """
    request.max_content_length = limit
    digest = hashlib.sha256()
    while chunk := request.stream.read(_CHUNK):
        digest.update(chunk)
        blob.write(chunk)
    return digest.hexdigest()


def _events(request: Request, limit: int) -> Iterator[Event]:
    """Yield what a form consists of, as it arrives.

    Raises:
        Refusal: 400, it is no form or a broken one; 413, its fields are too large.
    """
    kind, options = parse_options_header(request.environ.get("CONTENT_TYPE", ""))
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise bad_request("the body is not a multipart form")
    request.max_content_length = limit + _FORM_SLACK
    decoder = MultipartDecoder(options["boundary"].encode("latin-1", "replace"), 4 * _CHUNK, max_parts=32)
    try:
        while True:
            decoder.receive_data(request.stream.read(_CHUNK) or None)
            while (event := decoder.next_event()) is not NEED_DATA:
                yield event
                if isinstance(event, Epilogue):
                    return
    except ValueError as error:
        raise bad_request(f"the form is broken: {error}") from error


def receive_form(
    request: Request, open_blob: Callable[[Mapping[str, str]], Incoming], limit: int
) -> tuple[dict[str, str], int, str]:
    """Read an upload form.

    Args:
        request: The request.
        open_blob: Checks the fields and returns where the file's bytes go: behind what the blob holds already.
        limit: Most bytes of the file.

    Returns:
        The fields, where in the blob the file's bytes begin (they end where it ends), and their sha256.

    Raises:
        Refusal: 400, it is no such form; 403, the fields do not hold; 413, it is over a limit.
    """
    form = _Form(open_blob)
    try:
        for event in _events(request, limit):
            form.take(event)
        form.check(limit)
    except BaseException as error:
        form.drop()
        if isinstance(error, RequestEntityTooLarge):
            raise too_large("the form is too large") from error
        raise
    return form.fields, form.start, form.digest.hexdigest()


class _Form:
    """What has arrived of a form."""

    def __init__(self, open_blob: Callable[[Mapping[str, str]], Incoming]) -> None:
        self.fields: dict[str, str] = {}
        self.blob: Incoming | None = None
        self.start = 0
        self.digest = hashlib.sha256()
        self._open_blob = open_blob
        self._name, self._text = "", b""

    def take(self, event: Event) -> None:
        match event:
            case Field() if self.blob is not None:
                raise bad_request("the form holds a field after its file")
            case Field():
                self._name, self._text = event.name, b""
            case File() if self.blob is not None or event.name != "file":
                raise bad_request("the form holds another file than `file`, or two")
            case File():
                self.blob = self._open_blob(self.fields)
                self.start = self.blob.size
            case Data() if self.blob is not None:
                self.digest.update(event.data)
                self.blob.write(event.data)
            case Data():
                self._add_text(event.data)

    def check(self, limit: int) -> None:
        if self.blob is None:
            raise bad_request("the form holds no `file`")
        if self.blob.size - self.start > limit:
            raise too_large("the file is too large")

    def drop(self) -> None:
        """Forget the file's bytes."""
        if self.blob is not None:
            self.blob.cut(self.start)

    def _add_text(self, data: bytes) -> None:
        self._text += data
        if len(self._text) > _FIELDS_LIMIT:
            raise too_large("a field of the form is too large")
        self.fields[self._name] = self._text.decode("utf-8", "replace")
