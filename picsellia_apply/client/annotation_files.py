"""An annotation file as `datalake.upload` sends it: read and converted as the reconciler does, fitted to pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from picsellia_apply.errors import Diagnostic, InvalidInput, Severity
from picsellia_apply.model.matching import Matched, match_pictures
from picsellia_apply.source import Position, shown_path

Objects = Mapping[str, tuple[str, ...]]
"""Picture or file name to sorted canonical texts; () is a background picture."""
_BOXES = frozenset({"rectangle", "classification"})
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class AnnotationFile:
    """What a file says.

    Attributes:
        path: The file, or the folder of PASCAL-VOC files.
        objects: Per file name.
        findings: What there is to say about it; no errors.
    """

    path: Path
    objects: Objects
    findings: tuple[Diagnostic, ...] = ()

    def fitted(self, members: Set[str], others: Iterable[str] = ()) -> tuple[Objects, tuple[Diagnostic, ...]]:
        """Return the objects of the pictures that are meant, and what was noticed.

        Args:
            members: The pictures, by name.
            others: Names that are no mistakes: of pictures that are known, but not meant.

        Raises:
            InvalidInput: Not one file name fits.
        """
        matched = match_pictures(self.objects, members, dict.fromkeys(others))
        if not matched.objects and not matched.left_out:
            message = f"none of its {len(self.objects):,} file names fits a picture{_names(self.objects)}"
            hint = "a file name must be a picture's name, or share its base name with one picture only"
            raise InvalidInput([*self.findings, self._diagnostic("A110", Severity.error, message, hint)])
        return matched.objects, tuple(self._unfitting(matched))

    def _unfitting(self, matched: Matched) -> Iterable[Diagnostic]:
        if matched.unknown:
            fit = "1 file name fits" if len(matched.unknown) == 1 else f"{len(matched.unknown):,} file names fit"
            message = f"{fit} none of the pictures{_names(matched.unknown)}"
            yield self._diagnostic("A111", Severity.warning, message, count=len(matched.unknown))
        if matched.ambiguous:
            fit = "1 file name does" if len(matched.ambiguous) == 1 else f"{len(matched.ambiguous):,} file names do"
            message = f"{fit} not fit one picture alone{_names(matched.ambiguous)}"
            hint = "write the picture's whole name, as it is in the lake"
            yield self._diagnostic("A112", Severity.warning, message, hint, len(matched.ambiguous))

    def _diagnostic(self, code: str, severity: Severity, message: str, hint: str = "", count: int = 1) -> Diagnostic:
        return Diagnostic(code, severity, message, Position(shown_path(self.path)), hint, count)


def _names(names: Iterable[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in islice(names, _SHOWN))
    return f": {shown}" if shown else ""


def read_annotation_file(path: Path, format: str, *, rectangle: bool) -> AnnotationFile:
    """Read a file.

    Args:
        path: A file, or for PASCAL-VOC a folder.
        format: One of `formats.FORMATS`.
        rectangle: Where an object has an outline and a box, take the box. An object of a PICSELLIA file has one of the
            two and is taken as it is.

    Raises:
        InvalidInput: The file cannot be used; every fault is in it.
    """
    from picsellia_apply.formats import read_annotations
    from picsellia_apply.formats.geometry import REASONS, convert

    file, diagnostics = read_annotations(path, format)
    _refuse(diagnostics)
    boxes = dict.fromkeys(file.labels, _BOXES) if rectangle and format != "PICSELLIA" else None
    converted = convert(file, boxes, frozenset())
    left = []
    for reason, tally in sorted(converted.left.items()):
        code, text = REASONS[reason]
        objects = f"{tally.count:,} object{'s' * (tally.count != 1)}"
        message = f"{text.format(n=objects)}, first `{tally.label}` at {tally.place}"
        severity = Severity.error if reason == "number" else Severity.warning
        left.append(Diagnostic(code, severity, message, Position(shown_path(path)), count=tally.count))
    _refuse([*diagnostics, *left])
    return AnnotationFile(path, converted.objects, (*diagnostics, *left))


def _refuse(diagnostics: Iterable[Diagnostic]) -> None:
    if any(one.severity is Severity.error for one in diagnostics):
        raise InvalidInput(diagnostics)
