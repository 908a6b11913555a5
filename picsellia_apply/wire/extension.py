"""What our lake offers beyond SDK v2: announced by `GET ping`, all under `ext/{org}/`.

    ping -> {"username", "sdk_version", "extensions": {"labels": 1, "replace": 1, "digest": 1, "batch": 1, "page": 1,
             "workspace": 1, "lease": 1, "owners": 1, "conditional": 1}}
             a part is there when its name is; the number is its revision

`{org}` is the organization's id. Every answer is a JSON object; refusals are as in v2 (`error`, `errors`). Names
stand in bodies, never in paths, except the workspace's (one percent-encoded segment). Lists come as columns: arrays
of equal length.

    part        request                                     body -> answer
    page        POST ext/{org}/pictures/lookup              PictureLookup -> PictureColumns
    digest      POST ext/{org}/datasets/lookup              NamesLookup -> DatasetColumns
    digest      POST ext/{org}/versions/members             VersionMembers -> MemberColumns
    digest      POST ext/{org}/pictures/holders             NamesLookup -> HolderColumns
    digest      POST ext/{org}/annotations/lookup           AnnotationLookup -> AnnotationColumns
    digest      POST ext/{org}/networks/lookup              NamesLookup -> NetworkColumns
    batch       POST ext/{org}/pictures/batch               framed, see BatchHeader -> BatchAnswer
    replace     POST ext/{org}/datasets/create              DatasetCreate -> {"dataset": v2.Dataset}; 201
    replace     POST ext/{org}/datasets/patch               DatasetPatch -> {"updated": int}
    replace     POST ext/{org}/versions/remove              VersionRemove -> {"removed": int, "changed": [ids]}
    replace     POST ext/{org}/annotations/replace          AnnotationReplace -> AnnotationReplaceAnswer
    labels      POST ext/{org}/labels/remove                LabelsRemove -> {"removed": int}
    workspace   GET  ext/{org}/workspaces/{name}            -> WorkspaceBody; 404 when it was never written
    workspace   PUT  ext/{org}/workspaces/{name}            WorkspaceWrite -> {"serial": int}; 409 unless the serial
                                                            sent is the stored one + 1
    owners      POST ext/{org}/owners/lookup                OwnersLookup -> OwnerColumns
    owners      `owned` and `takeovers` of WorkspaceWrite   409 when an address belongs to another workspace
    conditional see `wire.conditional`; and `expect` of VersionRemove and of DatasetPatch

Digests: sha256 of a picture's raw bytes; `model.annotation.annotation_digest` of a picture's annotation;
`model.annotation.names_digest` of a version's picture names. All 64 lower-case hex digits.
"""

from __future__ import annotations

from typing import Any

import msgspec

from picsellia_apply.wire import v2

PREFIX = "ext"
PARTS = ("labels", "replace", "digest", "batch", "page", "workspace", "lease", "owners", "conditional")
PAGE_LIMIT = 10_000
"""Most rows of one page."""
BATCH_PICTURES = 1_000
"""Most pictures of one batch."""
BATCH_BYTES = 64 * 1024 * 1024
"""Most content bytes of one batch, unless it holds a single picture."""


class PictureLookup(msgspec.Struct, omit_defaults=True):
    """Which pictures: exactly one of `names`, `tags` (all of them), `dataset_id`, or none of the three for all.

    Answers are ordered by name (by code point). `after` is the last name of the page before; `limit` is at most
    PAGE_LIMIT. With `names` there is no paging: at most PAGE_LIMIT names are asked for at once, unknown ones are left
    out of the answer.
    """

    names: list[str] | None = None
    tags: list[str] | None = None
    dataset_id: str | None = None
    after: str | None = None
    limit: int = PAGE_LIMIT


class PictureColumns(msgspec.Struct):
    """Pictures, as columns ordered by name.

    `widths`, `heights` are displayed px; `stored_widths`, `stored_heights` those of the file. `tags` maps a tag to the
    row numbers (from 0) that carry it. `total` counts the whole result; `next` is the `after` of the next page or None.
    `sources` says where each picture was uploaded from; empty where a lake does not tell.
    """

    names: list[str]
    picture_ids: list[str]
    sha256: list[str | None]
    sizes: list[int]
    widths: list[int]
    heights: list[int]
    stored_widths: list[int]
    stored_heights: list[int]
    tags: dict[str, list[int]]
    total: int
    next: str | None = None
    sources: list[str] = []


class NamesLookup(msgspec.Struct):
    """Datasets, networks or pictures by name (at most PAGE_LIMIT); unknown names are left out of the answer."""

    names: list[str]


class HolderColumns(msgspec.Struct):
    """The versions that hold any of some pictures, ordered by dataset and version.

    Per version: dataset, version, how many of the pictures it holds, and how many objects it has on them.
    """

    datasets: list[str]
    versions: list[str]
    pictures: list[int]
    objects: list[int]


class Label(msgspec.Struct, frozen=True):
    """A label of a version; its key is name and type (rectangle, polygon, classification)."""

    name: str
    type: str


