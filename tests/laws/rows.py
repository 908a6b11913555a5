"""What a lake's rows say, read from its database and not through the product: ids, times and places aside."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from picsellia_apply.model.annotation import texts_of

VersionKey = tuple[str, str]
Fact = tuple[Any, ...]
"""One thing that is so: its kind, where it is, what it is."""


@dataclass(frozen=True)
class Rows:
    """Everything a lake holds.

    Attributes:
        pictures: Name to what is known of the bytes and their size.
        tags: (tag, picture).
        datasets: Name to description and privacy.
        versions: (dataset, version) to its place among those of the dataset, in the order they were made.
        members: (dataset, version, picture).
        labels: (dataset, version, name, type).
        annotations: (dataset, version, picture) to the sorted texts of its objects.
        networks: Name to properties, the digests of its files by key, and that of its thumbnail.
    """

    pictures: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    tags: frozenset[tuple[str, str]] = frozenset()
    datasets: dict[str, tuple[str, bool]] = field(default_factory=dict)
    versions: dict[VersionKey, int] = field(default_factory=dict)
    members: frozenset[tuple[str, str, str]] = frozenset()
    labels: frozenset[tuple[str, str, str, str]] = frozenset()
    annotations: dict[tuple[str, str, str], tuple[str, ...]] = field(default_factory=dict)
    networks: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    def facts(self) -> Iterator[Fact]:
        """Yield everything as facts, each object of an annotation (equal ones twice) and each field one of its own."""
        yield from (("picture", name, *row) for name, row in self.pictures.items())
        yield from (("tag", *row) for row in self.tags)
        for name, (description, private) in self.datasets.items():
            yield ("dataset", name)
            yield ("field", f"dataset/{name}", "description", description)
            yield ("field", f"dataset/{name}", "private", private)
        yield from (("version", *key) for key in self.versions)
        yield from (("member", *row) for row in self.members)
        yield from (("label", *row) for row in self.labels)
        for key, texts in self.annotations.items():
            yield ("annotation", *key)
            yield from (("object", *key, text) for text in texts)
        for name, (fields, files, thumbnail) in self.networks.items():
            yield ("network", name)
            yield from (("field", f"network/{name}", one, value) for one, value in fields)
            yield from (("file", name, one, sha256) for one, sha256 in files)
            yield from [("thumbnail", name, thumbnail)] if thumbnail else []


_PICTURES = "SELECT name, sha256, size, width, height, stored_width, stored_height, source FROM pictures"
_TAGS = "SELECT t.name, p.name FROM picture_tags x JOIN tags t ON t.id = tag_id JOIN pictures p ON p.id = picture_id"
_HELD = """CREATE TEMP VIEW held AS
    SELECT v.id, d.name AS dataset, v.name AS version FROM versions v JOIN datasets d ON d.id = dataset_id"""
_VERSIONS = "SELECT dataset, version FROM held ORDER BY id"
_MEMBERS = """SELECT dataset, version, p.name FROM members
    JOIN held ON held.id = version_id JOIN pictures p ON p.id = picture_id"""
_LABELS = "SELECT dataset, version, l.name, l.type FROM labels l JOIN held ON held.id = version_id"
_ANNOTATIONS = """SELECT dataset, version, p.name, data, image_qa FROM annotations
    JOIN held ON held.id = version_id JOIN pictures p ON p.id = picture_id"""
_NETWORK = ("type", "tag", "private", "description", "framework", "labels", "base_parameters", "readme_text")
EMPTY = {"null": "[]"}
"""Tags that were never told are none: a network that was made and not yet changed has them so."""
_PLACES = "SELECT sha256, p.size, start, location FROM pictures p JOIN blobs b ON b.id = blob_id"


def read_rows(data: Path) -> Rows:
    """Return what the lake in a folder holds; an empty one where none is.

    Args:
        data: The lake's own folder, which holds `lake.db`.
    """
    database = data / "lake.db"
    if not database.is_file():
        return Rows()
    with closing(sqlite3.connect(database)) as conn:
        conn.execute(_HELD)
        versions: dict[VersionKey, int] = {}
        for dataset, version in conn.execute(_VERSIONS):
            versions[dataset, version] = sum(name == dataset for name, _ in versions)
        return Rows(
            pictures={name: tuple(row) for name, *row in conn.execute(_PICTURES)},
            tags=frozenset(conn.execute(_TAGS)),
            datasets={name: (text, bool(private)) for name, text, private in conn.execute(_DATASETS)},
            versions=versions,
            members=frozenset(conn.execute(_MEMBERS)),
            labels=frozenset(conn.execute(_LABELS)),
            annotations={
                (dataset, version, name): texts_of(json.loads(objects), json.loads(questions))
                for dataset, version, name, objects, questions in conn.execute(_ANNOTATIONS)
            },
            networks=_networks(conn),
        )


_DATASETS = "SELECT name, description, private FROM datasets"


def _networks(conn: sqlite3.Connection) -> dict[str, tuple[Any, ...]]:
    stored = dict(conn.execute("SELECT name, sha256 FROM objects"))
    columns = ", ".join(_NETWORK)
    found = {}
    for name, files, thumbnail, *fields in conn.execute(
        f"SELECT network_name, files, thumb_object_name, {columns} FROM networks"  # noqa: S608 - our own words
    ):
        keys = {key: stored.get(place, "nowhere") for key, place in json.loads(files).items()}
        found[name] = (
            tuple(zip(_NETWORK, (EMPTY.get(one, one) for one in fields), strict=True)),
            tuple(sorted(keys.items())),
            stored.get(thumbnail, "nowhere") if thumbnail else None,
        )
    return found


def check_bytes(data: Path) -> None:
    """Assert that every picture's bytes are there and are its own, and that no blob is kept for nothing."""
    if not (data / "lake.db").is_file():
        return
    with closing(sqlite3.connect(data / "lake.db")) as conn:
        for sha256, size, start, location in conn.execute(_PLACES):
            content = (data / "objects" / location[:2] / location).read_bytes()[start : start + size]
            assert hashlib.sha256(content).hexdigest() == sha256
        named = {location for (location,) in conn.execute("SELECT location FROM blobs")}
        used = "SELECT blob_id FROM pictures UNION SELECT blob_id FROM objects UNION SELECT blob_id FROM upload_parts"
        idle = conn.execute(f"SELECT location FROM blobs WHERE id NOT IN ({used})").fetchall()  # noqa: S608
        assert not idle, "a blob that nothing uses"
    there = {path.name for path in data.glob("objects/??/*")}
    assert there == named, "files and rows of blobs are not the same"
