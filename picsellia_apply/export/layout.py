"""Which file of an export holds what: the same platform, the same files, whatever order it answers in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from picsellia_apply.client.listing import Listing, Wanted
from picsellia_apply.export import documents
from picsellia_apply.export.content import Content, Version, Wish
from picsellia_apply.export.names import disk_paths
from picsellia_apply.formats.exact import exact_lines
from picsellia_apply.manifest.listed import exact_text
from picsellia_apply.media import PICTURE_SUFFIXES, PIXEL_LIMIT
from picsellia_apply.model.declaration import LocalPictures

if TYPE_CHECKING:
    from picsellia_apply.client import Client
    from picsellia_apply.wire.extension import NetworkInfo

Lines = Callable[[], Iterator[bytes]]
"""Makes the content of a file, a piece at a time."""
_SUFFIXES = tuple(sorted(PICTURE_SUFFIXES))
_LONG_README = 200
UNOWNED = "exported"
"""What the workspace is called where none owns what is exported, or several do."""
_ROTATED = 6
"""EXIF orientation that stands for all that swap width and height: which of them it is a platform does not tell."""


@dataclass(frozen=True, slots=True)
class SetFiles:
    """A picture set on disk.

    Attributes:
        folder: Of its pictures.
        index: Of its index.
        files: Picture to its file, relative to the folder.
        known: What the platform tells of the pictures; None where only their bytes do.
    """

    folder: str
    index: str
    files: Mapping[str, str]
    known: LocalPictures | None


@dataclass(slots=True)
class Export:
    """What is to be written, by path below the folder.

    Attributes:
        texts: Every file but indexes and what is fetched.
        sets: The indexes, and the folders of pictures.
        fetched: What is to be fetched, targets relative to the folder.
        dropped: Indexes of the sets that hold no picture after all: known once bytes are fetched.
        left_out: What cannot be held, in words.
        counts: What there is, for a summary: noun to number.
    """

    texts: dict[str, Lines] = field(default_factory=dict)
    sets: list[SetFiles] = field(default_factory=list)
    fetched: list[Wanted] = field(default_factory=list)
    dropped: set[str] = field(default_factory=set)
    left_out: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def manifests(self) -> str:
        """Return all documents as one YAML stream."""
        return "---\n".join(b"".join(lines()).decode() for path, lines in self.texts.items() if path.endswith(".yaml"))

    @property
    def paths(self) -> set[str]:
        """Return every path that is written, what is fetched included."""
        return {*self.texts, *(one.index for one in self.sets), *(one.target.as_posix() for one in self.fetched)}


def laid_out(content: Content, client: Client, wish: Wish) -> Export:
    """Return what is to be written; annotations are read from the platform when their file is.

    Args:
        content: What the platform holds.
        client: Where annotations and bytes come from.
        wish: What is to be exported.
    """
    export = Export(left_out=list(content.left_out))
    host = "" if client.host == "embedded" else client.host
    name = _workspace(export, content, wish)
    _put(export, "workspace.yaml", documents.HEAD + documents.workspace(name, host, client.organization))
    _lay_out_pictures(export, content, wish)
    _lay_out_datasets(export, content, Listing(client))
    _lay_out_networks(export, content, wish)
    return export


def _workspace(export: Export, content: Content, wish: Wish) -> str:
    """Return the workspace's name: the one asked for, else that of the only owner; what is another's is refused."""
    name = wish.workspace or (content.owners[0] if len(content.owners) == 1 else UNOWNED)
    others = [f"`{owner}`" for owner in content.owners if owner != name]
    if others:
        export.left_out.append(
            f"ownership: workspace {', '.join(others)} owns some of it, so that a plan for `{name}` refuses that"
        )
    return name


def _put(export: Export, path: str, text: str) -> None:
    export.texts[path] = lambda: iter([text.encode()])


def _lay_out_pictures(export: Export, content: Content, wish: Wish) -> None:
    rows = [row for row in content.chosen if wish.download or _is_known(content, row)]
    if len(rows) < len(content.chosen) and "digest" in content.sees:
        missing = len(content.chosen) - len(rows)
        export.left_out.append(f"{missing:,} pictures whose size is not known: `--download` finds it out")
    groups: dict[tuple[str, ...], list[int]] = {}
    for row in rows:
        groups.setdefault(content.tags.get(row, ()), []).append(row)
    named = _set_names(groups)
    paths = [_lay_out_set(export, content, wish, named[tags], tags, groups[tags]) for tags in sorted(groups)]
    if paths:
        export.texts["pictures.yaml"] = lambda: iter([_picture_sets(export, paths).encode()])
    export.counts |= {"picture": len(rows), "picture set": len(paths)}


def _picture_sets(export: Export, paths: Sequence[documents.SetPaths]) -> str:
    kept = [one for one in paths if one.index.removeprefix("./") not in export.dropped]
    return documents.HEAD + documents.picture_sets(kept)


def _is_known(content: Content, row: int) -> bool:
    """Return whether an index can hold what the platform tells of a picture."""
    pictures = content.pictures
    width, height = pictures.stored_widths[row], pictures.stored_heights[row]
    return bool(pictures.sha256[row]) and min(pictures.sizes[row], width, height) > 0 and width * height <= PIXEL_LIMIT


def _set_names(groups: Mapping[tuple[str, ...], object]) -> dict[tuple[str, ...], str]:
    """Return what the pictures of one set of tags are called together."""
    if len(groups) == 1:
        return dict.fromkeys(groups, "pictures")
    plain = {tags: "-".join(tags) or "untagged" for tags in groups}
    times = Counter(plain.values())
    wanted = {tags: name if times[name] == 1 else "\x1f".join(("", *tags)) for tags, name in plain.items()}
    paths = disk_paths(set(wanted.values()), folders=False)
    return {tags: paths[key] for tags, key in wanted.items()}


def _lay_out_set(  # noqa: PLR0917 - one call
    export: Export, content: Content, wish: Wish, name: str, tags: tuple[str, ...], rows: Sequence[int]
) -> documents.SetPaths:
    pictures = content.pictures
    names = [pictures.names[row] for row in rows]
    files = disk_paths(names, suffixes=_SUFFIXES)
    otherwise = [(files[name], name) for name in names if files[name] != name]
    folder, index, listed = f"pictures/{name}", f"index/{name}.index", f"index/{name}.names"
    if otherwise:
        _put(export, listed, exact_text(sorted(otherwise)))
    known = _known(content, rows, files) if all(_is_known(content, row) for row in rows) else None
    export.sets.append(SetFiles(folder, index, files, known))
    if wish.download:
        export.fetched += [
            Wanted(pictures.names[row], Path(folder, files[pictures.names[row]]), pictures.sha256[row]) for row in rows
        ]
    return documents.SetPaths(name, tags, f"./{folder}", f"./{index}", f"./{listed}" if otherwise else "")


def _known(content: Content, rows: Sequence[int], files: Mapping[str, str]) -> LocalPictures:
    pictures = content.pictures
    return LocalPictures(
        names=tuple(pictures.names[row] for row in rows),
        files=tuple(files[pictures.names[row]] for row in rows),
        paths=("",) * len(rows),
        sha256=tuple(pictures.sha256[row] or "" for row in rows),
        sizes=tuple(pictures.sizes[row] for row in rows),
        widths=tuple(pictures.stored_widths[row] for row in rows),
        heights=tuple(pictures.stored_heights[row] for row in rows),
        orientations=tuple(_orientation(content, row) for row in rows),
    )


def _orientation(content: Content, row: int) -> int:
    pictures = content.pictures
    displayed = pictures.widths[row], pictures.heights[row]
    stored = pictures.stored_widths[row], pictures.stored_heights[row]
    return _ROTATED if displayed != stored and displayed == stored[::-1] else 1


def _lay_out_datasets(export: Export, content: Content, listing: Listing) -> None:
    folders = disk_paths([one.info.name for one in content.datasets], folders=False, beside=".yaml")
    versions = objects = 0
    for one in content.datasets:
        folder = folders[one.info.name]
        stems = disk_paths([version.info.name for version in one.versions], folders=False)
        paths = [
            _lay_out_version(export, folder, stems[version.info.name], version, listing) for version in one.versions
        ]
        _put(export, f"datasets/{folder}.yaml", documents.HEAD + documents.dataset(one, paths))
        versions += len(one.versions)
        objects += sum(version.info.objects for version in one.versions)
    export.counts |= {"dataset": len(content.datasets), "version": versions, "object": objects}


def _lay_out_version(
    export: Export, folder: str, stem: str, version: Version, listing: Listing
) -> documents.VersionPaths:
    names = f"datasets/{folder}/{stem}.txt"
    _put(export, names, exact_text((name,) for name in version.members))
    if not version.info.annotated:
        return documents.VersionPaths(f"./{folder}/{stem}.txt")
    annotations = f"datasets/{folder}/{stem}.json"
    export.texts[annotations] = lambda: exact_lines(listing.annotations(version.info), version.labels)
    return documents.VersionPaths(f"./{folder}/{stem}.txt", f"./{folder}/{stem}.json")


def _lay_out_networks(export: Export, content: Content, wish: Wish) -> None:
    told = documents.Told()
    folders = disk_paths([one.network.network_name for one in content.networks], folders=False, beside=".yaml")
    for one in content.networks:
        folder = folders[one.network.network_name]
        if not one.network.type:
            told.left_out.append(f"network `{one.network.network_name}`: it has no type")
            continue
        readme = _readme(export, folder, one)
        files = _lay_out_files(export, folder, one) if wish.download else None
        thumbnail = _lay_out_thumbnail(export, folder, one) if wish.download else ""
        paths = documents.NetworkPaths(readme, files, thumbnail, known="digest" in content.sees)
        _put(export, f"networks/{folder}.yaml", documents.HEAD + documents.network(one, paths, told))
    export.left_out += told.left_out
    export.counts["network"] = len(content.networks)


def _readme(export: Export, folder: str, one: NetworkInfo) -> str:
    text = one.network.readme_text
    if len(text) < _LONG_README or text.startswith(("\ufeff", "version https://git-lfs")):
        return ""
    _put(export, f"networks/{folder}/README.md", text)
    return f"./{folder}/README.md"


def _lay_out_files(export: Export, folder: str, one: NetworkInfo) -> dict[str, str]:
    files = {key: file for key, file in one.files.items() if documents.is_key(key)}
    if len(files) < len(one.files):
        what = f"{len(one.files) - len(files):,} files of network `{one.network.network_name}`"
        export.left_out.append(f"{what}: no manifest can say their keys")
    paths = disk_paths(files.keys(), suffixes=(".bin",), folders=False, fallback=".bin")
    for key, file in sorted(files.items()):
        target = Path("networks", folder, "files", paths[key])
        what = f"file `{key}` of network `{one.network.network_name}`"
        export.fetched.append(Wanted(what, target, file.sha256, file.object_name, model=True))
    return {key: f"./{folder}/files/{paths[key]}" for key in sorted(files)}


def _lay_out_thumbnail(export: Export, folder: str, one: NetworkInfo) -> str:
    if one.thumbnail is None:
        return ""
    target = Path("networks", folder, "thumbnail.jpg")
    what = f"thumbnail of network `{one.network.network_name}`"
    export.fetched.append(Wanted(what, target, one.thumbnail.sha256, one.thumbnail.object_name))
    return f"./{folder}/thumbnail.jpg"