class VersionInfo(msgspec.Struct):
    """One version: `members_digest` is the names_digest of its pictures, `annotated` counts annotated pictures."""

    dataset_id: str
    name: str
    size: int
    members_digest: str
    labels: list[Label]
    annotated: int
    objects: int
    created: str


class DatasetInfo(msgspec.Struct):
    """A dataset with its versions, oldest first."""

    name: str
    description: str
    private: bool
    versions: list[VersionInfo]


class DatasetColumns(msgspec.Struct):
    """Answer of datasets/lookup, ordered by name."""

    datasets: list[DatasetInfo]


class VersionMembers(msgspec.Struct):
    """Which version's picture names: one page after `after`."""

    dataset_id: str
    after: str | None = None
    limit: int = PAGE_LIMIT


class MemberColumns(msgspec.Struct):
    """Picture names of a version, ordered."""

    names: list[str]
    total: int
    next: str | None = None


class AnnotationLookup(msgspec.Struct, omit_defaults=True):
    """Annotations of a version, ordered by picture name.

    Without `names`: one page of digests (no objects). With `names` (at most PAGE_LIMIT): digests and objects of those.
    """

    dataset_id: str
    names: list[str] | None = None
    after: str | None = None
    limit: int = PAGE_LIMIT


class AnnotationColumns(msgspec.Struct):
    """Annotated pictures: name, digest, number of objects; `data` and `image_qa` only when names were given."""

    names: list[str]
    digests: list[str]
    counts: list[int]
    total: int
    data: list[list[dict[str, Any]]] | None = None
    image_qa: list[list[dict[str, Any]]] | None = None
    next: str | None = None


class FileInfo(msgspec.Struct):
    """A stored object."""

    object_name: str
    sha256: str | None
    size: int


class NetworkInfo(msgspec.Struct):
    """A network with the digests of its files; `thumbnail` None where there is none."""

    network: v2.Network
    files: dict[str, FileInfo]
    thumbnail: FileInfo | None = None


class NetworkColumns(msgspec.Struct):
    """Answer of networks/lookup, ordered by name."""

    networks: list[NetworkInfo]


class BatchPicture(msgspec.Struct):
    """One picture of a batch; `width`, `height` are displayed px, `stored_*` the file's."""

    name: str
    sha256: str
    size: int
    width: int
    height: int
    stored_width: int
    stored_height: int
    tags: list[str] = []


class BatchHeader(msgspec.Struct):
    """First part of a batch.

    A batch body is: 8 bytes, big-endian, length of the header; the header as JSON; then the raw bytes of each picture
    in order, without separators. Content type `application/vnd.picsellia-apply.batch`.
    """

    pictures: list[BatchPicture]
    source: str = "sdk"


class BatchAnswer(msgspec.Struct):
    """Per picture, in the order sent. All bytes named `created` are durable when this is answered.

    `status`: created; same (a picture of this name and sha256 was there: its tags were united); differs (a picture of
    this name with other bytes was there: nothing was changed); refused (see `errors`: the bytes do not have the digest
    stated, the name is not acceptable, ...). `picture_ids` None where refused.
    """

    statuses: list[str]
    picture_ids: list[str | None]
    errors: list[str | None]


class DatasetCreate(msgspec.Struct):
    """A version without an origin: no label, no annotation, just these pictures (ids); an empty list is fine.

    The dataset is made when there is none of this name (only then do `description` and `private` count). 409 when the
    version exists.
    """

    name: str
    version: str
    pictures: list[str]
    description: str = ""
    private: bool = True


class DatasetFields(msgspec.Struct, omit_defaults=True):
    """A dataset's own fields; None stands for any."""

    description: str | None = None
    private: bool | None = None


class DatasetPatch(msgspec.Struct, omit_defaults=True):
    """Change a dataset's own fields (of all its versions); None leaves a field.

    `expect`: what the fields must be now, else 412 and nothing is changed; None for whatever they are.
    """

    name: str
    description: str | None = None
    private: bool | None = None
    expect: DatasetFields | None = None


class VersionRemove(msgspec.Struct, omit_defaults=True):
    """Take pictures (by id) out of a version, their annotations with them; those not in it are passed over.

    `expect`: picture by picture the digest that its annotation there must have, "" for none; those whose is another
    stay, and are answered as `changed`. None takes out all.
    """

    dataset_id: str
    pictures: list[str]
    expect: list[str] | None = None


class AnnotationItem(msgspec.Struct):
    """A picture's whole annotation. `expect`: the digest that must be there now, "" for none there, None for any."""

    name: str
    data: list[dict[str, Any]]
    image_qa: list[dict[str, Any]] = []
    expect: str | None = None


class AnnotationReplace(msgspec.Struct):
    """Put many annotations, each atomically and idempotently: one whose digest is already the new one is `same`."""

    dataset_id: str
    annotations: list[AnnotationItem]


class AnnotationReplaceAnswer(msgspec.Struct):
    """Per item, in order. `statuses`: put, same, stale (`expect` did not match), missing (no such picture), refused."""

    statuses: list[str]
    digests: list[str | None]
    errors: list[str | None]


class LabelsRemove(msgspec.Struct):
    """Remove labels of a version; unknown ones are passed over. Annotations keep their objects."""

    dataset_id: str
    labels: list[Label]
