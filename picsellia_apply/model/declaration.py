"""What the manifests say, with everything they point at read in: pictures hashed, annotations parsed.

Made by `manifest`, read by `resolve` and by the scope of `observe`. A field that the manifest does not mention is None
(unmanaged); an explicit empty value is an empty value (managed). `protect` None leaves what the inventory remembers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from picsellia_apply.errors import Diagnostic
from picsellia_apply.model.policy import PolicyChecks
from picsellia_apply.source import Place

AnnotationPolicy = Literal["seed", "merge", "mirror"]


@dataclass(frozen=True, slots=True)
class LocalPictures:
    """Picture files of this disk, as columns of equal length, sorted by name.

    Attributes:
        names: The pictures' names in the lake, NFC, unique.
        files: Paths relative to the set's folder, POSIX separators: how the bytes are found again.
        paths: Paths to open here; never written to a plan. Empty for a picture that only the set's index knows: its
            bytes are not on this machine.
        sha256: 64 hex digits of the raw bytes.
        sizes: Bytes.
        widths: px, as stored in the file.
        heights: px, as stored in the file.
        orientations: EXIF orientation, 1 to 8; 5 to 8 swap width and height when displayed.
    """

    names: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    sha256: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    widths: tuple[int, ...] = ()
    heights: tuple[int, ...] = ()
    orientations: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PictureSet:
    """Pictures the lake must hold. `tags` None: unmanaged."""

    name: str
    place: Place
    pictures: LocalPictures
    tags: tuple[str, ...] | None = None
    restore: bool = False
    protect: bool | None = None


@dataclass(frozen=True, slots=True)
class TagQuery:
    """A named selection of the predicted lake: all of `tags`, a stable share `quantity` in (0, 1].

    `unmanaged` holds "add" and "remove" where the manifest does not mention them.
    """

    name: str
    place: Place
    tags: tuple[str, ...]
    quantity: float = 1.0
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    unmanaged: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Selection:
    """Which pictures a version holds: exactly one of `query`, `tags`, `picture_set`, `names` is not None."""

    place: Place
    query: str | None = None
    tags: tuple[str, ...] | None = None
    quantity: float = 1.0
    picture_set: str | None = None
    names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class AnnotationSource:
    """Annotations of one file, already in the geometry that the dataset's labels ask for.

    Attributes:
        place: The source's node in the manifest.
        path: The file or folder, as the manifest writes it.
        policy: How a difference with the platform is decided.
        objects: `file_name` as the file has it (NFC, POSIX) to sorted canonical texts; () is a background picture.
        sizes_wh: `file_name` to width and height in px, where the file states them.
    """

    place: Place
    path: str
    policy: AnnotationPolicy
    objects: Mapping[str, tuple[str, ...]]
    sizes_wh: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a dataset, in manifest order. `labels` None: unmanaged; else (name, type) pairs.

    `unmanaged` holds "annotations" when the manifest does not mention any.
    """

    name: str
    place: Place
    pictures: Selection | None
    origin: str | None = None
    labels: tuple[tuple[str, str], ...] | None = None
    annotations: tuple[AnnotationSource, ...] = ()
    frozen: bool = False
    unmanaged: frozenset[str] = frozenset()
    protect: bool | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset and its versions. `description` and `private` None: unmanaged.

    `unmanaged` holds "versions" when the manifest does not mention any.
    """

    name: str
    place: Place
    versions: tuple[Version, ...]
    description: str | None = None
    private: bool | None = None
    unmanaged: frozenset[str] = frozenset()
    protect: bool | None = None


@dataclass(frozen=True, slots=True)
class LocalFile:
    """One file of this disk: the path to open, as the manifest writes it, sha256 (64 hex digits), bytes."""

    path: str
    written: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Network:
    """A network. `fields` holds only the managed ones, under the wire's names.

    `fields` keys: type, framework, description, private, tag, labels, base_parameters, readme_text. `unmanaged` holds
    "files" and "thumbnail" where the manifest does not mention them.
    """

    name: str
    place: Place
    fields: Mapping[str, Any]
    files: Mapping[str, LocalFile] = field(default_factory=dict)
    thumbnail: LocalFile | None = None
    unmanaged: frozenset[str] = frozenset()
    protect: bool | None = None


@dataclass(frozen=True, slots=True)
class Guards:
    """Budgets on what one apply may touch, in percent (0 to 100) of what the workspace manages."""

    delete_percent: float = 10.0
    update_percent: float = 50.0


@dataclass(frozen=True, slots=True)
class Move:
    """A rename: addresses of a PictureSet, a TagQuery (`query/NAME`) or a Network."""

    origin: str
    to: str
    place: Place


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where and how. The default one, named `default`, stands for manifests without a Workspace document."""

    name: str = "default"
    place: Place | None = None
    host: str | None = None
    organization: str | None = None
    guards: Guards = Guards()
    prune: bool = False
    moved: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class Declaration:
    """Everything the manifests say.

    Attributes:
        root: Folder that the manifests share; the embedded lake is searched from here upwards.
        manifests: How many documents of ours were read.
        skipped: How many documents of others were passed over.
        findings: Warnings and infos; errors never get this far.
        local_findings: Those of files on this disk that are no pictures of a set with an index: `validate` tells them,
            a plan does not, as it is the same on a machine without the pictures.
        variables: Name to text of every variable that the manifests use.
    """

    root: str
    workspace: Workspace = Workspace()
    picture_sets: tuple[PictureSet, ...] = ()
    queries: tuple[TagQuery, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    networks: tuple[Network, ...] = ()
    policies: tuple[PolicyChecks, ...] = ()
    manifests: int = 0
    skipped: int = 0
    findings: tuple[Diagnostic, ...] = ()
    local_findings: tuple[Diagnostic, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
