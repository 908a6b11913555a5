"""What was noticed about the input, below a plan: each finding while its data change, later on only their number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from pathlib import PurePosixPath

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.plan import Plan
from picsellia_apply.planner.words import counted
from picsellia_apply.render.lines import Line, plain
from picsellia_apply.source import Place

_SAME_FINDINGS = 3
"""Most findings of one code that are listed; all are counted."""
_OF_DATA = frozenset({"P006", "P008", "P011", "P014", "P020"})
"""Findings about pictures as they lie there; every `Q` is one about what annotations say.

An `A` tells what of a file is left out: it may be why an edit did nothing.
"""
_MORE = re.compile(r"and [\d,]+ more$")
"""How a message ends that does not name all it speaks of."""


def finding_lines(findings: Sequence[Diagnostic], *, notes: bool, full: bool = False) -> Iterator[Line]:
    """Yield a line for each finding, by code; of many alike the first few and their number.

    Args:
        findings: All of them.
        notes: Whether notes are told too.
        full: Whether all that are alike are told.
    """
    by_code: dict[str, list[Diagnostic]] = {}
    for one in findings:
        if notes or one.severity is not Severity.info:
            by_code.setdefault(one.code, []).append(one)
    for code, alike in sorted(by_code.items()):
        shown = alike if full else alike[:_SAME_FINDINGS]
        for one, after in zip(shown, [*shown[1:], None], strict=True):
            said_again = after is not None and after.hint == one.hint
            hint = (f"hint: {one.hint}",) if one.hint and not said_again else ()
            yield _finding(one, _where(one), hint)
        if len(alike) > len(shown):
            yield _finding(alike[-1], f"and {len(alike) - len(shown):,} more like these [{code}]", cut=True)


def _finding(one: Diagnostic, text: str, below: tuple[str, ...] = (), *, cut: bool = False) -> Line:
    mark, word = ("·", "note") if one.severity is Severity.info else ("!", "finding")
    return Line(mark, word, word, text, below=below, cut=cut)


def _where(one: Diagnostic) -> str:
    position = one.position
    place = position.file if isinstance(position, Place) else str(position or "")
    times = f" ({one.count:,} times)" if one.count > 1 and f"{one.count:,}" not in one.message else ""
    return f"{one.message}{times}   {plain(place)} [{one.code}]" if place else f"{one.message}{times} [{one.code}]"


def known_findings(plan: Plan) -> tuple[Diagnostic, ...]:
    """Return the findings about pictures and annotation files that the plan leaves as they are.

    Who applied the data has seen them. A finding that may be about a picture that the plan uploads or annotates is none
    of these, nor is any where a policy refuses: it may be why.
    """
    if any(one.rule == "policy" for one in plan.refusals):
        return ()
    stems = _changed_stems(plan)
    return tuple(one for one in plan.findings if _is_of_data(one) and not _may_concern(one, stems))


def _is_of_data(one: Diagnostic) -> bool:
    return one.severity is Severity.warning and (one.code.startswith("Q") or one.code in _OF_DATA)


def _changed_stems(plan: Plan) -> Set[str]:
    """Return the names, without extension, of the pictures that are uploaded or annotated."""
    names: set[str] = set()
    for operation in plan.operations:
        names.update(operation.members.objects)
        address = parse_address(operation.address)
        if address.kind == "pictures" and not address.rest:
            names.update(operation.members.add)
    return {PurePosixPath(name).stem for name in names}


def _may_concern(one: Diagnostic, stems: Set[str]) -> bool:
    """Return whether a finding may be about one of these pictures: of some it is known that it is not.

    That is so where it names all its files, as those about folders of XML files do when they are few.
    """
    if not stems:
        return False
    file = one.position.file if one.position is not None else ""
    if not file.lower().endswith(".xml") or _MORE.search(one.message):
        return True
    text = f"{file} {one.message}"
    return any(stem in text for stem in stems)


def counted_line(known: int, notes: int) -> str:
    """Return what is said of findings and notes that are not listed, or an empty text."""
    said = [f"{counted(known, 'finding')} about data that does not change"] if known else []
    said += [f"{counted(notes, 'note')} about the input"] if notes else []
    return f"  · {', '.join(said)}: -v lists {'it' if known + notes == 1 else 'them'}" if said else ""
