"""COCO: ids, geometry, and what is not carried."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.formats import read_annotations
from picsellia_apply.model.annotation import FileAnnotations
from picsellia_apply.source import Position

IMAGE = {"id": 1, "file_name": "a.jpg", "width": 100, "height": 80}
CAR = {"id": 7, "name": "car"}
BOX = {"id": 1, "image_id": 1, "category_id": 7, "bbox": [1, 2, 30, 40]}
TRIANGLE = [10, 10, 20, 10, 10, 30]


def read(
    tmp_path: Path,
    *annotations: dict[str, Any],
    images: list[dict[str, Any]] | None = None,
    categories: list[dict[str, Any]] | None = None,
    indent: int | None = None,
) -> tuple[FileAnnotations, tuple[Diagnostic, ...]]:
    path = tmp_path / "coco.json"
    value = {"images": images or [IMAGE], "annotations": annotations, "categories": categories or [CAR]}
    path.write_text(json.dumps(value, indent=indent))
    return read_annotations(path, "COCO")


def codes(diagnostics: tuple[Diagnostic, ...]) -> list[str]:
    return [diagnostic.code for diagnostic in diagnostics]


def test_box_polygon_and_classification_side_by_side(tmp_path: Path) -> None:
    polygon = {"id": 2, "image_id": 1, "category_id": 7, "bbox": [10, 10, 10, 20], "segmentation": [TRIANGLE]}
    mere_class = {"id": 3, "image_id": 1, "category_id": 7}
    file, diagnostics = read(tmp_path, BOX, polygon, mere_class)
    assert diagnostics == ()
    assert file.boxes == ((1.0, 2.0, 30.0, 40.0), (10.0, 10.0, 10.0, 20.0), None)
    assert file.polygons == ((), ((10.0, 10.0, 20.0, 10.0, 10.0, 30.0),), ())
    assert file.labels == ("car",) * 3
    assert file.places == ("$.annotations[0]", "$.annotations[1]", "$.annotations[2]")
    assert file.sizes_wh == ((100, 80),)


def test_every_part_of_a_polygon_is_kept(tmp_path: Path) -> None:
    other = [50, 50, 60, 50, 60, 60]
    file, diagnostics = read(tmp_path, {"id": 1, "image_id": 1, "category_id": 7, "segmentation": [TRIANGLE, other]})
    assert diagnostics == ()
    assert [len(ring) for ring in file.polygons[0]] == [6, 6]
    assert file.boxes == ((10.0, 10.0, 50.0, 50.0),)


def test_closing_point_is_not_repeated(tmp_path: Path) -> None:
    file, diagnostics = read(tmp_path, {**BOX, "segmentation": [[*TRIANGLE, 10, 10]]})
    assert diagnostics == ()
    assert file.polygons[0][0] == tuple(map(float, TRIANGLE))


@pytest.mark.parametrize("ids", [(0, 0), ("img-1", "c"), (2**80, 2**70), (1.0, 7.5), (-3, "0")])
def test_ids_are_opaque(tmp_path: Path, ids: tuple[Any, Any]) -> None:
    image, category = ids
    file, diagnostics = read(
        tmp_path,
        {"id": image, "image_id": image, "category_id": category, "bbox": [1, 2, 3, 4]},
        images=[{**IMAGE, "id": image}],
        categories=[{"id": category, "name": "zero"}],
    )
    assert diagnostics == ()
    assert file.labels == ("zero",)


def test_picture_without_objects_and_unused_category_are_kept(tmp_path: Path) -> None:
    file, diagnostics = read(
        tmp_path, BOX, images=[IMAGE, {"id": 2, "file_name": "empty.jpg"}], categories=[CAR, {"id": 8, "name": "bus"}]
    )
    assert diagnostics == ()
    assert file.pictures == ("a.jpg", "empty.jpg")
    assert file.sizes_wh == ((100, 80), None)
    assert file.categories == ("car", "bus")


def test_file_names_are_normalised(tmp_path: Path) -> None:
    names = ["train\\2017\\a.jpg", "./b.jpg", "Cafe\u0301.jpg"]
    images = [{"id": index, "file_name": name} for index, name in enumerate(names)]
    file, _ = read(tmp_path, {**BOX, "image_id": 0}, images=images)
    assert file.pictures == ("train/2017/a.jpg", "b.jpg", "Caf\u00e9.jpg")


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"image_id": 5}, "A015", "$.annotations[0].image_id"),
        ({"image_id": "1"}, "A015", "$.annotations[0].image_id"),
        ({"category_id": 8}, "A016", "$.annotations[0].category_id"),
        ({"bbox": [1, 2, 3]}, "A020", "$.annotations[0].bbox"),
        ({"bbox": [1, 2, -3, 4]}, "A021", "$.annotations[0].bbox"),
        ({"segmentation": [[1, 2, 3, 4, 5]]}, "A022", "$.annotations[0].segmentation[0]"),
        ({"segmentation": [[1, 2, 3, 4, 5, 6], 3]}, "A006", "$.annotations[0].segmentation"),
        ({"bbox": [1, "2", 3, 4]}, "A006", "$.annotations[0].bbox[1]"),
        ({"bbox": None, "segmentation": [[1, 2, 3, 4]]}, "A026", "$.annotations[0].segmentation"),
        ({"bbox": None, "segmentation": {"size": [2, 2], "counts": [1, 1]}}, "A025", "$.annotations[0].segmentation"),
        ({"bbox": None, "segmentation": {"size": [2, 2], "counts": "~~"}}, "A025", "$.annotations[0].segmentation"),
        ({"bbox": None, "segmentation": {"size": [2, 2], "counts": [4]}}, "A025", "$.annotations[0].segmentation"),
    ],
)
def test_faults_are_errors_with_a_path_and_a_position(
    tmp_path: Path, change: dict[str, Any], code: str, path: str
) -> None:
    _, diagnostics = read(tmp_path, {**BOX, **change}, indent=1)
    errors = [diagnostic for diagnostic in diagnostics if diagnostic.severity is Severity.error]
    assert codes(tuple(errors)) == [code]
    assert f"`{path}`" in errors[0].message
    assert isinstance(errors[0].position, Position)
    line = (tmp_path / "coco.json").read_text().splitlines()[errors[0].position.line - 1]
    last = path.rpartition(".")[2].partition("[")[0]
    assert errors[0].position.column > 1
    assert last in line or "[" in path.rpartition(".")[2]


@pytest.mark.parametrize(
    ("lists", "code"),
    [
        ({"images": [IMAGE, {**IMAGE, "file_name": "b.jpg"}]}, "A010"),
        ({"images": [IMAGE, {**IMAGE, "id": 2}]}, "A012"),
        ({"images": [IMAGE, {"id": 2, "file_name": ".\\a.jpg"}]}, "A012"),
        ({"images": [{**IMAGE, "file_name": "  "}]}, "A017"),
        ({"categories": [CAR, {"id": 7, "name": "bus"}]}, "A013"),
        ({"categories": [CAR, {"id": 8, "name": ""}]}, "A017"),
    ],
)
def test_duplicates_and_blanks_are_errors(tmp_path: Path, lists: dict[str, Any], code: str) -> None:
    _, diagnostics = read(tmp_path, BOX, **lists)
    assert codes(diagnostics) == [code]
    assert diagnostics[0].severity is Severity.error


def test_duplicate_annotation_id_is_an_error(tmp_path: Path) -> None:
    _, diagnostics = read(tmp_path, BOX, {**BOX, "bbox": [5, 5, 5, 5]})
    assert codes(diagnostics) == ["A011"]


def test_two_ids_of_one_category_name_become_one_label(tmp_path: Path) -> None:
    file, diagnostics = read(tmp_path, BOX, categories=[CAR, {"id": 8, "name": "car"}])
    assert codes(diagnostics) == ["A014"]
    assert file.categories == ("car",)


@pytest.mark.parametrize(
    ("change", "code", "boxes"),
    [
        ({"iscrowd": 1}, "A032", ()),
        ({"keypoints": [1, 1, 2]}, "A031", ((1.0, 2.0, 30.0, 40.0),)),
        ({"segmentation": {"size": [80, 100], "counts": [0, 8000]}}, "A030", ((1.0, 2.0, 30.0, 40.0),)),
        ({"segmentation": [1, 1, 9, 1, 9, 9]}, "A024", ((1.0, 2.0, 30.0, 40.0),)),
        ({"segmentation": [[1, 1, 9, 9]]}, "A023", ((1.0, 2.0, 30.0, 40.0),)),
        ({"score": 0.5}, "A033", ((1.0, 2.0, 30.0, 40.0),)),
        ({"caption": "a car"}, "A033", ((1.0, 2.0, 30.0, 40.0),)),
        ({"attributes": {"occluded": True, "rotation": 0}}, "A033", ((1.0, 2.0, 30.0, 40.0),)),
        ({"bbox": [1, 2, 0, 4]}, "Q003", ((1.0, 2.0, 0.0, 4.0),)),
        ({"bbox": [-5, 2, 10, 4]}, "Q005", ((-5.0, 2.0, 10.0, 4.0),)),
        ({"bbox": [90, 2, 12, 4]}, "Q005", ((90.0, 2.0, 12.0, 4.0),)),
    ],
)
def test_what_is_not_carried_or_doubtful_is_a_finding(
    tmp_path: Path, change: dict[str, Any], code: str, boxes: tuple[Any, ...]
) -> None:
    file, diagnostics = read(tmp_path, {**BOX, **change})
    assert codes(diagnostics) == [code]
    assert diagnostics[0].severity is not Severity.error
    assert file.boxes == boxes


@pytest.mark.parametrize("change", [{"iscrowd": 0}, {"keypoints": [0, 0, 0]}, {"segmentation": []}, {"attributes": {}},
                                    {"attributes": {"occluded": False}}, {"bbox": [-1, -1, 102, 82]}])  # fmt: skip
def test_default_values_are_no_finding(tmp_path: Path, change: dict[str, Any]) -> None:
    assert read(tmp_path, {**BOX, **change})[1] == ()


def test_other_fields_are_told(tmp_path: Path) -> None:
    rows = [{**BOX, "id": index, "bbox": [index, 1, 5, 5], "track_id": index, "note": ""} for index in range(5)]
    _, diagnostics = read(tmp_path, *rows)
    assert [(one.code, one.count) for one in diagnostics] == [("A033", 4)]
    assert "`track_id`" in diagnostics[0].message


def test_fields_of_categories_are_told(tmp_path: Path) -> None:
    categories = [{**CAR, "supercategory": "vehicle"}, {"id": 8, "name": "bus", "supercategory": "none"}]
    _, diagnostics = read(tmp_path, BOX, categories=categories)
    assert [(one.code, one.count) for one in diagnostics] == [("A037", 1)]


def test_box_of_a_mask_is_derived(tmp_path: Path) -> None:
    # 3 rows, 4 columns; ones at column 1 rows 1-2 and column 2 row 0
    mask = {"size": [3, 4], "counts": [4, 3, 5]}
    file, diagnostics = read(tmp_path, {"id": 1, "image_id": 1, "category_id": 7, "segmentation": mask})
    assert codes(diagnostics) == ["A030"]
    assert file.boxes == ((1.0, 0.0, 2.0, 3.0),)


def test_equal_objects_are_reported_and_kept(tmp_path: Path) -> None:
    file, diagnostics = read(tmp_path, BOX, {**BOX, "id": 2}, {**BOX, "id": 3})
    assert codes(diagnostics) == ["Q004"]
    assert diagnostics[0].count == 2
    assert len(file.boxes) == 3


def test_many_cases_are_one_diagnostic_with_examples(tmp_path: Path) -> None:
    crowds = [{**BOX, "id": index, "bbox": [index % 50, 1, 5, 5], "iscrowd": 1} for index in range(20_000)]
    _, diagnostics = read(tmp_path, *crowds)
    assert codes(diagnostics) == ["A032"]
    assert diagnostics[0].count == 20_000
    assert diagnostics[0].message == (
        "20,000 crowd regions (`iscrowd: 1`) are left out: `$.annotations[0].iscrowd`, `$.annotations[1].iscrowd`, "
        "`$.annotations[2].iscrowd`, and 19,997 more"
    )


def test_messages_hold_nothing_that_a_terminal_obeys(tmp_path: Path) -> None:
    image = {"id": 1, "file_name": "\x1b[2J\nerror: all is lost"}
    _, diagnostics = read(tmp_path, BOX, images=[image, {**image, "id": 2}])
    assert codes(diagnostics) == ["A012"]
    assert diagnostics[0].message.isprintable()


def test_all_faults_are_gathered(tmp_path: Path) -> None:
    _, diagnostics = read(
        tmp_path,
        {**BOX, "bbox": ["x"]},
        {**BOX, "id": 2, "image_id": 9},
        {"id": 3, "image_id": 1},
        {**BOX, "id": 4, "bbox": [1, 1, -1, 1]},
        images=[IMAGE, {"file_name": "b.jpg"}],
        categories=[CAR, {"id": 9, "name": 5}],
    )
    assert sorted(codes(diagnostics)) == ["A006", "A015", "A021"]
    assert {diagnostic.count for diagnostic in diagnostics if diagnostic.code == "A006"} == {4}


def test_position_is_that_of_the_value(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(
        '{"images": [{"id": 1, "file_name": "é, \\"] ].jpg"}],\n "categories": [],\n'
        ' "annotations": [{"image_id": 1,\n\t"category_id": "nö"}]}\n',
        encoding="utf-8",
    )
    _, diagnostics = read_annotations(path, "COCO")
    assert codes(diagnostics) == ["A016"]
    position = diagnostics[0].position
    assert isinstance(position, Position)
    assert (position.line, position.column, position.length) == (4, 17, 4)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "c.json"
    value = {"images": [IMAGE], "annotations": [{**BOX, "image_id": 9}], "categories": [{"id": 7, "name": "Größe"}]}
    path.write_bytes(json.dumps(value, ensure_ascii=False, indent=1).encode(encoding))
    file, diagnostics = read_annotations(path, "COCO")
    assert file.categories == ("Größe",)
    assert codes(diagnostics) == ["A015"]
    position = diagnostics[0].position
    assert isinstance(position, Position)
    assert path.read_text(encoding).splitlines()[position.line - 1][position.column - 1 :].startswith("9,")


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "Infinity"])
def test_position_of_what_is_not_finite(tmp_path: Path, value: str) -> None:
    path = tmp_path / "c.json"
    path.write_text('{"images": [],\n "é": 0, "categories": ' + value + "}", encoding="utf-8")
    position = read_annotations(path, "COCO")[1][0].position
    assert isinstance(position, Position)
    assert (position.line, position.column, position.length) == (2, 24, len(value))


def test_unknown_format_and_coordinates_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="COCO, PASCAL-VOC, PICSELLIA"):
        read_annotations(tmp_path, "coco")
    with pytest.raises(ValueError, match="one-based"):
        read_annotations(tmp_path, "PASCAL-VOC", coordinates="1-based")
