"""PASCAL VOC: corners, names, and what is not carried."""

from __future__ import annotations

from pathlib import Path

import pytest

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.formats import read_annotations
from picsellia_apply.model.annotation import FileAnnotations
from picsellia_apply.source import Position


def box(xmin: object, ymin: object, xmax: object, ymax: object) -> str:
    return f"<bndbox><xmin>{xmin}</xmin><ymin>{ymin}</ymin><xmax>{xmax}</xmax><ymax>{ymax}</ymax></bndbox>"


def thing(body: str, name: str = "Car") -> str:
    return f"<object><name>{name}</name>{body}</object>"


def document(*objects: str, filename: str | None = "a.jpg", size: str = "") -> str:
    named = "" if filename is None else f"<filename>{filename}</filename>"
    return "\n".join(["<annotation>", named, size, *objects, "</annotation>"])


def read(folder: Path, *, coordinates: str = "auto", **files: str) -> tuple[FileAnnotations, tuple[Diagnostic, ...]]:
    for stem, text in files.items():
        (folder / f"{stem}.xml").write_text(text, encoding="utf-8")
    return read_annotations(folder, "PASCAL-VOC", coordinates=coordinates)


def codes(diagnostics: tuple[Diagnostic, ...], least: Severity = Severity.warning) -> list[str]:
    return [diagnostic.code for diagnostic in diagnostics if diagnostic.severity >= least]


def test_one_based_corners_include_the_upper_one(tmp_path: Path) -> None:
    file, diagnostics = read(tmp_path, a=document(thing(box(260, 177, 491, 376))))
    assert file.boxes == ((259.0, 176.0, 232.0, 200.0),)
    assert file.labels == ("Car",)
    assert codes(diagnostics, Severity.info) == ["A040"]
    assert "one-based and inclusive" in diagnostics[0].message


@pytest.mark.parametrize("number", ["0", "10.5", "-3"])
def test_one_number_anywhere_makes_the_folder_zero_based(tmp_path: Path, number: str) -> None:
    other = document(thing(box(number, 1, 20, 20)), filename="b.jpg")
    file, diagnostics = read(tmp_path, a=document(thing(box(10, 20, 30, 60))), b=other)
    assert file.boxes[0] == (10.0, 20.0, 20.0, 40.0)
    (told,) = [one for one in diagnostics if one.code == "A040"]
    assert "zero-based" in told.message
    assert f"it is {number}" in told.message
    assert isinstance(told.position, Position)
    assert told.position.file.endswith("b.xml")


def test_the_rule_can_be_given(tmp_path: Path) -> None:
    files = {"a": document(thing(box(10, 20, 30, 60)))}
    file, diagnostics = read(tmp_path, coordinates="zero-based", **files)
    assert file.boxes == ((10.0, 20.0, 20.0, 40.0),)
    assert diagnostics == ()
    assert read(tmp_path, coordinates="one-based")[0].boxes == ((9.0, 19.0, 21.0, 41.0),)


def test_numbers_against_the_rule_given_are_told(tmp_path: Path) -> None:
    files = {"a": document(thing(box(0, 20, 30.5, 60)), thing(box(10, 20, 30, 60)))}
    _, diagnostics = read(tmp_path, coordinates="one-based", **files)
    assert codes(diagnostics) == ["A046"]
    assert codes(read(tmp_path, coordinates="zero-based")[1]) == []


def test_polygon_follows_the_same_rule(tmp_path: Path) -> None:
    points = "<polygon><x1>11</x1><y1>1</y1><x2>21</x2><y2>1</y2><y3>31</y3><x3>11</x3></polygon>"
    file, _ = read(tmp_path, a=document(thing(points)))
    assert file.polygons == (((10.0, 0.0, 20.0, 0.0, 10.0, 30.0),),)
    assert file.boxes == ((10.0, 0.0, 10.0, 30.0),)


