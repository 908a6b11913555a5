"""The extension's part `conditional`: writes that happen only if what they rest on is still so.

    request                                     body -> answer
    POST ext/{org}/pictures/holdings            extension.NamesLookup -> HoldingColumns
    POST ext/{org}/pictures/delete              PicturesDelete -> {"removed": int, "changed": [ids]}
    POST ext/{org}/versions/state               VersionState -> State
    POST ext/{org}/versions/delete              VersionDelete -> {"removed": 1}; 412 when the state is another
    POST ext/{org}/networks/state               NetworkState -> State
    POST ext/{org}/networks/patch               NetworkChange -> {"updated": int}; 412 when the state is another
    POST ext/{org}/networks/delete              NetworkDelete -> {"removed": 1}; 412 when the state is another

And `expect` of `extension.VersionRemove` and of `extension.DatasetPatch`.

An `etag` stands for everything that a write would take along. It is the server's own text of at most 128 characters,
compared and never read: ask for it first, then look at what is there, then write with it. What changed in between, or
before the write, makes it another.
"""

from __future__ import annotations

from typing import Any

import msgspec


class HoldingColumns(msgspec.Struct):
    """Pictures ordered by name, and the versions that hold any of them, all as of one moment.

    `etags` stand for a picture with its bytes, its tags, its memberships and its annotations. `tags` maps a tag to the
    row numbers (from 0) of the pictures that carry it, ascending. Of the versions, ordered by dataset
    and version: `members` are row numbers of the pictures that it holds, ascending; `digests` those of their
    annotations ("" for none); `objects` how many objects each has.
    """

    names: list[str]
    picture_ids: list[str]
    sha256: list[str | None]
    etags: list[str]
    tags: dict[str, list[int]]
    datasets: list[str]
    versions: list[str]
    members: list[list[int]]
    digests: list[list[str]]
    objects: list[list[int]]


class PicturesDelete(msgspec.Struct):
    """Delete those pictures (by id, at most PAGE_LIMIT) whose `etags` still are those of `expect`, row by row."""

    pictures: list[str]
    expect: list[str]


class Deleted(msgspec.Struct):
    """How many pictures went, and the ids of those that did not since their state is another; unknown ones are none."""

    removed: int
    changed: list[str] = []


class VersionState(msgspec.Struct):
    """Which version's state: its pictures, labels and annotations, and its dataset's fields."""

    dataset_id: str


class NetworkState(msgspec.Struct):
    """Which network's state: its properties and what is stored for it."""

    model_id: str


class State(msgspec.Struct):
    """What something is now."""

    etag: str


class VersionDelete(msgspec.Struct):
    """Delete a version whose state is `expect`; with its last version a dataset goes."""

    dataset_id: str
    expect: str


class NetworkChange(msgspec.Struct):
    """Set properties of a network whose state is `expect`, under the names of SDK v2."""

    model_id: str
    expect: str
    fields: dict[str, Any]


class NetworkDelete(msgspec.Struct):
    """Delete a network whose state is `expect`, with everything stored for it."""

    model_id: str
    expect: str
