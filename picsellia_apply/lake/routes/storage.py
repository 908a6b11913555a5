"""The object store: signed URLs, upload forms, multipart uploads and downloads. Source: WIRE_V2.md section 5."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import BinaryIO

from sqlalchemy import Connection
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wrappers import Response

from picsellia_apply.lake.call import CUT_OFF, Call, Handler, Platform, alone, answer
from picsellia_apply.lake.form import receive_body, receive_form
from picsellia_apply.lake.objects import Incoming
from picsellia_apply.lake.refusal import Refusal, attempt, bad_request, not_found
from picsellia_apply.lake.router import Route, route
from picsellia_apply.lake.service import accounts, annotation, blobs, storage, versions
from picsellia_apply.wire import v2

_CHUNK = 1 << 18
_log = logging.getLogger(__name__)


def presign(calls: Sequence[Call]) -> list[Response | Refusal]:
    """Return an upload form or a URL for one object."""
    with calls[0].db.read() as conn:
        mine = {caller: accounts.organizations_of(conn, caller) for caller in {call.user for call in calls}}
        return [attempt(partial(_presigned, call, conn, mine[call.user])) for call in calls]


def _presigned(call: Call, conn: Connection, mine: Sequence[accounts.Organization]) -> Response:
    request = call.body(v2.PresignedRequest)
    bucket = storage.MODELS if request.bucket_model else storage.PICTURES
    match request.method.lower():
        case "post":
            key = storage.key_for_writing(conn, mine, bucket, request.object_name)
            fields = call.platform.signer.sign("POST", key.claims())
            return answer({"url": {"url": f"{call.base_url}/sdk/v2/storage", "fields": fields}})
        case "get":
            key = storage.key_for_reading(conn, mine, bucket, request.object_name)
            return answer({"url": storage.signed_url(call.platform.signer, call.base_url, key)})
        case _:
            raise bad_request("`method` is neither `post` nor `get`")


def _model_key(call: Call, conn: Connection, name: str) -> storage.Key:
    """Return the key of a network's file that the caller may write."""
    return storage.key_for_writing(conn, accounts.organizations_of(conn, call.user), storage.MODELS, name)


def start_upload(call: Call) -> Response:
    """Start a multipart upload of a network's file."""
    request = call.body(v2.MultipartStart)
    with blobs.erasing(call.db, call.platform.objects) as conn:
        key = _model_key(call, conn, request.object_name)
        _sweep(call, conn, key)
        return answer({"upload_id": storage.start_upload(conn, key, call.now())})


def _sweep(call: Call, conn: Connection, key: storage.Key) -> None:
    """Clear what was abandoned in the organization that a new upload goes to; opening a lake does it for all."""
    if call.platform.swept.is_due(key.organization, call.platform.clock().timestamp()):
        storage.sweep(conn, call.platform.abandoned_before(), storage.organization_row(conn, key.organization))


def presign_part(call: Call) -> Response:
    """Return the URL for one part."""
    request = call.body(v2.MultipartPartRequest)
    if not 1 <= request.part_no <= storage.MOST_PARTS:
        raise bad_request(f"`part_no` is not within 1 and {storage.MOST_PARTS}")
    with call.db.read() as conn:
        key = _model_key(call, conn, request.object_name)
        storage.find_upload(conn, key, request.upload_id)
    claims = {"upload": request.upload_id, "part": str(request.part_no)}
    return answer({"url": storage.signed_url(call.platform.signer, call.base_url, key, "PUT", **claims)})


def complete_upload(call: Call) -> Response:
    """Join the parts into the object; an object that was there is replaced in the same moment."""
    request = call.body(v2.MultipartComplete)
    with call.platform.objects.incoming() as blob:
        key, sha256 = _joined(call, request, blob)
        blob.keep()
        with blobs.erasing(call.db, call.platform.objects) as conn:
            upload = storage.find_upload(conn, key, request.upload_id)
            storage.put(conn, key, blob, sha256, call.now())
            storage.end_upload(conn, upload)
        blob.confirm()
    return answer({"success": "upload complete", **call.beyond_v2(sha256=sha256, size=blob.size)}, 201)


