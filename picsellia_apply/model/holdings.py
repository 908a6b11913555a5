"""What would go with pictures that are deleted: what people and others made of them, as it is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Held:
    """One picture in one version.

    Attributes:
        digest: Of its annotation there, "" for none.
        objects: How many objects that has.
    """

    digest: str
    objects: int


@dataclass(frozen=True, slots=True)
class Holdings:
    """Pictures, and every version that holds any of them.

    Attributes:
        picture_ids: Name to id; what is not in the lake is left out.
        sha256: Name to the hex digest of its bytes, None where the platform cannot say.
        versions: Dataset and version to the pictures that it holds, by name.
        tags: Tag to the pictures that carry it.
        etags: Name to what stands for all of this at a platform that deletes under conditions, else nothing.
        keys: Name to the key of its object at a platform that tells no digests, else nothing.
    """

    picture_ids: Mapping[str, str]
    sha256: Mapping[str, str | None]
    versions: Mapping[tuple[str, str], Mapping[str, Held]]
    tags: Mapping[str, frozenset[str]] = field(default_factory=dict)
    etags: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
