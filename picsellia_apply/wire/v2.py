"""Requests and objects of SDK v2 under their wire names. Source: the published clients 4.7 to 5.0 and the reference."""

from __future__ import annotations

from typing import Any

import msgspec

MULTIPART_PART_SIZE = 5 * 1024 * 1024
"""Bytes of one part of a network file's multipart upload; files below this size go as one form."""


class Picture(msgspec.Struct):
    """A picture as lists and searches return it. `external_url` is its name, `tag` its tags.

    `source` says where it was uploaded from; only our lake tells it.
    """

    picture_id: str
    internal_key: str
    external_url: str
    creation_date: str
    height: int
    width: int
    tag: list[str]
    source: str | None = None


class Dataset(msgspec.Struct):
    """One version of a dataset; `dataset_id` is the version's id."""

    dataset_id: str
    dataset_name: str
    version: str
    size: int
    description: str
    private: bool


class Organization(msgspec.Struct):
    """An organization as a network shows it."""

    name: str


class Network(msgspec.Struct):
    """A network, flat."""

    organization: Organization
    model_id: str
    serving_id: str
    network_name: str
    type: str
    tag: list[str] | None = None
    private: bool = True
    description: str = ""
    model_object_name: str = ""
    checkpoint_object_name: str = ""
    origin_checkpoint_objects: dict[str, Any] = {}
    files: dict[str, str] = {}
    thumb_object_name: str = ""
    framework: str = ""
    owner: dict[str, Any] = {}
    labels: dict[str, Any] = {}
    base_parameters: dict[str, Any] = {}
    readme_text: str = ""


NETWORK_READ_ONLY = frozenset({"model_id", "serving_id", "organization", "owner"})
"""Properties of a network that no request changes."""


class OrganizationRequest(msgspec.Struct):
    """`POST get_organization`; a name, an id, or None for the token's own."""

    organization: str | None = None


class SearchRequest(msgspec.Struct):
    """`POST datalake/search/{org}`."""

    tags: list[str] = []
    quantity: float = 1.0


class PictureUpload(msgspec.Struct):
    """`PUT picture/upload/{org}`."""

    internal_key: str
    external_url: str
    height: int
    width: int
    tags: list[str] = []
    source: str = "sdk"


class PresignedRequest(msgspec.Struct):
    """`generate_presigned_url`; `bucket_model` true is the namespace of network files."""

    method: str
    object_name: str
    bucket_model: bool = False


class MultipartStart(msgspec.Struct):
    """`init_multipart_upload`."""

    object_name: str


class MultipartPartRequest(msgspec.Struct):
    """`generate_post_part_url`; parts count from 1."""

    object_name: str
    upload_id: str
    part_no: int


class Part(msgspec.Struct):
    """One finished part; the tag comes back verbatim, quotes included."""

    ETag: str
    PartNumber: int


class MultipartComplete(msgspec.Struct):
    """`complete_part_upload`."""

    object_name: str
    upload_id: str
    parts: list[Part]
    network_id: str | None = None


# A reference to a picture in a request is its id or the whole object that a list returned.
PictureRefs = list[str | dict[str, Any]]


def picture_ids(refs: PictureRefs) -> list[str]:
    """Return the ids behind references.

    Raises:
        ValueError: A reference is an object without a text `picture_id`.
    """
    ids = [ref if isinstance(ref, str) else ref.get("picture_id") for ref in refs]
    if not all(isinstance(one, str) for one in ids):
        raise ValueError("a picture is neither an id nor an object with `picture_id`")
    return ids  # type: ignore[return-value]  # checked in the line above


class DeletePictures(msgspec.Struct):
    """`POST datalake/delete/{org}`."""

    to_delete: PictureRefs


class TagRequest(msgspec.Struct):
    """`POST datalake/tag/{org}`."""

    tags: list[str]
    to_tag: PictureRefs


class UntagRequest(msgspec.Struct):
    """`POST datalake/delete_tag/{org}`."""

    tags: list[str]
    to_delete_tag: PictureRefs


class DatasetCreate(msgspec.Struct):
    """`PUT dataset/{org}`."""

    dataset_name: str
    pictures: PictureRefs
    description: str = ""
    private: bool = True


class VersionCreate(msgspec.Struct):
    """`PUT dataset/{org}/new_version`."""

    name: str
    version: str
    pictures: PictureRefs
    from_version: str | None = "latest"


class DatasetAdd(msgspec.Struct):
    """`POST dataset/{org}`; a name decides, else `pk`."""

    pictures: PictureRefs
    name: str | None = ""
    version: str | None = "latest"
    pk: str | None = ""


class AnnotationPut(msgspec.Struct):
    """`PUT annotation/...`: objects to add, as they are."""

    data: list[dict[str, Any]]
    image_qa: list[dict[str, Any]] | None = None
    duration: float | None = None


class NetworkCreate(msgspec.Struct):
    """`POST network/{org}`."""

    name: str
    type: str
