"""Everything that a plan touches, one a line: nothing is cut, and a changed object is told by what changed of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

from picsellia_apply.model.annotation import image_qa_text, object_text
from picsellia_apply.model.plan import (
    Blocked,
    Bytes,
    Conflict,
    FieldChange,
    Members,
    Notice,
    ObjectChange,
    Operation,
    Plan,
    Target,
)
from picsellia_apply.render.lines import Line, line_rows
from picsellia_apply.render.members import member_rows, object_rows
from picsellia_apply.render.text import Look, plan_rows
from tests.worlds import box

EMPTY = Plan(Target("embedded", "acme", "demo"), digest="sha256:" + "9f2c41" * 11)
MANY = tuple(f"{number:04}.jpg" for number in range(1_000))


def full(plan: Plan) -> list[str]:
    return list(plan_rows(plan, heading="heading", look=Look(width=60, full=True)))


def annotated(objects: Mapping[str, ObjectChange], **counts: int) -> Operation:
    return Operation("annotations/d@v", "update", "edited", (), Members(objects=objects, counts=counts), "objects")


def test_a_changed_object_is_told_by_what_changed_of_it() -> None:
    before = (box("RBC", 68, 315, 126, 125), box("RBC", 300, 0), box("WBC", 0, 0))
    after = (box("RBC", 70, 315, 124, 125), box("WBC", 0, 0), box("WBC", 200, 5))
    assert list(object_rows(ObjectChange(before, after))) == [
        "~ RBC rectangle   left 68 -> 70, top 315, width 126 -> 124, height 125",
        "- RBC rectangle   left 300, top 0, width 10, height 10",
        "+ WBC rectangle   left 200, top 5, width 10, height 10",
    ]


def test_whatever_an_object_says_is_there_whole() -> None:
    outline = [[number, number * 2] for number in range(100)]
    roof = object_text({"type": "polygon", "label": "ro\x1bof", "polygon": {"coords": outline}})
    night = object_text({"type": "classification", "label": "night"})
    asked = image_qa_text({"question": "Why?\x1b[2J"})
    one, two, three = sorted(object_rows(ObjectChange(None, (roof, night, asked))))
    assert three == f"+ ro\\x1bof polygon   polygon {json.dumps({'coords': outline}, separators=(',', ':'))}"
    assert two == "+ night classification"
    assert one == '+ image_qa   qa {"question":"Why?\\u001b[2J"}'


def test_pictures_are_listed_with_what_happens_to_each() -> None:
    changes = {
        "b.jpg": ObjectChange((box("A"), box("B")), (box("A"),)),
        "a.jpg": ObjectChange(None, (box("A"),)),
        "c.jpg": ObjectChange((box("A"),), ()),
        "d.jpg": ObjectChange(None, ()),
    }
    heads = [row for row in member_rows(annotated(changes)) if not row.startswith(" ")]
    expected = ["+ a.jpg: +1", "~ b.jpg: -1", "- c.jpg: -1", "+ d.jpg: no object, a background picture"]
    assert heads == expected
    members = Members(add={"new\n.jpg": Bytes("r", "0" * 64, 42_300), "b": None}, remove=("z", "y"))
    listed = list(member_rows(Operation("pictures/s", "update", "edited", (), members)))
    assert listed == ["+ b", "+ new\\x0a.jpg   42.3 KB", "- y", "- z"]


def test_nothing_is_cut() -> None:
    words = "word " * 100
    named = Operation(
        "version/d@v", "update", "edited", (), Members(add=dict.fromkeys(MANY), remove=("gone.jpg",)), "m"
    )
    fields = (FieldChange("description", words, f"{words}.\nsecond line"), FieldChange("type", None, "x"))
    labels = tuple(Operation(f"label/d@v/{number:02}/rectangle", "create", "new") for number in range(20))
    plan = replace(
        EMPTY,
        operations=(named, Operation("network/n", "update", "edited", fields), *labels),
        notices=(Notice("kept", "pictures/s", "1,000 pictures", MANY),),
        blocked=(Blocked("pictures/t", "content differs", "1,000 pictures", MANY),),
        conflicts=(Conflict("dataset/d", "description", words, f"{words}!", f"{words}?"),),
    )
    rows = full(plan)
    text = "\n".join(rows)
    assert all(rows.count(f"      {mark}{name}") == times for name in MANY for mark, times in (("+ ", 1), ("", 2)))
    assert "      - gone.jpg" in rows
    assert f'      description "{words}" -> "{words}.\\nsecond line"' in rows
    assert f"({', '.join(f'{number:02}' for number in range(20))})" in text
    assert f'      platform     "{words}?"' in rows
    assert "..." not in "\n".join(rows[:-1])
    assert "not every name" not in text


def test_rows_are_made_when_they_are_due() -> None:
    made: list[int] = []

    def rows() -> Iterator[str]:
        for number in range(1_000_000):
            made.append(number)
            yield str(number)

    shown = line_rows([Line("+", "create", "pictures", "pictures/s", "many", whole=rows())], color=False)
    assert [next(shown) for _ in range(3)] == ["  + pictures  pictures/s  many", "      0", "      1"]
    assert made == [0, 1]


def test_what_is_cut_is_said_with_how_to_see_it() -> None:
    few = Operation("version/d@v", "create", "new", (), Members(add=dict.fromkeys(MANY[:3])), "3 pictures")
    many = Operation("version/d@w", "create", "new", (), Members(add=dict.fromkeys(MANY)), "1,000 pictures")
    blocked = Blocked("pictures/t", "content differs", "m", MANY)
    hint = "  · not every name is shown: --full lists all, and every object that changes"

    def shown(plan: Plan, width: int = 120, command: str = "--full") -> list[str]:
        return list(plan_rows(plan, heading="h", look=Look(width=width, full_command=command)))

    assert hint not in shown(replace(EMPTY, operations=(few,)))
    assert hint in shown(replace(EMPTY, operations=(few,)), width=50)
    assert hint in shown(replace(EMPTY, operations=(few, many)))
    assert hint in shown(replace(EMPTY, blocked=(blocked,)))
    assert hint not in shown(replace(EMPTY, operations=(many,)), command="")


def test_the_picture_with_the_changed_object_stands_first() -> None:
    """Seventeen objects differ, and the line says on which picture the one is that was edited."""
    changes = {f"new-{number}.jpg": ObjectChange(None, (box("A"), box("B"))) for number in range(8)}
    changes["old.jpg"] = ObjectChange((box("A"), box("C", 40)), (box("A", 1), box("C", 40), box("D", 90)))

    def line_of(operation: Operation) -> str:
        return list(plan_rows(replace(EMPTY, operations=(operation,)), heading="h", look=Look()))[1]

    line = line_of(annotated(changes, add=17, change=1))
    assert line.endswith("   (old.jpg: +1 ~1, new-0.jpg: +2, new-1.jpg: +2, ...)")
    only_new = {name: change for name, change in changes.items() if name != "old.jpg"}
    line = line_of(annotated(only_new, add=16))
    assert line.endswith("   (new-0.jpg, new-1.jpg, new-2.jpg, ...)")
