"""What is noticed while a file is read: counted by kind, with a few examples, and located only when it is told.

Twenty thousand objects with one fault are one line. The first examples keep where they stand as a path into the
document; turning a path into line and column needs a second, slower reading, so it is done once, at the end, for the
few that are told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.formats.kinds import Kind
from picsellia_apply.source import Position, shown_path

EXAMPLES = 3
"""How many cases of one kind are named."""

SUBJECTS = 50
"""How many subjects of one kind are told apart; a hostile file could name a new one in every line."""

Steps = tuple[str | int, ...]
"""A path into a document: keys, tags and 0-based indexes from the root."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A node of an annotation file.

    Attributes:
        file: The file.
        steps: Its path; () is the whole file.
    """

    file: Path
    steps: Steps = ()


@dataclass(slots=True)
class _Group:
    kind: Kind
    subject: str
    count: int = 0
    position: Position | None = None
    spots: list[Spot] = field(default_factory=list)
    details: list[str] = field(default_factory=list)


class Unreadable(Exception):  # noqa: N818 - it says what the file is
    """The file cannot be read at all; the one diagnostic says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        """Keep the diagnostic."""
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class Findings:
    """Faults and findings of one annotation file or folder, gathered while it is read."""

    def __init__(self) -> None:
        """Begin with none."""
        self._groups: dict[tuple[Kind, str], _Group] = {}

    def note(self, kind: Kind, file: Path, *steps: str | int, detail: str = "", subject: str = "") -> None:
        """Count one case.

        Args:
            kind: What it is a case of.
            file: Where it stands.
            steps: Path to the node inside the file.
            detail: What is special about this case.
            subject: Cases of one kind with different subjects are told apart; it fills `{subject}` of the kind.
        """
        group = self._group(kind, subject)
        group.count += 1
        if len(group.spots) < EXAMPLES:
            group.spots.append(Spot(file, steps))
            group.details.append(detail)

    def note_at(self, kind: Kind, file: Path, position: Position, detail: str) -> None:
        """Count one case whose position is already known."""
        group = self._group(kind, "")
        group.position = group.position or position
        self.note(kind, file, detail=detail)

    def _group(self, kind: Kind, subject: str) -> _Group:
        group = self._groups.get((kind, subject))
        if group is None:
            if subject and len(self._groups) >= SUBJECTS:
                subject = "other"
            group = self._groups.setdefault((kind, subject), _Group(kind, subject))
        return group

    @property
    def failed(self) -> bool:
        """Whether one of them is an error."""
        return any(group.kind.severity is Severity.error for group in self._groups.values())

    def diagnostics(
        self, locate: Callable[[Sequence[Spot]], Mapping[Spot, Position]], written: Callable[[Spot], str]
    ) -> tuple[Diagnostic, ...]:
        """Return one diagnostic for each kind, errors first.

        Args:
            locate: Finds line and column of spots; called once, with the first spot of each kind.
            written: How a message names a spot, e.g. `$.annotations[17].bbox`.
        """
        groups = sorted(self._groups.values(), key=lambda group: (-group.kind.severity, group.kind.code))
        positions = locate([group.spots[0] for group in groups])
        return tuple(_diagnostic(group, group.position or positions.get(group.spots[0]), written) for group in groups)


def _examples(group: _Group, written: Callable[[Spot], str]) -> Iterator[str]:
    for spot, detail in zip(group.spots, group.details, strict=True):
        name = f"`{written(spot)}`" if spot.steps else ""
        yield f"{name} ({detail})" if name and detail else name or detail


def _diagnostic(group: _Group, position: Position | None, written: Callable[[Spot], str]) -> Diagnostic:
    kind, count = group.kind, group.count
    said = (kind.one if count == 1 else f"{count:,} {kind.many}").replace("{subject}", group.subject)
    examples = [example for example in _examples(group, written) if example]
    if examples and count > len(examples):
        examples.append(f"and {count - len(examples):,} more")
    message = f"{said}: {', '.join(examples)}" if examples else said
    fallback = Position(shown_path(group.spots[0].file))
    return Diagnostic(kind.code, kind.severity, _printable(message), position or fallback, kind.hint, count)


def _printable(text: str) -> str:
    """Return a text with what a terminal would obey, or a line would break at, escaped: files are not trusted."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
