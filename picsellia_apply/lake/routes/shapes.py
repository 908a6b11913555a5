"""What answers look like that have no type on the wire: for the description in `openapi` only."""

from __future__ import annotations

from typing import Any

import msgspec

from picsellia_apply.wire import v2


class Refusal(msgspec.Struct):
    """Why a request was refused, in both shapes that published clients read."""

    error: str
    errors: list[str]


class Greeting(msgspec.Struct):
    """Who the token belongs to; `extensions` maps a part of the extension to its revision, absent without it."""

    username: str
    sdk_version: str
    extensions: dict[str, int] = {}


class OrganizationFound(msgspec.Struct):
    """An organization."""

    organization_id: str
    organization_name: str


class Done(msgspec.Struct):
    """What was done, in words."""

    success: str


class Pictures(msgspec.Struct):
    """Every picture that was asked for; there is no paging."""

    pictures: list[v2.Picture]


class PictureMade(msgspec.Struct):
    """The picture that an uploaded object became."""

    picture: v2.Picture


class Datasets(msgspec.Struct):
    """One entry per version."""

    datasets: list[v2.Dataset]


class DatasetFound(msgspec.Struct):
    """One version."""

    dataset: v2.Dataset


class DatasetMade(msgspec.Struct):
    """A new version, in the shapes of the clients 5.0 (`dataset`) and 4.7 (`pk`)."""

    pk: str
    dataset: v2.Dataset


class Image(msgspec.Struct):
    """Where the bytes of a picture are."""

    external_picture_url: str
    internal_picture_id: str
    signed_url: str
    sha256: str = ""


class Images(msgspec.Struct):
    """A signed URL for every picture of a version."""

    images: list[Image]


class Stats(msgspec.Struct):
    """What published clients count after an upload."""

    repartition: dict[str, int] = {}
    nb_annotations: int = 0
    nb_objects: int = 0


class AnnotationStored(msgspec.Struct):
    """The annotation was added to; `digest` is that of the whole one."""

    message: str
    digest: str = ""


class Annotation(msgspec.Struct):
    """One picture's annotation."""

    picture_id: str
    external_picture_url: str
    data: list[dict[str, Any]]
    image_qa: list[dict[str, Any]]


class Annotations(msgspec.Struct):
    """A page of annotations, with the keys of every release that pages."""

    annotations: list[Annotation]
    has_next: bool
    nb_pages: int
    total_assets: int
    url: str = ""
    object_name: str = ""


class AnnotationsOfOne(msgspec.Struct):
    """The annotation of one picture, none or one entry."""

    annotations: list[Annotation]


class Networks(msgspec.Struct):
    """Every network."""

    networks: list[v2.Network]


class NetworkChanged(v2.Network, kw_only=True):
    """A network after a change: flat, and once more under `network`."""

    network: v2.Network


class Form(msgspec.Struct):
    """Where to post an upload form, and the fields that go before its `file`."""

    url: str
    fields: dict[str, str]


class Presigned(msgspec.Struct):
    """For `post` a form, for `get` a URL."""

    url: Form | str


class UploadStarted(msgspec.Struct):
    """A multipart upload."""

    upload_id: str


class SignedUrl(msgspec.Struct):
    """A URL that stands for a token."""

    url: str


class Count(msgspec.Struct):
    """How many were removed, or 1 or 0 where something was changed or not."""

    removed: int = 0
    updated: int = 0


class Serial(msgspec.Struct):
    """The serial that was written."""

    serial: int
