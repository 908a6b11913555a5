"""The documents of an export as YAML: stable, small, and read back as just what they say.

Every text is written so that YAML 1.1 and 1.2 and our variables take it for that text. What a manifest cannot say is
left out, which leaves it unmanaged, and told in a comment.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from picsellia_apply.export.content import Content, Dataset, Label, Version
from picsellia_apply.manifest.scaffold import scalar
from picsellia_apply.manifest.substitution import has_reference, literal
from picsellia_apply.model.annotation import LABEL_TYPES
from picsellia_apply.model.names import NAME_LENGTH
from picsellia_apply.wire.extension import NetworkInfo

HEAD = "# Written by `picsellia-apply export`. Paths are relative to this file.\n"
_LONGEST_KEY = 500
"""A longer key is written with a `?`: YAML reads no key of more than 1,024 characters otherwise."""
_DEEPEST = 60


@dataclass(frozen=True, slots=True)
class SetPaths:
    """A picture set: its name, its tags, and where its parts are, relative to the document."""

    name: str
    tags: tuple[str, ...]
    folder: str
    index: str
    names: str = ""


@dataclass(frozen=True, slots=True)
class VersionPaths:
    """Where the parts of a version are, relative to the document; `annotations` empty for none."""

    names: str
    annotations: str = ""


@dataclass(frozen=True, slots=True)
class NetworkPaths:
    """Where the parts of a network are; files are None where they are not fetched.

    `known`: the platform tells their digests; else a plan would send them again, so that they stand in comments.
    """

    readme: str = ""
    files: Mapping[str, str] | None = None
    thumbnail: str = ""
    known: bool = True


@dataclass(slots=True)
class Told:
    """What was left out of the documents, in words."""

    left_out: list[str] = field(default_factory=list)


def text(value: str) -> str:
    """Return a text as a scalar of one line."""
    return scalar(literal(value))


def flow(value: Any) -> str:
    """Return a JSON value in YAML's flow style."""
    match value:
        case str():
            return text(value)
        case Mapping():
            return f"{{{', '.join(f'{_key(key)}: {flow(item)}' for key, item in value.items())}}}"
        case list() | tuple():
            return f"[{', '.join(map(flow, value))}]"
        case float() if value.is_integer() and abs(value) < 1e16:
            return f"{value:.1f}"
        case _:
            return json.dumps(value)


def _key(key: str) -> str:
    written = scalar(key)
    return written if len(written) < _LONGEST_KEY else f"? {written} "


def _head(kind: str, name: str) -> list[str]:
    return ["apiVersion: picsellia-apply/v1", f"kind: {kind}", f"metadata: {{name: {text(name)}}}", "spec:"]


def workspace(name: str, host: str, organization: str) -> str:
    """Return the Workspace document; `host` is empty for the embedded lake."""
    lines = [*_head("Workspace", name)]
    lines += [f"  host: {text(host)}", f"  organization: {text(organization)}"] if host else []
    return _joined([*lines, "  prune: false"])


def picture_sets(sets: Iterable[SetPaths]) -> str:
    """Return the PictureSet documents of one file."""
    return "---\n".join(_picture_set(one) for one in sets)


def _picture_set(one: SetPaths) -> str:
    lines = [*_head("PictureSet", one.name), f"  from: {text(one.folder)}", "  naming: path"]
    lines += [f"  names: {text(one.names)}"] if one.names else []
    return _joined([*lines, f"  index: {text(one.index)}", f"  tags: {flow(list(one.tags))}"])


def dataset(one: Dataset, versions: Sequence[VersionPaths]) -> str:
    """Return the Dataset document: labels stand with the dataset where all of its versions have the same."""
    lines = [*_head("Dataset", one.info.name)]
    lines += [f"  description: {text(one.info.description)}", f"  private: {flow(one.info.private)}"]
    kinds = {version.labels for version in one.versions}
    common = next(iter(kinds)) if len(kinds) == 1 else None
    lines += _labels("  ", common)
    lines.append("  versions:" if one.versions else "  versions: []")
    for version, paths in zip(one.versions, versions, strict=True):
        lines.append(f"    - name: {text(version.info.name)}")
        lines += [] if common is not None else _labels("      ", version.labels)
        lines.append(f"      pictures: {{names: {text(paths.names)}}}")
        if paths.annotations:
            source = f"{{path: {text(paths.annotations)}, format: PICSELLIA}}"
            lines += ["      annotations:", f"        - {source}"]
    return _joined(lines)