def test_several_polygons_are_parts_of_one_object_and_a_second_box_is_told(tmp_path: Path) -> None:
    points = "<polygon><x1>{0}</x1><y1>1</y1><x2>{0}</x2><y2>9</y2><x3>1</x3><y3>9</y3></polygon>"
    body = points.format(5) + points.format(20) + box(1, 1, 20, 9) + box(2, 2, 3, 3)
    file, diagnostics = read(tmp_path, a=document(thing(body)))
    assert [ring[0] for ring in file.polygons[0]] == [4.0, 19.0]
    assert file.boxes == ((0.0, 0.0, 20.0, 9.0),)
    assert [one.message.partition(":")[0] for one in diagnostics if one.code == "A033"] == [
        "`<bndbox>` of an object is not carried"
    ]


@pytest.mark.parametrize("rule", ["one-based", "zero-based"])
def test_box_without_area_is_judged_on_the_files_own_numbers(tmp_path: Path, rule: str) -> None:
    objects = (thing(box(5, 5, 5, 9)), thing(box(5, 5, 9, 5)), thing(box(5, 5, 6, 6)))
    file, diagnostics = read(tmp_path, coordinates=rule, a=document(*objects))
    assert codes(diagnostics) == ["Q003"]
    assert diagnostics[0].count == 2
    assert len(file.boxes) == 3


def test_position_of_a_finding_is_the_element(tmp_path: Path) -> None:
    text = document(thing(box(1, 2, 3, 4)), thing("\n\t" + box(7, 3, 7, 9)))
    _, diagnostics = read(tmp_path, a=text)
    position = diagnostics[0].position
    assert isinstance(position, Position)
    assert (position.line, position.column) == (6, 10)
    assert text.splitlines()[5][9:].startswith("<xmin>7")


def test_swapped_corners_are_put_in_order_and_told(tmp_path: Path) -> None:
    file, diagnostics = read(tmp_path, a=document(thing(box(30, 60, 10, 20))))
    assert codes(diagnostics) == ["A028"]
    assert file.boxes == ((9.0, 19.0, 21.0, 41.0),)


def test_corners_in_any_order(tmp_path: Path) -> None:
    body = "<bndbox><ymax> 60 </ymax><xmax>30</xmax><ymin>20</ymin><xmin>10</xmin></bndbox>"
    assert read(tmp_path, a=document(thing(body)))[0].boxes == ((9.0, 19.0, 21.0, 41.0),)


def test_file_without_objects_is_a_background_picture(tmp_path: Path) -> None:
    file, diagnostics = read(tmp_path, a=document(size="<size><width>64</width><height>48</height><depth/></size>"))
    assert (file.pictures, file.sizes_wh, file.labels, diagnostics) == (("a.jpg",), ((64, 48),), (), ())


def test_parts_and_attributes_are_told_once_per_kind(tmp_path: Path) -> None:
    part = "<part><name>head</name>" + box(1, 1, 2, 2) + "</part>"
    body = box(1, 2, 3, 4) + "<pose>Left</pose><truncated>1</truncated><difficult>0</difficult><occluded/>" + part
    file, diagnostics = read(
        tmp_path, a=document(thing(body), thing(box(5, 6, 7, 8) + "<truncated>1</truncated><pose>Unspecified</pose>"))
    )
    assert len(file.labels) == 2
    told = {one.message.partition(":")[0]: one.count for one in diagnostics if one.code == "A033"}
    assert told == {
        "`<pose>` of an object is not carried": 1,
        "2 objects have `<truncated>`, not carried": 2,
        "`<part>` of an object is not carried": 1,
    }


def test_hostile_number_of_tags_stays_bounded(tmp_path: Path) -> None:
    body = box(1, 2, 3, 4) + "".join(f"<t{index}>x</t{index}>" for index in range(500))
    _, diagnostics = read(tmp_path, a=document(thing(body)))
    assert len(diagnostics) < 60
    assert sum(one.count for one in diagnostics if one.code == "A033") == 500


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (box("x", 2, 3, 4), "A027"),
        (box("nan", 2, 3, 4), "A027"),
        (box("1_0", 2, 30, 4), "A027"),
        (box("", 2, 3, 4), "A027"),
        ("<bndbox><xmin>1</xmin></bndbox>", "A027"),
        ("", "A026"),
        ("<polygon><x1>1</x1><y1>2</y1><x2>3</x2></polygon>", "A022"),
    ],
)
def test_geometry_faults_are_errors(tmp_path: Path, body: str, code: str) -> None:
    _, diagnostics = read(tmp_path, a=document(thing(body)))
    assert code in codes(diagnostics, Severity.error)


