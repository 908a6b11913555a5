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
) -> tuple[dict[str, str], Incoming, str]:
    """Read an upload form.

    Args:
        request: The request.
        open_blob: Checks the fields and returns where the file's bytes go.
        limit: Most bytes of the file.

    Returns:
        The fields, the blob with the file's bytes, and their sha256.

    Raises:
        Refusal: 400, it is no such form; 403, the fields do not hold; 413, it is over a limit.
    """
    fields: dict[str, str] = {}
    name, text, blob, digest = "", b"", None, hashlib.sha256()
    try:
        for event in _events(request, limit):
            match event:
                case Field():
                    name, text = event.name, b""
                case File() if blob is not None or event.name != "file":
                    raise bad_request("the form holds another file than `file`, or two")
                case File():
                    blob = open_blob(fields)
                case Data() if blob is not None:
                    digest.update(event.data)
                    blob.write(event.data)
                case Data():
                    text += event.data
                    if len(text) > _FIELDS_LIMIT:
                        raise too_large("a field of the form is too large")
                    fields[name] = text.decode("utf-8", "replace")
    except RequestEntityTooLarge as error:
        raise too_large("the form is too large") from error
    if blob is None:
        raise bad_request("the form holds no `file`")
    if blob.size > limit:
        raise too_large("the file is too large")
    return fields, blob, digest.hexdigest()