def _labels(indent: str, labels: Sequence[Label] | None) -> Iterator[str]:
    if labels is None:
        return
    if not labels:
        yield f"{indent}labels: []"
        return
    yield f"{indent}labels:"
    yield from (f"{indent}  - {{name: {text(name)}, type: {text(kind)}}}" for name, kind in labels)


def sayable(content: Content) -> Content:
    """Return what is to be exported without the labels of a type that no manifest has; each is told in `left_out`."""
    told: list[str] = []
    datasets = tuple(
        replace(one, versions=tuple(_with_sayable_labels(one, version, told) for version in one.versions))
        for one in content.datasets
    )
    return replace(content, datasets=datasets, left_out=(*content.left_out, *told)) if told else content


def _with_sayable_labels(one: Dataset, version: Version, told: list[str]) -> Version:
    if version.labels is None:
        return version
    kept = tuple((name, kind) for name, kind in version.labels if kind in LABEL_TYPES)
    where = f"version `{version.info.name}` of dataset `{one.info.name}`"
    told.extend(
        f"label `{name}` of {where}: no manifest has its type {kind[:100]!a}"
        for name, kind in version.labels
        if kind not in LABEL_TYPES
    )
    return replace(version, labels=kept)


def network(info: NetworkInfo, paths: NetworkPaths, told: Told) -> str:
    """Return the Network document.

    Args:
        info: What the platform says.
        paths: Where its files are.
        told: Where to say what cannot be written.
    """
    one = info.network
    lines = [*_head("Network", one.network_name), f"  type: {text(one.type)}"]
    lines += [f"  framework: {text(one.framework)}", f"  description: {text(one.description)}"]
    lines.append(f"  private: {flow(one.private)}")
    lines += [f"  tags: {flow(list(dict.fromkeys(one.tag)))}"] if one.tag is not None else []
    for name, value, is_sayable in (
        ("labels", one.labels, _are_texts(one.labels)),
        ("base_parameters", one.base_parameters, True),
    ):
        if is_sayable and _is_sayable(value):
            lines.append(f"  {name}: {flow(value)}")
        else:
            told.left_out.append(f"`{name}` of network `{one.network_name}`: no manifest can say it")
            lines.append(f"  # {name}: a manifest cannot say what is there")
    lines.append(f"  readme: {{file: {text(paths.readme)}}}" if paths.readme else f"  readme: {text(one.readme_text)}")
    return _joined([*lines, *_files(info, paths)])


def _files(info: NetworkInfo, paths: NetworkPaths) -> Iterator[str]:
    mark = "" if paths.known else "# "
    if paths.files is not None:
        yield f"  {mark}files: {flow(dict(paths.files))}"
    elif info.files:
        yield f"  # files: {len(info.files):,} not fetched"
    if paths.thumbnail:
        yield f"  {mark}thumbnail: {text(paths.thumbnail)}"


def _are_texts(labels: Mapping[str, Any]) -> bool:
    return all(isinstance(one, str) and 0 < len(one) <= 1024 and key for key, one in labels.items())


def is_key(key: str) -> bool:
    """Return whether a key can stand in a manifest: it names something, and looks like no variable."""
    return 0 < len(key) <= NAME_LENGTH and key.isprintable() and not has_reference(key)


def _is_sayable(value: Any, depth: int = 0) -> bool:
    """Return whether a JSON value can stand in a manifest: no key that looks like a variable, no endless nesting."""
    if depth > _DEEPEST:
        return False
    match value:
        case Mapping():
            return all(not has_reference(key) and _is_sayable(item, depth + 1) for key, item in value.items())
        case list():
            return all(_is_sayable(item, depth + 1) for item in value)
        case int():
            return abs(value) < 10**300
        case _:
            return True


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
