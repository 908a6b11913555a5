"""`GET openapi.json`: what OpenAPI can describe of this platform, made from the types that it reads and writes.

OpenAPI cannot describe, so it stands in the description's text: names that span several path segments (here they are
one segment with `/` as %2F, which means the same), GET requests with a body (their POST twins are described), the
URLs of the object store (answers hand them out; nobody makes them up), and a `POST network/{model_id}` with an empty
body, which tells from `POST network/{org}` by nothing but that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec
from werkzeug.wrappers import Response

from picsellia_apply import __version__
from picsellia_apply.lake.call import Call, Handler, answer
from picsellia_apply.lake.router import Route, route
from picsellia_apply.lake.routes import shapes
from picsellia_apply.wire import conditional, extension, ownership, v2

BATCH = "application/vnd.picsellia-apply.batch"
_REFERENCE = "#/components/schemas/{name}"

_TEXT = """\
SDK v2 of the Picsellia platform, as the published clients 4.7 to 5.0 speak it, and an extension under `ext/`.

- Every request carries `Authorization: Token <token>`, except for URLs that answers hand out.
- JSON bodies may come without a content type. Names in paths are percent-encoded; a name of a picture, a label or a
  network may also span several segments.
- `{org}` is an organization's id or name; `none` and `null` are the token's own.
- `generate_presigned_url`, `init_multipart_upload`, `generate_post_part_url` and `complete_part_upload` may also be
  sent as GET with the same body.
- The object store: `POST` of the form that `generate_presigned_url` describes, its fields first, then `file`: 204.
  `PUT` of a part to its URL: 200 with an `ETag`. `GET` of a signed URL, with or without `Range`.