def _joined(call: Call, request: v2.MultipartComplete, blob: Incoming) -> tuple[storage.Key, str]:
    """Write an upload's parts into a blob and return the upload's key and the sha256 of the whole.

    Raises:
        Refusal: 400 or 404, the upload or a part is not there (any more).
    """
    before: list[str] = []
    while True:
        with call.db.read() as conn:
            key = _model_key(call, conn, request.object_name)
            upload = storage.find_upload(conn, key, request.upload_id)
            locations = storage.parts_of(conn, upload, request.parts)
        try:
            return key, storage.join(call.platform.objects, locations, blob)
        except FileNotFoundError as error:  # somebody sent a part again meanwhile, or finished the upload
            if locations == before:
                raise _lost(f"a part of `{key.name}`") from error
            before = locations
            blob.cut(0)


def _lost(what: str) -> Refusal:
    """Return the refusal of what a row names, but no file holds; rows change before their files go."""
    _log.error("the bytes of %s are missing from the lake's folder", what)
    return not_found(f"the bytes of {what} are gone")


def _signed_key(call: Call, method: str) -> tuple[storage.Key, dict[str, str]]:
    """Return the key of a signed URL and its other claims.

    Raises:
        Refusal: 403, altered or expired.
    """
    key = storage.Key(call.path["organization"], call.path["bucket"], call.path["key"])
    stated = call.request.args.to_dict()
    call.platform.signer.check(method, {**stated, **key.claims()})
    return key, stated


def put_part(call: Call) -> Response:
    """Store one part."""
    key, claims = _signed_key(call, "PUT")
    with call.platform.objects.incoming() as blob:
        sha256 = receive_body(call.request, blob, call.platform.limits.object)
        blob.keep()
        with blobs.erasing(call.db, call.platform.objects) as conn:
            upload = storage.find_upload(conn, key, claims["upload"])
            storage.put_part(conn, upload, int(claims["part"]), blob, sha256)
        blob.confirm()
    response = answer({})
    response.headers["ETag"] = f'"{sha256}"'
    return response


class _Forms:
    """Upload forms that arrive one after the other; their files go into one blob."""

    def __init__(self, platform: Platform, stack: ExitStack) -> None:
        self._platform = platform
        self._stack = stack
        self.blob: Incoming | None = None

    def _open(self, fields: Mapping[str, str]) -> Incoming:
        self._platform.signer.check("POST", fields)
        if self.blob is None:
            self.blob = self._stack.enter_context(self._platform.objects.incoming())
        return self.blob

    def receive(self, call: Call) -> storage.Piece | Refusal:
        """Take in one form."""
        try:
            fields, start, sha256 = receive_form(call.request, self._open, self._platform.limits.object)
        except Refusal as refusal:
            return refusal
        except (ClientDisconnected, ConnectionError, TimeoutError):
            return bad_request(CUT_OFF)
        size = self.blob.size - start if self.blob else 0
        return storage.Piece(storage.Key(fields["organization"], fields["bucket"], fields["key"]), start, size, sha256)


def upload(calls: Sequence[Call]) -> list[Response | Refusal]:
    """Store an object from a signed form; 204 is the only success that clients know."""
    platform = calls[0].platform
    with ExitStack() as stack:
        forms = _Forms(platform, stack)
        received = [forms.receive(call) for call in calls]
        pieces = [one for one in received if isinstance(one, storage.Piece)]
        if forms.blob is None or not pieces:
            return [one for one in received if isinstance(one, Refusal)]
        forms.blob.keep()
        with blobs.erasing(platform.db, platform.objects) as conn:
            for one in {piece.key.organization: piece for piece in pieces}.values():
                _sweep(calls[0], conn, one.key)
            stored = iter(storage.put_all(conn, pieces, forms.blob, platform.now()))
        forms.blob.confirm()
    return [(next(stored) or Response(status=204)) if isinstance(one, storage.Piece) else one for one in received]


