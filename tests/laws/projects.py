"""Random projects as they stand on a disk: manifests, pictures, annotation files, files of networks."""

from __future__ import annotations

import functools
import io
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from hypothesis import strategies as st

Kind = Literal["rectangle", "polygon"]
PICTURES = tuple(f"{letter}.png" for letter in "abcdef")
SET_TAGS = ("sky", "night")
VERSIONS = ("first", "second", "third")
LABELS: tuple[tuple[str, Kind], ...] = (("car", "rectangle"), ("van", "rectangle"), ("roof", "polygon"))
API = "picsellia-apply/v1"

Shape = tuple[str, Kind, int, int]
"""Label, type, left and top of a small shape."""


@functools.cache
def picture_bytes(name: str, variant: int) -> bytes:
    """Return a picture of 16 x 12 px whose bytes depend on its name and a number."""
    from PIL import Image

    held = io.BytesIO()
    color = (37 * len(name) % 256, 11 * sum(name.encode()) % 256, 60 * variant % 256)
    Image.new("RGB", (16, 12), color).save(held, "PNG")
    return held.getvalue()


def coco(objects: Mapping[str, Sequence[Shape]]) -> bytes:
    """Return a COCO file that says so."""
    labels = [label for label, _ in LABELS]
    images = [{"id": row, "file_name": name, "width": 16, "height": 12} for row, name in enumerate(objects, 1)]
    annotations = [
        {"id": 0, "image_id": row, "category_id": labels.index(label) + 1, "iscrowd": 0, **_geometry(kind, left, top)}
        for row, shapes in enumerate(objects.values(), 1)
        for label, kind, left, top in shapes
    ]
    for number, one in enumerate(annotations, 1):
        one["id"] = number
    used = {label for shapes in objects.values() for label, *_ in shapes}
    categories = [{"id": row, "name": label} for row, label in enumerate(labels, 1) if label in used]
    return json.dumps({"images": images, "categories": categories, "annotations": annotations}).encode()


def _geometry(kind: Kind, left: int, top: int) -> dict[str, Any]:
    if kind == "rectangle":
        return {"bbox": [left, top, 4, 3], "area": 12}
    corners = [left, top, left + 4, top, left + 4, top + 3]
    return {"bbox": [left, top, 4, 3], "area": 6, "segmentation": [corners]}


@dataclass(frozen=True)
class Source:
    """An annotation file and how it counts."""

    policy: str
    objects: Mapping[str, tuple[Shape, ...]]


@dataclass(frozen=True)
class Set:
    """A PictureSet."""

    pictures: tuple[str, ...]
    tags: tuple[str, ...] | None
    restore: bool


@dataclass(frozen=True)
class Query:
    """A TagQuery."""

    tags: tuple[str, ...]
    quantity: float
    add: tuple[str, ...]
    remove: tuple[str, ...]


@dataclass(frozen=True)
class Version:
    """A version of the dataset."""

    origin: str | None
    pictures: Mapping[str, Any] | None
    names: tuple[str, ...]
    sources: tuple[Source, ...]
    frozen: bool


@dataclass(frozen=True)
class Dataset:
    """The dataset `cells`."""

    description: str | None
    private: bool | None
    labels: tuple[tuple[str, str], ...] | None
    versions: Mapping[str, Version]


@dataclass(frozen=True)
class Network:
    """The network `net`."""

    fields: Mapping[str, Any]
    files: Mapping[str, str] | None
    thumbnail: int | None