- A refusal is `{"error": text, "errors": [text]}` under its status.
"""


@dataclass(frozen=True, slots=True)
class Described:
    """One request.

    Attributes:
        method: HTTP method.
        pattern: As in the table of routes.
        body: Type of its JSON body, None for none.
        answers: Status to type of the JSON answer.
        query: Parameter to its JSON schema.
        media: Media type of the body.
    """

    method: str
    pattern: str
    body: Any
    answers: Mapping[int, Any]
    query: Mapping[str, Any] = field(default_factory=dict)
    media: str = "application/json"


_NUMBER = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
_PAGE = {"limit": {**_NUMBER, "minimum": 1}, "offset": _NUMBER, "snapshot": {"enum": ["True", "False"]}}
_PROPERTIES = dict[str, Any]

DESCRIBED = (
    Described("GET", "ping", None, {200: shapes.Greeting}),
    Described("POST", "get_organization", v2.OrganizationRequest, {200: shapes.OrganizationFound}),
    Described("POST", "datalake/search/{org}", v2.SearchRequest, {200: shapes.Pictures}),
    Described("POST", "datalake/delete/{org}", v2.DeletePictures, {200: shapes.Done}),
    Described("POST", "datalake/tag/{org}", v2.TagRequest, {200: shapes.Done}),
    Described("POST", "datalake/delete_tag/tag/{org}", v2.UntagRequest, {200: shapes.Done}),
    Described("POST", "datalake/delete_tag/{org}", v2.UntagRequest, {200: shapes.Done}),
    Described("GET", "datalake/{org}", None, {200: shapes.Pictures}),
    Described("PUT", "picture/upload/{org}", v2.PictureUpload, {201: shapes.PictureMade, 208: shapes.Refusal}),
    Described("GET", "picture/{dataset_id}", None, {200: shapes.Pictures}),
    Described("GET", "dataset/{org}", None, {200: shapes.Datasets}),
    Described("PUT", "dataset/{org}", v2.DatasetCreate, {201: shapes.DatasetMade}),
    Described("POST", "dataset/{org}", v2.DatasetAdd, {200: shapes.Done}),
    Described("PUT", "dataset/{org}/new_version", v2.VersionCreate, {201: shapes.DatasetMade}),
    Described("POST", "dataset/{dataset_id}/update_stats", shapes.Stats, {200: shapes.Done}),
    Described("GET", "dataset/{org}/{name}/{version}", None, {200: shapes.DatasetFound}),
    Described("DELETE", "dataset/{org}/{name}/{version}", None, {200: shapes.Done}),
    Described("GET", "dataset/{org}/{name}/{version}/download", None, {200: shapes.Images}),
    Described("PUT", "label/{dataset_id}/*name/{type}", None, {201: shapes.Done}),
    Described("PUT", "annotation/new/{dataset_id}/*picture", v2.AnnotationPut, {201: shapes.AnnotationStored}),
    Described("GET", "annotation/new/{dataset_id}/*picture", None, {200: shapes.AnnotationsOfOne}),
    Described("PUT", "annotation/{dataset_id}/*picture", v2.AnnotationPut, {201: shapes.AnnotationStored}),
    Described("DELETE", "annotation/{dataset_id}/*picture", None, {200: shapes.Done}),
    Described("GET", "annotation/{dataset_id}", None, {200: shapes.Annotations}, _PAGE),
    Described("DELETE", "annotation/{dataset_id}", None, {200: shapes.Done}),
    Described("GET", "network/by_name/{org}/*name", None, {200: v2.Network}),
    Described("PUT", "network/by_name/{org}/*name", _PROPERTIES, {200: shapes.NetworkChanged}),
    Described("PATCH", "network/by_name/{org}/*name", _PROPERTIES, {200: shapes.NetworkChanged}),
    Described("DELETE", "network/by_name/{org}/*name", None, {200: shapes.Done}),
    Described("GET", "network/{org}", None, {200: shapes.Networks}),
    Described("POST", "network/{org}", v2.NetworkCreate, {201: v2.Network}),
    Described("GET", "network/{org}/{model_id}", None, {200: v2.Network}),
    Described("PATCH", "network/{org}/{model_id}", _PROPERTIES, {200: shapes.NetworkChanged}),
    Described("PUT", "network/{org}/{model_id}", _PROPERTIES, {200: shapes.NetworkChanged}),
    Described("DELETE", "network/{org}/{model_id}", None, {200: shapes.Done}),
    Described("POST", "generate_presigned_url", v2.PresignedRequest, {200: shapes.Presigned}),
    Described("POST", "init_multipart_upload", v2.MultipartStart, {200: shapes.UploadStarted}),
    Described("POST", "generate_post_part_url", v2.MultipartPartRequest, {200: shapes.SignedUrl}),
    Described("POST", "complete_part_upload", v2.MultipartComplete, {201: shapes.Done}),
    Described("POST", "ext/{org}/pictures/lookup", extension.PictureLookup, {200: extension.PictureColumns}),
    Described("POST", "ext/{org}/pictures/holders", extension.NamesLookup, {200: extension.HolderColumns}),
    Described("POST", "ext/{org}/pictures/batch", bytes, {200: extension.BatchAnswer}, media=BATCH),
    Described("POST", "ext/{org}/datasets/create", extension.DatasetCreate, {201: shapes.DatasetFound}),
    Described("POST", "ext/{org}/datasets/patch", extension.DatasetPatch, {200: shapes.Count}),
    Described("POST", "ext/{org}/datasets/lookup", extension.NamesLookup, {200: extension.DatasetColumns}),
    Described("POST", "ext/{org}/versions/members", extension.VersionMembers, {200: extension.MemberColumns}),
    Described("POST", "ext/{org}/versions/remove", extension.VersionRemove, {200: conditional.Deleted}),
    Described("POST", "ext/{org}/labels/remove", extension.LabelsRemove, {200: shapes.Count}),
    Described("POST", "ext/{org}/annotations/lookup", extension.AnnotationLookup, {200: extension.AnnotationColumns}),
    Described(
        "POST", "ext/{org}/annotations/replace", extension.AnnotationReplace, {200: extension.AnnotationReplaceAnswer}
    ),
    Described("POST", "ext/{org}/networks/lookup", extension.NamesLookup, {200: extension.NetworkColumns}),
    Described("GET", "ext/{org}/workspaces/{name}", None, {200: ownership.WorkspaceBody}),
    Described("PUT", "ext/{org}/workspaces/{name}", ownership.WorkspaceWrite, {200: shapes.Serial}),
    Described("POST", "ext/{org}/leases/acquire", ownership.LeaseAcquire, {200: ownership.LeaseState}),
    Described("POST", "ext/{org}/leases/renew", ownership.LeaseNamed, {200: ownership.LeaseState}),
    Described("POST", "ext/{org}/leases/release", ownership.LeaseNamed, {200: ownership.LeaseState}),
    Described("POST", "ext/{org}/leases/break", ownership.LeaseBreak, {200: ownership.LeaseState}),
    Described("POST", "ext/{org}/leases/show", ownership.LeaseShow, {200: ownership.LeaseState}),
    Described("POST", "ext/{org}/owners/lookup", ownership.OwnersLookup, {200: ownership.OwnerColumns}),
    Described("POST", "ext/{org}/pictures/holdings", extension.NamesLookup, {200: conditional.HoldingColumns}),
    Described("POST", "ext/{org}/pictures/delete", conditional.PicturesDelete, {200: conditional.Deleted}),
    Described("POST", "ext/{org}/versions/state", conditional.VersionState, {200: conditional.State}),
    Described("POST", "ext/{org}/versions/delete", conditional.VersionDelete, {200: shapes.Count}),
    Described("POST", "ext/{org}/networks/state", conditional.NetworkState, {200: conditional.State}),
    Described("POST", "ext/{org}/networks/patch", conditional.NetworkChange, {200: shapes.Count}),
    Described("POST", "ext/{org}/networks/delete", conditional.NetworkDelete, {200: shapes.Count}),
)

UNDESCRIBED = frozenset(
    {
        ("GET", "openapi.json"),
        ("GET", "generate_presigned_url"),
        ("GET", "init_multipart_upload"),
        ("GET", "generate_post_part_url"),
        ("GET", "complete_part_upload"),
        ("POST", "storage"),
        ("GET", "storage/{organization}/{bucket}/*key"),
        ("PUT", "storage/{organization}/{bucket}/*key"),
    }
)
"""Requests that OpenAPI cannot describe; the description's text tells of them."""


