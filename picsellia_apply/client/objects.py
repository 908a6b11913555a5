"""The values that the SDK returns: dicts as the reference documents them, whose keys are attributes as well.

A dict stays a dict: `==`, `in`, `.get`, `json.dumps` work as with the published clients. What a platform sends beyond
the documented keys can be looked up, but is not among the keys, so that a value prints and compares as documented.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Self

from picsellia_apply.errors import ProcessingError


class Record(dict[str, Any]):
    """A documented object of the platform.

    Attributes are the keys: `picture.width` is `picture["width"]`.

    Attributes:
        KEYS: Documented keys, in the reference's order.
        REQUIRED: Those that every platform must send.
    """

    KEYS: tuple[str, ...] = ()
    REQUIRED: tuple[str, ...] = ()
    _more: Mapping[str, Any] = MappingProxyType({})

    @classmethod
    def of(cls, value: object) -> Self:
        """Return an answer's object as a value.

        Raises:
            ProcessingError: It is no object, or lacks a key.
        """
        if not isinstance(value, dict):
            raise ProcessingError(f"the platform sent no {cls.__name__} where one was due")
        missing = [key for key in cls.REQUIRED if key not in value]
        if missing:
            raise ProcessingError(f"the platform sent a {cls.__name__} without `{'`, `'.join(missing)}`")
        record = cls((key, value[key]) for key in cls.KEYS if key in value)
        record._more = {key: one for key, one in value.items() if key not in cls.KEYS}
        return record

    @classmethod
    def all_of(cls, values: object) -> list[Self]:
        """Return a list of objects as values; raises as `of`."""
        if not isinstance(values, list):
            raise ProcessingError(f"the platform sent no list of {cls.__name__} where one was due")
        return [cls.of(value) for value in values]

    def __missing__(self, key: str) -> Any:
        return self._more[key]

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"a {type(self).__name__} has no `{name}`") from None

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *self, *self._more]

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict of the same content."""
        return dict(self)


class Picture(Record):
    """A picture: `picture_id`, `internal_key`, `external_url` (its name), `creation_date`, `height`, `width`, `tag`.

    Our lake tells its `source` as well.
    """

    REQUIRED = KEYS = ("picture_id", "internal_key", "external_url", "creation_date", "height", "width", "tag")


class Dataset(Record):
    """One version of a dataset: `dataset_id`, `dataset_name`, `version`, `size`, `description`, `private`.

    It stands for its id wherever the reference returns the id: it equals the text, and its hash is the text's.
    """

    REQUIRED = KEYS = ("dataset_id", "dataset_name", "version", "size", "description", "private")

    def __eq__(self, other: object) -> bool:
        return self["dataset_id"] == other if isinstance(other, str) else super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:  # type: ignore[override]  # a dict has none
        return hash(self["dataset_id"])

    def __str__(self) -> str:
        return json.dumps(self, indent=4, ensure_ascii=False)


class Network(Record):
    """A network with the properties of the reference's Network object."""

    KEYS = (
        "organization",
        "model_id",
        "serving_id",
        "tag",
        "private",
        "network_name",
        "description",
        "model_object_name",
        "checkpoint_object_name",
        "origin_checkpoint_objects",
        "type",
        "files",
        "thumb_object_name",
        "framework",
        "owner",
        "labels",
        "base_parameters",
        "readme_text",
    )
    REQUIRED = ("model_id", "network_name", "files")