def test_blank_label_is_an_error(tmp_path: Path) -> None:
    assert codes(read(tmp_path, a=document(thing(box(1, 2, 3, 4), name=" ")))[1]) == ["A017"]


def test_filename_counts_and_another_stem_is_told(tmp_path: Path) -> None:
    file, diagnostics = read(tmp_path, a=document(filename="sub\\Other.JPG"))
    assert file.pictures == ("sub/Other.JPG",)
    assert codes(diagnostics) == ["A042"]


@pytest.mark.parametrize("filename", ["scan.v2", "scan.v2.jpg", "sub/scan.v2.png"])
def test_a_dot_in_the_name_is_no_other_stem(tmp_path: Path, filename: str) -> None:
    file, diagnostics = read(tmp_path, **{"scan.v2": document(filename=filename)})
    assert (file.pictures, diagnostics) == ((filename,), ())


def test_same_filename_twice_is_an_error(tmp_path: Path) -> None:
    _, diagnostics = read(tmp_path, a=document(), b=document())
    assert codes(diagnostics, Severity.error) == ["A012"]


@pytest.mark.parametrize("filename", [None, "", "a", "images/a"])
@pytest.mark.parametrize("place", [".", "../JPEGImages"])
def test_name_without_extension_is_completed(tmp_path: Path, filename: str | None, place: str) -> None:
    folder = tmp_path / "Annotations"
    pictures = folder / place
    folder.mkdir()
    pictures.mkdir(exist_ok=True)
    (pictures / "a.png").touch()
    file, diagnostics = read(folder, a=document(filename=filename))
    assert file.pictures == ("images/a.png" if filename == "images/a" else "a.png",)
    assert "A044" in codes(diagnostics, Severity.info)


def test_name_stays_without_extension_where_two_pictures_fit(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    (tmp_path / "a.jpg").touch()
    assert read(tmp_path, a=document(filename=None))[0].pictures == ("a",)


def test_other_entries_are_counted_and_folders_not_entered(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "b.xml").write_text("<annotation/>")
    (tmp_path / "notes.txt").touch()
    (tmp_path / "._a.xml").write_bytes(b"\0\5")
    file, diagnostics = read(tmp_path, a=document())
    assert file.pictures == ("a.jpg",)
    assert [(one.code, one.count) for one in diagnostics] == [("A041", 3)]


def test_single_file(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_text(document(thing(box(1, 2, 3, 4))))
    file, _ = read_annotations(path, "PASCAL-VOC")
    assert (file.pictures, file.boxes, file.places) == (("a.jpg",), ((0.0, 1.0, 3.0, 3.0),), ("x.xml object 1",))


@pytest.mark.parametrize("size", ["<size><width>0</width><height>0</height></size>", "<size/>", ""])
def test_missing_size_is_no_finding(tmp_path: Path, size: str) -> None:
    file, diagnostics = read(tmp_path, a=document(size=size))
    assert (file.sizes_wh, diagnostics) == ((None,), ())


def test_size_that_is_none_is_told(tmp_path: Path) -> None:
    file, diagnostics = read(tmp_path, a=document(size="<size><width>6.5</width><height>wide</height></size>"))
    assert (file.sizes_wh, codes(diagnostics)) == ((None,), ["A045"])


def test_object_outside_its_picture_is_told(tmp_path: Path) -> None:
    size = "<size><width>10</width><height>10</height></size>"
    _, diagnostics = read(tmp_path, a=document(thing(box(1, 1, 20, 10)), thing(box(1, 1, 10, 11)), size=size))
    assert [(one.code, one.count) for one in diagnostics if one.severity] == [("Q005", 1)]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "latin-1", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    declared = {"utf-16": "UTF-16", "utf-8-sig": "UTF-8", "latin-1": "ISO-8859-1", "cp1252": "windows-1252"}[encoding]
    text = f'<?xml version="1.0" encoding="{declared}"?>' + document(thing(box(1, 2, 3, 4), name="Größe"))
    (tmp_path / "a.xml").write_bytes(text.encode(encoding))
    file, diagnostics = read_annotations(tmp_path, "PASCAL-VOC")
    assert file.labels == ("Größe",)
    assert codes(diagnostics) == []
