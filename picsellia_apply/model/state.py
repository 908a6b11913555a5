"""What is there, and what should be there: one type for both, `observed` and `desired`.

The lake's pictures and tags are columns and sets. Everything else is a `Resource` under its address.

    address           fields                               members
    dataset/...       description, private                 -
    version/...       -                                    picture name -> None
    label/...         -                                    -
    annotations/...   -                                    picture name -> tuple of canonical object texts
    network/...       type, framework, description, ...    -
    file/..., thumbnail/...   sha256 (hex or None), size   -

In `desired` there are also `pictures/SET` (members: picture name -> sha256), `pictures/SET/TAG` (members: name ->
None) and `query/QUERY/TAG` (the same; option `absent: True` when the tag must be off). In `observed` these three are
read from `Lake`.

Options of desired resources:

    pictures/SET      order (row in the manifests), files (LocalPictures: their bytes), restore, kept_deleted (names
                      that a person deleted), unmanaged_parts ("tags" where the set mentions none)
    query/QUERY/TAG   absent
    pictures/...      declared (names that the manifests ask for, where `members` are held to what is there)
    version/...       order, frozen, origin, inherited (names taken over from the origin, only before it is created),
                      unmanaged (no selection), unmanaged_parts ("labels", "annotations": those not mentioned)
    network/... observed: renamed_from (the name that it bears there)
    dataset/..., network/...  unmanaged_parts ("versions"; "files", "thumbnail": those not mentioned)
    pictures/SET, dataset/..., version/..., network/...   protect (where the manifest says it)
    label/...         frozen
    annotations/...   frozen, policy (picture name -> seed | merge | mirror), default_policy (for other pictures)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from picsellia_apply.errors import Diagnostic
from picsellia_apply.source import Place

PictureSize = tuple[int, int, int, int]
"""Width and height of a picture in px, as it is displayed and as it is stored.

Stored is 0, 0 where nobody knows whether the picture is turned: SDK v2 tells what whoever uploaded it stated.
"""


@dataclass(frozen=True, slots=True)
class Lake:
    """Pictures of the lake: those that the declaration and the inventory touch.

    Attributes:
        pictures: Name to sha256 (hex), None where the platform cannot say, "" where nobody may read the bytes.
        tags: Tag to the names that carry it.
        sizes: Name to size, of pictures that are in no set of the manifests (observed only, where a file states sizes).
        keys: Name to the key of its object, of pictures whose bytes were read since they may go (observed only).
    """

    pictures: Mapping[str, str | None] = field(default_factory=dict)
    tags: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sizes: Mapping[str, PictureSize] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resource:
    """One managed thing.

    Attributes:
        fields: Scalars, lists and maps that are compared as wholes; in `desired` only the managed ones.
        members: See the module's table; never changed after it is made.
        options: Desired only: how differences are decided, e.g. `restore`, `frozen`, `absent`, and for annotations
            `policy`: picture name -> seed | merge | mirror.
        needs: Desired only: addresses that must be done before this one.
        place: Desired only: where it is declared.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    members: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """A picture's annotation of which no object was read: its digest, and how many objects it has."""

    digest: str
    objects: int


@dataclass(frozen=True, slots=True)
class State:
    """What is (or should be) on the platform, in the scope of the declaration and the inventory.

    Attributes:
        lake: Pictures and tags; in `desired` the predicted ones.
        resources: By address.
        findings: What was noticed on the way.
        complete: True when every listing was read to its end and counted right; deletes need it.
        versions: Dataset to the names of all of its versions, ours or not (observed only).
        unread: `annotations/...` to the pictures whose annotation nobody manages (observed only, where deletes are on).
        holders: `pictures/SET` to the versions not among the resources that hold pictures which the set drops: by
            address, how many of these pictures, and how many objects on them (observed only, where deletes are on).
        released: Recorded tags that documents which are still there no longer manage (desired only).
        owners: Address to the other workspace that owns it (observed only).
        others: Pictures and tags that other workspaces manage (observed only, where deletes are on).
        moved: New address to the one that the inventory has for it, see `planner.moved` (observed only).
    """

    lake: Lake = Lake()
    resources: Mapping[str, Resource] = field(default_factory=dict)
    findings: tuple[Diagnostic, ...] = ()
    complete: bool = True
    versions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unread: Mapping[str, Mapping[str, Unread]] = field(default_factory=dict)
    holders: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    released: frozenset[str] = frozenset()
    others: Lake = Lake()
