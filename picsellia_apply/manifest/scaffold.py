"""Writes the first manifests for a folder: text that validates, plans cleanly, and teaches by its comments.

Every name is written as a scalar that YAML 1.1 and YAML 1.2 both read as that text: plain only where it is harmless,
else in double quotes, so that `no`, `1e3` and `a: b` stay what they are.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from picsellia_apply.errors import UsageError
from picsellia_apply.manifest.layout import Layout, SetLayout, VersionLayout
from picsellia_apply.manifest.listed import plain_names
from picsellia_apply.manifest.reach import reach_of
from picsellia_apply.manifest.substitution import literal
from picsellia_apply.manifest.survey import Source, is_writable
from picsellia_apply.source import shown_path

SCHEMA_FILE = "picsellia-apply.schema.json"

_PLAIN = re.compile(r"(?:\.{1,2}/)*[A-Za-z_][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./(-][A-Za-z0-9_./()-]*)*")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})

_HEAD = f"""# yaml-language-server: $schema=./{SCHEMA_FILE}
# Written by `picsellia-apply init`; yours to change. Paths are relative to this file.
"""

_PICTURES_HEAD = """# Pictures the lake must hold. Each is uploaded once; the bytes under a name are never replaced.
"""

_WORKSPACE_HEAD = """# Where everything goes, and how.
# A workspace owns what it made: on one server, each project needs its own.
# Without `host` (or --host, or PICSELLIA_HOST) everything goes to the embedded lake, in `.picsellia/`.
"""

_DATASET_HEAD = """# A dataset: its labels, and its versions, each a snapshot of pictures with their annotations.
# A field that is absent is left alone on the platform; an empty one is made empty.
"""

_SPLITS_HEAD = """# Each split is a dataset of its own, with one version: any platform can hold that.
# (One dataset may have them as versions where the platform can make a version anew, as the lake can.)
"""
FIRST = "first"
"""What a dataset's first version is called: on a platform of SDK v2 alone it has no other name."""


def scalar(text: str) -> str:
    """Return `text` as a YAML scalar of one line that every YAML reader takes for this text."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    import yaml

    return str(yaml.safe_dump(text, default_style='"', allow_unicode=True, width=1 << 30)).rstrip("\n")


def value(text: str) -> str:
    """Return `text` as a value of a manifest: a scalar in which nothing is taken for a variable."""
    return scalar(literal(text))


def manifests_for(layout: Layout, name: str, out: Path, *, workspace: str) -> dict[Path, str]:
    """Return the files to write.

    Args:
        layout: What to declare.
        name: The dataset's name.
        out: The folder that the files go to; their paths are relative to it.
        workspace: The workspace's name.

    Returns:
        Path to content, in the order in which to read them.

    Raises:
        UsageError: A folder is called so that no manifest can name it.
    """
    from picsellia_apply.manifest.documents import json_schema

    layout = replace(layout, versions=tuple(_within_reach(version, out) for version in layout.versions))
    lists = {
        _list_file(version, out): "".join(f"{name}\n" for name in version.listed)
        for version in layout.versions
        if version.listed
    }
    return {
        out / "pictures.yaml": _HEAD + _PICTURES_HEAD + "---\n".join(_picture_set(one, out) for one in layout.sets),
        out / "dataset.yaml": _HEAD + _datasets(layout, name, out),
        out / "workspace.yaml": _HEAD + _WORKSPACE_HEAD + _workspace(workspace),
        **lists,
        out / SCHEMA_FILE: json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n",
    }


def workspace_name(name: str) -> str:
    """Return a name as a workspace is called: letters, digits and `-`; never `default`, which everybody's could be."""
    words = re.split(r"[\W_]+", unicodedata.normalize("NFC", name).lower())
    return "-".join(filter(None, words)) or "pictures" if words != ["default"] else "default-pictures"


def _workspace(name: str) -> str:
    lines = [
        "apiVersion: picsellia-apply/v1",
        "kind: Workspace",
        f"metadata: {{name: {value(name)}}}",
        "spec:",
        "  # host: https://platform.example/sdk/v2/",
        "  # organization: acme",
        _column("  prune: false", "true: delete what this workspace made and nobody declares any more"),
        _column("  # guards: {deletePercent: 10, updatePercent: 50}", "budgets of one apply, in percent"),
    ]
    return "\n".join(lines) + "\n"


def _within_reach(version: VersionLayout, out: Path) -> VersionLayout:
    """Return the version with its list of names copied where manifests in `out` may not name the file."""
    if version.names is None or version.listed or reach_of(out, ()).outside(str(version.names.resolve())) is None:
        return version
    names = plain_names(version.names.read_text(encoding="utf-8").split("\n"))
    return replace(version, listed=tuple(sorted(names)))


def _list_file(version: VersionLayout, out: Path) -> Path:
    return out / "splits" / f"{version.name}.txt"


def _relative(path: Path, out: Path) -> str:
    """Return a path as a manifest in `out` writes it; see `_related`.

    Raises:
        UsageError: It holds characters that no manifest can hold.
    """
    related = _related(path, out)
    if not is_writable(related):
        hint = "no manifest can name it: rename the folder"
        raise UsageError(f"`{_line(related)}` holds a control character, or is not UTF-8", hint=hint)
    return related


