"""Which files are manifests, and what of them is ours: typed documents with their places.

A file named on the command line is read whatever it is called; a folder is searched for `*.yaml` and `*.yml`, hidden
ones aside. Documents of other programs are counted and passed over, whatever is wrong with them.
"""

from __future__ import annotations

import logging
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from picsellia_apply.errors import Diagnostic, Severity, UsageError
from picsellia_apply.manifest.documents import API_VERSION, KINDS, AnyDocument
from picsellia_apply.manifest.faults import did_you_mean, fault, faults_of, nearest
from picsellia_apply.manifest.locate import Locator, key_of
from picsellia_apply.manifest.near import near_path_hint
from picsellia_apply.manifest.reach import Reach, common_roots, reach_of
from picsellia_apply.manifest.salvage import salvage
from picsellia_apply.manifest.substitution import Substitution, holds_reference, without_references
from picsellia_apply.manifest.variables import Declared, Given, declared_variables, with_given
from picsellia_apply.manifest.yaml import Document, parse
from picsellia_apply.source import Place, Position, shown_path

_log = logging.getLogger(__name__)
_OURS = re.compile(rb"picsel", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Read:
    """One document of ours.

    Attributes:
        document: Typed.
        place: Its root.
        reach: What its paths are relative to, and how far they may lead.
        partial: It has errors that are told already, and what they are about was cut out.
    """

    document: AnyDocument
    place: Place
    reach: Reach
    partial: bool = False

    @property
    def folder(self) -> Path:
        """Return what its paths are relative to."""
        return self.reach.folder


@dataclass(frozen=True, slots=True)
class _Raw:
    """One document of ours as its text has it: variables are not filled in yet."""

    document: Document
    place: Place
    folder: Path

    @property
    def is_workspace(self) -> bool:
        """Return whether it is a Workspace document."""
        return bool(self.document.value.get("kind") == "Workspace")

    @property
    def workspace(self) -> str | None:
        """Return the name of a Workspace document, None for any other; one that holds a variable names nothing."""
        value: dict[str, Any] = self.document.value
        metadata = value.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        named = isinstance(name, str) and not holds_reference(name)
        return name if named and self.is_workspace else None


@dataclass(slots=True)
class Collected:
    """What was read so far.

    `broken` when a file or a document could not be read to its end; `undecided` when that is so as nobody knows which
    workspace counts, and so what the variables are.
    """

    reads: list[Read] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    names: set[tuple[str, str]] = field(default_factory=set)
    skipped: int = 0
    broken: bool = False
    undecided: bool = False
    raws: list[_Raw] = field(default_factory=list)
    roots: tuple[Path, ...] = ()
    variables: Substitution = field(default_factory=lambda: Substitution(Declared("")))

    @property
    def workspaces(self) -> frozenset[str]:
        """Return the names of all Workspace documents."""
        return frozenset(raw.workspace for raw in self.raws if raw.workspace is not None)


def read_manifests(
    paths: Sequence[Path],
    *,
    workspace: str | None = None,
    given: Sequence[Given] = (),
    locator: Locator | None = None,
    kinds: Collection[str] = (),
) -> Collected:
    """Read every document of ours in files and folders.

    Args:
        paths: Files and folders to search; a file found twice is read once.
        workspace: Which Workspace document says what the variables are, when there are several.
        given: Values of variables, the weakest first.
        locator: Finds where a variable is declared, for hints.
        kinds: Read only documents of these kinds, () for all: what is wrong with the others is not told.

    Returns:
        The documents that are right, and every fault of those that are not.

    Raises:
        UsageError: One of the paths does not exist.
    """
    collected = Collected()
    seen: set[str] = set()
    typed = common_roots(paths, (), os.environ)
    for path, named in _manifest_files(paths, collected.diagnostics):
        real = os.path.realpath(path)
        if not named and _leads_out(path, reach_of(path.parent, typed), collected.diagnostics):
            collected.broken = True
        elif real not in seen:
            seen.add(real)
            _read_file(path, collected, named=named)
    collected.roots = common_roots(paths, [raw.folder for raw in collected.raws], os.environ)
    decided = _declare_variables(collected, workspace, given)
    for raw in collected.raws:
        if kinds and raw.document.value.get("kind") not in kinds:
            continue
        if decided is not None or raw.is_workspace or not holds_reference(raw.document.value):
            _read_document(raw, collected, decided=decided)
        else:  # which workspace counts is not known, and that is told; so nobody knows what the values are
            collected.broken = collected.undecided = True
    collected.diagnostics += [*collected.variables.faults, *collected.variables.finish(locator or Locator())]
    return collected


def _declare_variables(collected: Collected, workspace: str | None, given: Sequence[Given]) -> str | None:
    """Find what the variables are; return the workspace that says so, an empty text for none, None if undecided."""
    found: dict[str, Declared] = {}
    for raw in collected.raws:
        name, spec = raw.workspace, raw.document.value.get("spec")
        if name is not None and name not in found and isinstance(spec, dict):
            place = raw.place.at("spec", "variables")
            found[name] = declared_variables(spec.get("variables"), place, name, collected.diagnostics)
    names = collected.workspaces
    if workspace is not None and workspace not in names and names:
        return None
    unnamed = any(raw.is_workspace and raw.workspace is None for raw in collected.raws)
    if workspace is None and (len(names) > 1 or (unnamed and not names)):
        return None
    chosen = (workspace if workspace in names else None) or next(iter(names), None) or ""
    declared, faults = with_given(found.pop(chosen, Declared(chosen)), given, found.values())
    collected.diagnostics += faults
    collected.variables = Substitution(declared, tuple(found.values()))
    return chosen


def _manifest_files(paths: Sequence[Path], diagnostics: list[Diagnostic]) -> Iterator[tuple[Path, bool]]:
    for path in paths:
        try:
            is_folder = stat.S_ISDIR(path.stat().st_mode)
        except FileNotFoundError:
            hint = near_path_hint(Path(), path.as_posix())
            raise UsageError(f"there is no file or folder `{path}`", hint) from None
        except OSError as error:
            diagnostics.append(fault("M031", f"`{path}` cannot be read: {error.strerror}", None))
        else:
            yield from ((found, False) for found in _search(path, diagnostics)) if is_folder else [(path, True)]


def _search(folder: Path, diagnostics: list[Diagnostic]) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        reason = error.strerror or "unreadable"
        position = Position(shown_path(Path(error.filename)))
        diagnostics.append(Diagnostic("M031", Severity.error, f"the folder cannot be read: {reason}", position))

    for root, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.endswith((".yaml", ".yml")) and not name.startswith("."):
                yield Path(root, name)


def _leads_out(path: Path, reach: Reach, diagnostics: list[Diagnostic]) -> bool:
    """Return whether a file that was found, and not typed, is no file of the project; tell it if so."""
    outside = reach.outside(path.name)
    if outside is None and (path.is_file() or not path.exists()):
        return False
    what = "is no file" if outside is None else f"leads out of the project, to `{outside}`"
    hint = "name it on the command line if it is meant" if outside is not None and outside.is_file() else ""
    diagnostics.append(Diagnostic("M050", Severity.error, f"the manifest {what}", Position(shown_path(path)), hint))
    return True


def _read_file(path: Path, collected: Collected, *, named: bool) -> None:
    file = shown_path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"the manifest cannot be read: {error.strerror}"
        collected.diagnostics.append(Diagnostic("M031", Severity.error, message, Position(file)))
        collected.broken = True
        return
    parsed = parse(data, file)
    count = len(parsed.documents)
    _log.info("read %s: %s document%s", file, f"{count:,}", "s" * (count != 1))
    ours = named
    for number, document in enumerate(parsed.documents):
        if _is_ours(document.value):
            ours = True
            collected.raws.append(_Raw(document, Place(file, number), path.parent))
    others = [(number, document) for number, document in enumerate(parsed.documents) if not _is_ours(document.value)]
    _pass_over(others, file, collected, ours=ours)
    if ours:
        collected.files.append(path)
    if parsed.syntax is not None:
        _tell_syntax(parsed.syntax, collected, ours=ours or bool(_OURS.search(data)))


def _tell_syntax(syntax: Diagnostic, collected: Collected, *, ours: bool) -> None:
    if ours:
        collected.diagnostics.append(syntax)
        collected.broken = True
        return
    collected.skipped += 1
    message = "passed over: not valid YAML, and it does not look like one of ours"
    collected.diagnostics.append(Diagnostic("M037", Severity.warning, message, syntax.position))


def _pass_over(others: Iterable[tuple[int, Document]], file: str, collected: Collected, *, ours: bool) -> None:
    """Count the documents of others; in a file of ours, one that is no map is a fault."""
    for number, document in others:
        value = document.value
        if value is None:
            collected.diagnostics += document.faults if ours else ()
        elif ours and not isinstance(value, dict):
            collected.broken = True
            message = "a document must be a map with `apiVersion`, `kind`, `metadata` and `spec`"
            collected.diagnostics.append(fault("M006", message, Place(file, number)))
        else:
            collected.skipped += 1
            _log_passed_over(value, Place(file, number))


def _log_passed_over(value: Any, place: Place) -> None:
    """Name a document of others, with its line; finding that costs a second reading."""
    if _log.isEnabledFor(logging.INFO):
        said = [value.get(key) for key in ("apiVersion", "kind")] if isinstance(value, dict) else []
        what = " ".join(one for one in said if isinstance(one, str)) or "no apiVersion"
        _log.info("%s: passed over, a document of others (%s)", Locator().position(place), what)


def _is_ours(value: Any) -> bool:
    """Return whether a document is ours, or was meant to be."""
    if not isinstance(value, dict):
        return False
    version = value.get("apiVersion")
    if isinstance(version, str):
        return _near_version(version) or ("/" not in version and _has_our_shape(value))
    if any(item == API_VERSION for item in value.values() if isinstance(item, str)):
        return True
    kind = value.get("kind")
    return kind in ("PictureSet", "TagQuery") or (isinstance(kind, str) and kind in KINDS and "spec" in value)


def _has_our_shape(value: dict[str, Any]) -> bool:
    """Return whether a document is ours but for its version: `v1`, say, as Kubernetes' own kinds have it."""
    kind = value.get("kind")
    return isinstance(kind, str) and kind in KINDS and "metadata" in value and "spec" in value


def _near_version(version: str) -> bool:
    """Return whether a version is ours, or like it; `apps/v1` and other groups are not."""
    return version.lower().startswith("picsel") or bool(nearest(version, [API_VERSION]))


def _read_document(raw: _Raw, collected: Collected, *, decided: str | None) -> None:
    value: dict[str, Any] = raw.document.value
    place, diagnostics = raw.place, collected.diagnostics
    reach = reach_of(raw.folder, collected.roots)
    diagnostics += raw.document.faults
    envelope = _envelope_faults(value, place)
    if envelope:
        _remember_name(value, collected)
        diagnostics += envelope
        collected.broken = True
        return
    model = KINDS[value["kind"]]
    if raw.is_workspace and raw.workspace != decided:
        value = {**without_references(value), **({"metadata": value["metadata"]} if "metadata" in value else {})}
    value, well = collected.variables.document(value, model, place)
    _remember_name(value, collected)
    try:
        collected.reads.append(Read(model.model_validate(value), place, reach))
    except ValidationError as error:
        # under a fault of the text stands None: complaining about it again would be a second fault for one cause
        diagnostics += faults_of(error, model, place, pass_over_null=bool(raw.document.faults) or not well)
        rest = salvage(value, model, error)
        if rest is not None:
            collected.reads.append(Read(rest, place, reach, partial=True))


def _remember_name(value: dict[str, Any], collected: Collected) -> None:
    """Keep the names of documents that may turn out wrong, so that references to them are no second fault."""
    metadata = value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if isinstance(name, str) and isinstance(value.get("kind"), str):
        collected.names.add((value["kind"], name))
    else:
        collected.broken = True


def _envelope_faults(value: dict[str, Any], place: Place) -> list[Diagnostic]:
    """Return what is wrong with `apiVersion` and `kind`, which decide how the rest is read."""
    found: list[Diagnostic] = []
    version, kind = value.get("apiVersion"), value.get("kind")
    if "apiVersion" not in value:
        found.append(_missing_version(value, place))
    elif version != API_VERSION:
        hint = f"write `apiVersion: {API_VERSION}`"
        found.append(fault("M007", f"unknown apiVersion `{version}`", place.at("apiVersion"), hint))
    if "kind" not in value:
        key = nearest("kind", [one for one in value if one not in ("apiVersion", "metadata", "spec")])
        where = key_of(place, key) if key else place
        found.append(fault("M010", "field `kind` is missing", where, f"known: {', '.join(KINDS)}"))
    elif not isinstance(kind, str) or kind not in KINDS:
        hint = (did_you_mean(kind, KINDS) if isinstance(kind, str) else "") or f"known: {', '.join(KINDS)}"
        found.append(fault("M008", f"unknown kind `{kind}`", place.at("kind"), hint))
    return found


def _missing_version(value: dict[str, Any], place: Place) -> Diagnostic:
    meant = [key for key, item in value.items() if item == API_VERSION]
    where = key_of(place, meant[0]) if meant else place
    return fault("M010", "field `apiVersion` is missing", where, f"write `apiVersion: {API_VERSION}`")