@dataclass(frozen=True)
class Project:
    """What the manifests of a project say.

    Attributes:
        other: Pictures whose files hold other bytes than usual.
        prune: Whether deletes are on.
    """

    sets: Mapping[str, Set] = field(default_factory=dict)
    other: frozenset[str] = frozenset()
    queries: Mapping[str, Query] = field(default_factory=dict)
    dataset: Dataset | None = None
    network: Network | None = None
    prune: bool = False
    budgets: tuple[float, float] = (100, 100)

    def documents(self) -> list[dict[str, Any]]:
        """Return the manifests' documents, the Workspace first."""
        delete, update = self.budgets
        guards = {"deletePercent": delete, "updatePercent": update}
        found = [_document("Workspace", "laws", {"prune": self.prune, "guards": guards})]
        for name, one in self.sets.items():
            tags = {} if one.tags is None else {"tags": list(one.tags)}
            found.append(_document("PictureSet", name, {"from": f"pictures/{name}", "restore": one.restore, **tags}))
        for name, query in self.queries.items():
            found.append(
                _document(
                    "TagQuery",
                    name,
                    {
                        "tags": list(query.tags),
                        "quantity": query.quantity,
                        "add": list(query.add),
                        "remove": list(query.remove),
                    },
                )
            )
        if self.dataset is not None:
            found.append(_document("Dataset", "cells", _dataset(self.dataset)))
        if self.network is not None:
            found.append(_document("Network", "net", _network(self.network)))
        return found

    def files(self) -> dict[str, bytes]:
        """Return everything that the manifests point at: path to content."""
        found = {
            f"pictures/{name}/{picture}": picture_bytes(picture, int(picture in self.other))
            for name, one in self.sets.items()
            for picture in one.pictures
        }
        for name, version in self.dataset.versions.items() if self.dataset else ():
            found[f"names/{name}.txt"] = "\n".join(version.names).encode()
            found |= {f"boxes/{name}-{row}.json": coco(one.objects) for row, one in enumerate(version.sources)}
        if self.network is not None:
            found |= {f"files/{key}": text.encode() for key, text in (self.network.files or {}).items()}
            found["files/thumbnail.png"] = picture_bytes("thumbnail", self.network.thumbnail or 0)
        return found

    def write(self, folder: Path) -> None:
        """Put it on the disk, instead of the project that was there."""
        if folder.exists():
            shutil.rmtree(folder)
        for path, content in self.files().items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        folder.mkdir(exist_ok=True)
        (folder / "all.yaml").write_text("\n---\n".join(map(json.dumps, self.documents())))


def _document(kind: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"apiVersion": API, "kind": kind, "metadata": {"name": name}, "spec": dict(spec)}


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _dataset(dataset: Dataset) -> dict[str, Any]:
    labels = None if dataset.labels is None else [{"name": name, "type": kind} for name, kind in dataset.labels]
    versions = [_version(name, version) for name, version in dataset.versions.items()]
    return _given(description=dataset.description, private=dataset.private, labels=labels, versions=versions)


def _version(name: str, version: Version) -> dict[str, Any]:
    sources = [
        {"path": f"boxes/{name}-{row}.json", "format": "COCO", "policy": one.policy}
        for row, one in enumerate(version.sources)
    ]
    spec: dict[str, Any] = _given(name=name, pictures=version.pictures, frozen=version.frozen or None)
    spec |= {"from": version.origin} if version.origin else {}
    return spec | ({"annotations": sources} if sources else {})


def _network(network: Network) -> dict[str, Any]:
    files = None if network.files is None else {key: f"files/{key}" for key in network.files}
    thumbnail = None if network.thumbnail is None else "files/thumbnail.png"
    return {**network.fields, **_given(files=files, thumbnail=thumbnail)}


# Random ones

_mostly = st.sampled_from([True, True, True, True, False])
_names = st.lists(st.sampled_from(PICTURES), unique=True, min_size=1).map(sorted).map(tuple)
_set_tags = st.sampled_from([None, (), ("sky",), SET_TAGS])
_sets = st.builds(Set, _names, _set_tags, st.booleans())
_queries = st.builds(
    Query,
    st.sampled_from([("sky",), SET_TAGS]),
    st.sampled_from([1.0, 0.6]),
    st.sampled_from([(), ("seen",)]),
    st.sampled_from([(), ("draft",)]),
)
_shapes: st.SearchStrategy[Shape] = st.sampled_from(
    [(label, kind, left, 2) for label, kind in LABELS for left in (1, 6)]
    + [("car", "rectangle", 1, 2), ("car", "rectangle", 9, 5)]
)
_objects = st.dictionaries(
    st.sampled_from(PICTURES), st.lists(_shapes, max_size=3, unique=True).map(tuple), min_size=1, max_size=4
)
_policies = st.sampled_from(["merge", "merge", "seed", "mirror"])
_selections = st.sampled_from(
    [
        {"set": "s0"},
        {"set": "s1"},
        {"query": "q0"},
        {"tags": ["sky"]},
        {"tags": ["sky"], "quantity": 0.6},
        {"tags": ["seen"]},
        {"names": True},
        None,
    ]
)
_fields = st.fixed_dictionaries(
    {"type": st.sampled_from(["detection", "segmentation"])},
    optional={
        "description": st.sampled_from(["", "Draft", "Detector"]),
        "framework": st.sampled_from(["pytorch", "onnx"]),
        "private": st.booleans(),
        "tags": st.sampled_from([[], ["d2"], ["d2", "fast"]]),
        "labels": st.sampled_from([{}, {"1": "car"}, {"1": "car", "2": "van"}]),
        "base_parameters": st.sampled_from([{}, {"batch": 8}, {"batch": 4, "deep": {"rate": 0.1}}]),
        "readme": st.sampled_from(["", "Read me"]),
    },
)
_contents = st.dictionaries(st.sampled_from(["config", "model-latest"]), st.sampled_from(["one", "two"]))
_networks = st.builds(Network, _fields, st.none() | _contents, st.sampled_from([None, 1, 2]))


