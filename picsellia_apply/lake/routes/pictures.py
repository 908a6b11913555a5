"""The lake's pictures: SDK v2 (`datalake/...`) and the extension's lookup and batch. Source: WIRE_V2.md section 3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from sqlalchemy import Connection
from werkzeug.wrappers import Response

from picsellia_apply.lake.call import MEBIBYTE, Call, Handler, alone, answer
from picsellia_apply.lake.refusal import Refusal, attempt, bad_request, too_large
from picsellia_apply.lake.router import Route, route
from picsellia_apply.lake.service import accounts, batch, blobs, claim, pictures, selection, versions
from picsellia_apply.wire import extension, v2

_HEADER_LIMIT = 8 * MEBIBYTE


def list_all(call: Call) -> Response:
    """Return every picture."""
    with call.db.read() as conn:
        which = selection.in_organization(call.organization(conn).id)
        return answer({"pictures": pictures.listed(conn, which)})


def search(call: Call) -> Response:
    """Return the pictures that carry all tags, or a share of them."""
    request = call.body(v2.SearchRequest)
    with call.db.read() as conn:
        return answer({"pictures": pictures.search(conn, call.organization(conn).id, request)})


def delete(call: Call) -> Response:
    """Delete pictures."""
    ids = pictures.checked_ids(call.body(v2.DeletePictures).to_delete)
    with blobs.erasing(call.db, call.platform.objects) as conn:
        deleted = pictures.remove(conn, call.organization(conn).id, ids)
    return answer({"success": f"{deleted} pictures deleted", "deleted": deleted})


def tag(call: Call) -> Response:
    """Put tags on pictures."""
    request = call.body(v2.TagRequest)
    ids = pictures.checked_ids(request.to_tag)
    with call.db.write() as conn:
        pictures.tag(conn, call.organization(conn).id, request.tags, ids)
    return answer({"success": f"{len(ids)} pictures tagged"})


def untag(call: Call) -> Response:
    """Take tags from pictures."""
    request = call.body(v2.UntagRequest)
    ids = pictures.checked_ids(request.to_delete_tag)
    with call.db.write() as conn:
        pictures.untag(conn, call.organization(conn).id, request.tags, ids)
    return answer({"success": f"{len(ids)} pictures untagged"})


def list_of_dataset(call: Call) -> Response:
    """Return the pictures of a version."""
    with call.db.read() as conn:
        version = versions.by_id(conn, call.user, call.path["dataset_id"])
        which = selection.in_version(conn, version.organization_id, version.id)
        return answer({"pictures": pictures.listed(conn, which.where)})


def _which(conn: Connection, call: Call, request: extension.PictureLookup) -> selection.Counted:
    """Return the pictures that a lookup means."""
    organization = call.organization(conn).id
    if request.names is not None:
        return selection.Counted(selection.named(organization, pictures.checked_names(request.names)), None)
    if request.tags is not None:
        return selection.tagged(conn, organization, request.tags)
    if request.dataset_id is not None:
        version = versions.by_id(conn, call.user, request.dataset_id, organization_id=organization)
        return selection.in_version(conn, organization, version.id)
    return selection.counted(conn, selection.in_organization(organization))


def lookup(call: Call) -> Response:
    """Return pictures as columns."""
    request = call.body(extension.PictureLookup)
    if sum(one is not None for one in (request.names, request.tags, request.dataset_id)) > 1:
        raise bad_request("more than one of `names`, `tags` and `dataset_id`")
    limit = pictures.checked_limit(request.limit)
    with call.db.read() as conn:
        which = _which(conn, call, request)
        if request.names is not None:
            return answer(pictures.lookup(conn, which))
        return answer(pictures.lookup(conn, which, after=request.after, limit=limit))


def holders(call: Call) -> Response:
    """Return the versions that hold any of some pictures."""
    names = pictures.checked_names(call.body(extension.NamesLookup).names)
    with call.db.read() as conn:
        return answer(versions.holders(conn, call.organization(conn).id, names))


def _batch_header(call: Call) -> extension.BatchHeader:
    """Read the first part of a batch.

    Raises:
        Refusal: 400, it is no such header; 413, it is over a limit.
    """
    call.request.max_content_length = None
    length = int.from_bytes(_read_exactly(call, 8), "big")
    if length > _HEADER_LIMIT:
        raise too_large(f"the header of a batch is over {_HEADER_LIMIT} bytes")
    header = call.decoded(_read_exactly(call, length), extension.BatchHeader)
    if len(header.pictures) > extension.BATCH_PICTURES:
        raise too_large(f"more than {extension.BATCH_PICTURES} pictures in a batch")
    total = sum(max(one.size, 0) for one in header.pictures)
    if total > (extension.BATCH_BYTES if len(header.pictures) > 1 else call.platform.limits.object):
        raise too_large("too many bytes in a batch")
    if call.request.content_length not in {None, 8 + length + total}:
        raise bad_request("the body is not as long as its header says")
    return header


def _read_exactly(call: Call, size: int) -> bytes:
    data = b""
    while len(data) < size and (chunk := call.request.stream.read(size - len(data))):
        data += chunk
    if len(data) != size:
        raise bad_request("the body ends early")
    return data


def upload_batch(call: Call) -> Response:
    """Store many pictures."""
    with call.db.read() as conn:
        organization = call.organization(conn).id
    header = _batch_header(call)
    platform = call.platform
    stored = batch.upload(call.db, platform.objects, organization, header, call.request.stream.read, now=call.now())
    return answer(stored)


def upload(calls: Sequence[Call]) -> list[Response | Refusal]:
    """Make a picture of an uploaded object; 208 when one of this name is there."""
    bodies = [attempt(partial(call.body, v2.PictureUpload)) for call in calls]
    answers = {row: body for row, body in enumerate(bodies) if isinstance(body, Refusal)}
    same: dict[tuple[accounts.Caller, str], dict[int, v2.PictureUpload]] = {}
    for row, (call, body) in enumerate(zip(calls, bodies, strict=True)):
        if not isinstance(body, Refusal):
            same.setdefault((call.user, call.path["org"]), {})[row] = body
    platform, done = calls[0].platform, dict[int, Response | Refusal](answers)
    with blobs.erasing(platform.db, platform.objects) as conn:
        for (caller, stated), requests in same.items():
            done.update(_claimed(conn, caller, stated, requests, platform.now()))
    return [done[row] for row in range(len(calls))]


def _claimed(
    conn: Connection, caller: accounts.Caller, stated: str, requests: Mapping[int, v2.PictureUpload], now: str
) -> dict[int, Response | Refusal]:
    """Make pictures for one caller in one organization and return the answers."""
    organization = attempt(lambda: accounts.organization(conn, caller, stated))
    if isinstance(organization, Refusal):
        return dict.fromkeys(requests, organization)
    mine = [one.id for one in accounts.organizations_of(conn, caller)]
    made = claim.claim_all(conn, mine, organization.id, list(requests.values()), now)
    return {row: _answer_to(requests[row], one) for row, one in zip(requests, made, strict=True)}


def _answer_to(request: v2.PictureUpload, made: claim.Claimed) -> Response | Refusal:
    if isinstance(made, Refusal):
        return made
    if made is not None:
        return answer({"picture": made}, 201)
    message = f"a picture named `{request.external_url}` is in the lake already"
    return answer({"error": message, "errors": [message]}, 208)


ROUTES: tuple[Route[Handler], ...] = (
    route("POST", "datalake/search/{org}", search),
    route("POST", "datalake/delete/{org}", delete),
    route("POST", "datalake/tag/{org}", tag),
    route("POST", "datalake/delete_tag/tag/{org}", untag),
    route("POST", "datalake/delete_tag/{org}", untag),
    route("GET", "datalake/{org}", list_all),
    route("PUT", "picture/upload/{org}", alone(upload), many=upload, writes=True),
    route("GET", "picture/{dataset_id}", list_of_dataset),
    route("POST", "ext/{org}/pictures/lookup", lookup),
    route("POST", "ext/{org}/pictures/holders", holders),
    route("POST", "ext/{org}/pictures/batch", upload_batch),
)
