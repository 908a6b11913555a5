"""The codes for people say the same as the codes in the program."""

from __future__ import annotations

from pathlib import Path

from picsellia_apply.formats.kinds import KINDS

TABLE = Path(__file__).parents[3] / "docs" / "codes" / "annotations.md"


def test_codes_are_unique_and_documented() -> None:
    rows = [line.split("|")[1:4] for line in TABLE.read_text().splitlines() if line.startswith(("| A", "| Q"))]
    written = [tuple(cell.strip() for cell in row) for row in rows]
    expected = [(kind.code, kind.severity.name, kind.one.replace("{subject}", "...")) for kind in KINDS]
    assert len({kind.code for kind in KINDS}) == len(KINDS)
    assert written == expected