def _related(path: Path, out: Path) -> str:
    """Return a path relative to `out`, POSIX; absolute on another drive of Windows."""
    target = path.resolve()
    try:
        relative = os.path.relpath(target, out.resolve())
    except ValueError:
        return target.as_posix()
    return Path(relative).as_posix()


def _flow(items: Sequence[str]) -> str:
    return f"[{', '.join(map(scalar, items))}]"


def _column(text: str, comment: str) -> str:
    return f"{text.ljust(58)} # {comment}"


def _picture_set(one: SetLayout, out: Path) -> str:
    lines = [
        "apiVersion: picsellia-apply/v1",
        "kind: PictureSet",
        f"metadata: {{name: {value(one.name)}}}",
        "spec:",
        _column(f"  from: {value(_relative(one.folder, out))}", f"{one.count:,} pictures"),
    ]
    if one.include:
        lines.append(f"  include: {_flow(one.include)}")
    if one.exclude:
        lines += ["  exclude:", *(_column(f"    - {value(file)}", "left out by init") for file in one.exclude)]
    meaning = "a picture is called by its base name" if one.naming == "basename" else "base names repeat: path and name"
    lines += [
        _column(f"  naming: {one.naming}", meaning),
        _column(f"  tags: {_flow(one.tags)}", "tags that all of them carry"),
    ]
    return "\n".join(lines) + "\n"


def _datasets(layout: Layout, name: str, out: Path) -> str:
    """Return one dataset; of several splits one for each, since that is what every platform can hold."""
    splits = len(layout.versions) > 1
    names = [f"{name}-{version.name}" if splits else name for version in layout.versions]
    texts = [
        _dataset(called, version, layout.labels, out, first=row == 0, counted=" in all" if splits else "")
        for row, (called, version) in enumerate(zip(names, layout.versions, strict=True))
    ]
    rest = [
        f"  # not used: {{path: {_commented(source, out)}, format: {source.format}}}: {_line(reason)}\n"
        for source, reason in layout.left_out
    ]
    head = _DATASET_HEAD + (_SPLITS_HEAD if splits else "")
    return head + "---\n".join(texts) + "".join(rest)


def _dataset(
    name: str,
    version: VersionLayout,
    labels: Sequence[tuple[str, str, int]],
    out: Path,
    *,
    first: bool,
    counted: str,
) -> str:
    """Return one Dataset document; the first one explains what it says."""
    lines = [
        "apiVersion: picsellia-apply/v1",
        "kind: Dataset",
        f"metadata: {{name: {value(name)}}}",
        "spec:",
        *(["  # description: What it shows, and where it comes from"] if first else []),
        "  private: true",
    ]
    if labels:
        told = "the type decides which geometry of an object is sent"
        lines.append(_column("  labels:", told) if first else "  labels:")
        for label, kind, count in labels:
            line = f"    - {{name: {value(label)}, type: {kind}}}"
            lines.append(_column(line, f"{count:,} objects{counted}") if first else line)
    elif first:
        lines += ["  # labels:", "  #   - {name: car, type: rectangle}"]
    return "\n".join([*lines, "  versions:", *_version(version, out, explain=first)]) + "\n"


def _commented(source: Source, out: Path) -> str:
    return scalar(_line(_related(source.path, out)))


def _line(text: str) -> str:
    """Return text as it may stand in a comment: on one line, printable."""
    return "".join(character if character.isprintable() else " " for character in text)


def _version(version: VersionLayout, out: Path, *, explain: bool) -> list[str]:
    listed = _list_file(version, out) if version.listed else version.names
    if listed is not None:
        chosen = f"{{names: {value(_relative(listed, out))}}}"
    else:
        chosen = f"{{set: {value(version.picture_set or '')}}}"
    lines = [
        f"    - name: {FIRST}",
        _column(f"      pictures: {chosen}", f"{version.count:,} pictures"),
    ]
    if not version.sources:
        return [*lines, "      # annotations:", "      #   - {path: ./annotations.json, format: COCO}"]
    lines.append("      annotations:")
    if explain:
        lines += [
            "        # policy: merge keeps what people change on the platform; seed only begins; mirror makes it equal",
        ]
    for source in version.sources:
        path = value(_relative(source.path, out))
        rule = f", coordinates: {source.coordinates}" if source.coordinates else ""
        lines.append(f"        - {{path: {path}, format: {source.format}{rule}, policy: merge}}")
    return lines


def write_manifests(files: Mapping[Path, str], *, force: bool) -> None:
    """Write files, each whole or not at all.

    Args:
        files: Path to content.
        force: Overwrite what is there.

    Raises:
        UsageError: A file is in the way and `force` is off, or the folder cannot be written; nothing was written.
    """
    in_the_way = [path for path in files if path.exists() or path.is_symlink()]
    if in_the_way and not force:
        listed = ", ".join(f"`{shown_path(path)}`" for path in in_the_way)
        raise UsageError(f"already there: {listed}", hint="`--force` overwrites them, `--out DIR` writes elsewhere")
    written: dict[Path, Path] = {}
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            written[path] = write_beside(path, content)
        for path, temporary in written.items():
            temporary.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"`{error.filename}` cannot be written: {reason}", hint="choose another --out") from error
    finally:
        for temporary in written.values():
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def write_beside(path: Path, content: str) -> Path:
    """Write a file that can replace `path`, on the same disk; return where it is."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(name).chmod(0o644)
    return Path(name)
