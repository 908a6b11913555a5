"""Values of fields as one line of text: short JSON, the first line of a long text, what differs between two."""

from __future__ import annotations

from itertools import zip_longest

NOTHING = "nothing"
"""What stands for a value that is not there."""


def cut(text: str, room: int) -> str:
    """Return a text that is at most `room` characters long (at least 4), `...` at the end of what was cut."""
    room = max(room, 4)
    return text if len(text) <= room else f"{text[: room - 3]}..."


def value_text(value: object, room: int = 60) -> str:
    """Return a value as a short JSON text: `"Draft"`, `8`, `"# Title" (+12 lines)`, `nothing` for what is not there.

    Args:
        value: Of a field.
        room: Most characters.
    """
    if value is None:
        return NOTHING
    if isinstance(value, str):
        lines = _lines(value)
        if len(lines) > 1:
            more = f" (+{len(lines) - 1:,} line{'s' * (len(lines) != 2)})"
            return cut(_json(lines[0]), room - len(more)) + more
    return cut(_json(value), room)


def whole_text(value: object) -> str:
    """Return a value as JSON, however long it is; `nothing` for what is not there."""
    return _json(value)


def change_text(before: object, after: object, room: int) -> str:
    """Return `before -> after`, each at most half as long as there is room; of long texts the first line that differs.

    Args:
        before: The value that is there.
        after: The value to be there.
        room: Most characters.
    """
    each = max((room - 4) // 2, 12)
    if isinstance(before, str) and isinstance(after, str) and len(_lines(before)) > 1 and len(_lines(after)) > 1:
        return _lines_text(_lines(before), _lines(after), room)
    sides = value_text(before, room), value_text(after, room)
    if len(" -> ".join(sides)) > room or sides[0] == sides[1]:
        sides = _sides(_json(before), _json(after), each)
    return " -> ".join(sides)


def _lines_text(before: list[str], after: list[str], room: int) -> str:
    """Return what differs between two texts of several lines: the first line that does, and how long they are."""
    pairs = enumerate(zip_longest(before, after), 1)
    number, one, other = next(((number, *pair) for number, pair in pairs if pair[0] != pair[1]), (0, None, None))
    if not number:
        return "only line ends differ"
    head = f"line {number:,} "
    tail = f" ({len(before):,} -> {len(after):,} lines)" if len(before) != len(after) else ""
    each = max((room - len(head) - len(tail) - 4) // 2, 12)
    return head + " -> ".join(_sides(_json(one), _json(other), each)) + tail


def _sides(one: str, other: str, room: int) -> tuple[str, str]:
    """Cut two texts so that the first character that differs is shown."""
    same = next((row for row, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0)
    start = max(0, same - room // 2) if max(len(one), len(other)) > room else 0
    if start:
        one, other = f"...{one[start:]}", f"...{other[start:]}"
    return cut(one, room), cut(other, room)


def _lines(text: str) -> list[str]:
    return text.splitlines() or [text]


def _json(value: object) -> str:
    import msgspec

    return NOTHING if value is None else msgspec.json.encode(value).decode()