@st.composite
def _one_version(draw: st.DrawFn, name: str, earlier: Sequence[str]) -> Version:
    origin = draw(st.sampled_from([None, *earlier]))
    chosen = draw(_selections)
    if chosen is not None and "names" in chosen:
        chosen = {"names": f"names/{name}.txt"}
    if chosen is None and origin is None:
        chosen = {"set": "s0"}
    policy = draw(_policies)  # one for all: two sources may not differ about a picture
    sources = tuple(Source(policy, objects) for objects in draw(st.lists(_objects, max_size=2)))
    return Version(origin, chosen, draw(_names), sources, draw(st.integers(0, 7)) == 0)


@st.composite
def _datasets(draw: st.DrawFn) -> Dataset:
    versions: dict[str, Version] = {}
    for name in VERSIONS[: draw(st.integers(1, len(VERSIONS)))]:
        versions[name] = draw(_one_version(name, tuple(versions)))
    labels = draw(st.sampled_from([None, LABELS, LABELS, LABELS[:1], LABELS[:2]]))
    if labels is not None:
        versions = {name: _within(one, {label for label, _ in labels}) for name, one in versions.items()}
    texts = st.sampled_from([None, "", "Cells", "Blood cells"])
    return Dataset(draw(texts), draw(st.sampled_from([None, True, False])), labels, versions)


def _within(version: Version, labels: set[str]) -> Version:
    """Return the version with the objects of these labels only: a manifest must declare what its files hold."""
    sources = tuple(
        Source(one.policy, {name: tuple(s for s in shapes if s[0] in labels) for name, shapes in one.objects.items()})
        for one in version.sources
    )
    return Version(version.origin, version.pictures, version.names, sources, version.frozen)


@st.composite
def projects(draw: st.DrawFn, before: Project | None = None, *, prune: bool | None = None) -> Project:
    """Draw a project; where there was one before, some of its parts stay as they were."""
    keeps = st.booleans() if before is not None else st.just(False)
    old = before or Project()
    sets = dict(old.sets)
    for name in ("s0", "s1"):
        if not draw(keeps):
            sets.pop(name, None)
            if name == "s0" or draw(st.booleans()):
                sets[name] = draw(_sets)
    queries = dict(old.queries) if draw(keeps) else {"q0": draw(_queries)}
    dataset = old.dataset if draw(keeps) else draw(_datasets()) if draw(_mostly) else None
    network = old.network if draw(keeps) else draw(_networks) if draw(_mostly) else None
    other = old.other if draw(keeps) else frozenset(draw(st.lists(st.sampled_from(PICTURES), max_size=1)))
    pruned = draw(st.booleans()) if prune is None else prune
    if draw(st.integers(0, 5)) > 0:
        other = old.other
    return Project(dict(sorted(sets.items())), other, queries, _with_sets(dataset, sets), network, pruned)


def _with_sets(dataset: Dataset | None, sets: Mapping[str, Set]) -> Dataset | None:
    """Return the dataset without a selection by a set that is not declared."""
    if dataset is None or "s1" in sets:
        return dataset
    versions = {
        name: Version(one.origin, {"set": "s0"}, one.names, one.sources, one.frozen)
        if one.pictures == {"set": "s1"}
        else one
        for name, one in dataset.versions.items()
    }
    return Dataset(dataset.description, dataset.private, dataset.labels, versions)