@cache
def description(*, plain: bool) -> dict[str, Any]:
    """Return the OpenAPI document, of SDK v2 alone where `plain`."""
    told = [one for one in DESCRIBED if not (plain and one.pattern.startswith(f"{extension.PREFIX}/"))]
    types = {kind for one in told for kind in (one.body, *one.answers.values()) if kind is not None}
    types.add(shapes.Refusal)
    ordered = sorted(types, key=repr)
    schemas, components = msgspec.json.schema_components(ordered, ref_template=_REFERENCE)
    known = dict(zip(ordered, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for one in told:
        paths.setdefault(_path(one.pattern), {})[one.method.lower()] = _operation(one, known)
    return {
        "openapi": "3.1.0",
        "info": {"title": "picsellia-apply lake", "version": __version__, "description": _TEXT},
        "servers": [{"url": "/sdk/v2"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "Token <token>"}
            },
        },
    }


def _path(pattern: str) -> str:
    return "/" + "/".join(f"{{{part[1:]}}}" if part.startswith("*") else part for part in pattern.split("/"))


def _operation(one: Described, known: Mapping[Any, Any]) -> dict[str, Any]:
    names = [part.strip("{}*") for part in one.pattern.split("/") if part[0] in "{*"]
    segment = {"type": "string", "minLength": 1}
    parameters = [{"name": name, "in": "path", "required": True, "schema": segment} for name in names]
    parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in one.query.items()]
    operation: dict[str, Any] = {
        "operationId": f"{one.method} {one.pattern}",
        "parameters": parameters,
        "responses": {str(status): _answer(known[kind]) for status, kind in one.answers.items()},
    }
    operation["responses"]["4XX"] = _answer(known[shapes.Refusal])
    if one.body is not None:
        schema = {} if one.body is bytes else known[one.body]
        operation["requestBody"] = {"required": True, "content": {one.media: {"schema": schema}}}
    return operation


def _answer(schema: Any) -> dict[str, Any]:
    return {"description": "", "content": {"application/json": {"schema": schema}}}


def describe(call: Call) -> Response:
    """Return the description; it tells nothing of anybody, so no token is asked for."""
    return answer(description(plain=call.platform.plain))


ROUTES: tuple[Route[Handler], ...] = (route("GET", "openapi.json", describe, signed=True),)