def _opened(call: Call, key: storage.Key) -> tuple[storage.Stored, BinaryIO]:
    """Return an object and its open blob.

    Raises:
        Refusal: 404, it is not there (any more).
    """
    before: storage.Stored | None = None
    while True:
        stored = _find(call, key)
        if stored is None:
            raise not_found(f"there is no object `{key.name}`")
        try:
            return stored, call.platform.objects.open(stored.location)
        except FileNotFoundError as error:  # somebody replaced it meanwhile
            if stored == before:
                raise _lost(f"`{key.name}`") from error
            before = stored


def _find(call: Call, key: storage.Key) -> storage.Stored | None:
    with call.db.read() as conn:
        return storage.find(conn, storage.organization_row(conn, key.organization), key.bucket, key.name)


def _pieces(file: BinaryIO, size: int, is_whole: Callable[[], bool]) -> Iterator[bytes]:
    """Yield the next `size` bytes, ending early once they are being erased: short of its length, the answer is void."""
    with file:
        while size and (chunk := file.read(min(size, _CHUNK))):
            if not is_whole():  # asked after the reading: a row goes before its bytes do
                return
            size -= len(chunk)
            yield chunk


def _snapshot(call: Call, key: storage.Key) -> Response:
    """Return every annotation of a version as one JSON object. Source: WIRE_V2.md 4.11."""
    with call.db.read() as conn:
        organization = storage.organization_row(conn, key.organization)
        found = [one for one in versions.every(conn, organization) if f"{one.uuid}.json" == key.name]
        if not found:
            raise not_found("the dataset is gone")
        entries = annotation.entries(conn, found[0].id)
    return answer({"annotations": entries, "total_assets": len(entries)})


def download(call: Call) -> Response:
    """Send an object, or the range of it that is asked for."""
    key, _ = _signed_key(call, "GET")
    if key.bucket == storage.SNAPSHOTS:
        return _snapshot(call, key)
    stored, file = _opened(call, key)
    start, end = _range(call, stored.size)
    file.seek(stored.start + start)
    partial = end - start < stored.size
    pieces = _pieces(file, end - start, lambda: not stored.shared or _find(call, key) == stored)
    response = Response(pieces, 206 if partial else 200, content_type="application/octet-stream")
    response.call_on_close(file.close)  # also where nobody reads a byte of it
    response.headers["Content-Length"] = str(end - start)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["ETag"] = f'"{stored.sha256}"'
    if partial:
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{stored.size}"
    return response


def _range(call: Call, size: int) -> tuple[int, int]:
    """Return the first byte and the one after the last that are asked for; anything but one range is all."""
    asked = call.request.range
    bounds = asked.range_for_length(size) if asked is not None and len(asked.ranges) == 1 else None
    return (0, size) if bounds is None else bounds


def downloads(call: Call) -> Response:
    """Return a signed URL for every picture of a version. Source: WIRE_V2.md 4.7."""
    with call.db.read() as conn:
        organization = call.organization(conn)
        version = versions.by_name(conn, organization.id, call.path["name"], call.path["version"])
        rows = versions.picture_keys(conn, version)
    sign, base = call.platform.signer, call.base_url
    images = [
        {
            "external_picture_url": name,
            "internal_picture_id": uuid,
            **call.beyond_v2(sha256=sha256),
            "signed_url": storage.signed_url(sign, base, storage.Key(organization.uuid, storage.PICTURES, key)),
        }
        for name, uuid, sha256, key in rows
    ]
    return answer({"images": images})


ROUTES: tuple[Route[Handler], ...] = (
    route("POST", "generate_presigned_url", alone(presign), many=presign),
    route("GET", "generate_presigned_url", alone(presign), many=presign),
    route("GET", "init_multipart_upload", start_upload),
    route("POST", "init_multipart_upload", start_upload),
    route("POST", "generate_post_part_url", presign_part),
    route("GET", "generate_post_part_url", presign_part),
    route("POST", "complete_part_upload", complete_upload),
    route("GET", "complete_part_upload", complete_upload),
    route("GET", "dataset/{org}/{name}/{version}/download", downloads),
    route("POST", "storage", alone(upload), signed=True, many=upload, writes=True),
    route("GET", "storage/{organization}/{bucket}/*key", download, signed=True),
    route("PUT", "storage/{organization}/{bucket}/*key", put_part, signed=True),
)
