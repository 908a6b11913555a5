"""Manifests to a Declaration: what it holds, in which order, with which places."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import jsonschema
import pytest
import yaml as pyyaml
from PIL import Image

from picsellia_apply.errors import Diagnostic, InvalidInput, Severity, UsageError
from picsellia_apply.formats import read_annotations
from picsellia_apply.local import StatCache
from picsellia_apply.manifest import json_schema, load, positioned
from picsellia_apply.manifest.bytes import bytes_by_ref
from picsellia_apply.manifest.names import unheld_names
from picsellia_apply.model.annotation import FileAnnotations
from picsellia_apply.model.declaration import Declaration, Guards, Workspace
from picsellia_apply.source import Place, Position

HEAD = "apiVersion: picsellia-apply/v1\n"
EXAMPLES = Path(__file__).parents[3] / "examples/manifests"


def document(kind: str, name: str, spec: str) -> str:
    return f"{HEAD}kind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n"


def written(folder: Path, *documents: str, file: str = "m.yaml") -> Path:
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("---\n".join(documents))
    return path


def picture(path: Path, color: str = "red") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 6), color).save(path)


def loaded(*paths: Path, workspace: str | None = None) -> Declaration:
    return load(paths, workspace=workspace, cache=StatCache(None))


def codes(*paths: Path, workspace: str | None = None) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        loaded(*paths, workspace=workspace)
    assert all(not isinstance(one.position, Place) for one in caught.value.diagnostics)
    return [one.code for one in caught.value.diagnostics]


def test_absent_is_unmanaged_and_empty_is_managed(tmp_path: Path) -> None:
    written(
        tmp_path,
        document("Dataset", "bare", "{versions: [{name: first, pictures: {tags: [a]}}]}"),
        document("Dataset", "full", "{description: '', private: false, labels: [], versions: []}"),
        document("Network", "bare", "{type: detection}"),
        document("Dataset", "told", "{versions: [{name: first, pictures: {tags: [a]}, annotations: []}]}"),
        document("Dataset", "without", "{}"),
        document(
            "Network", "full", "{type: t, files: {}, tags: [], labels: {1: car}, base_parameters: {}, readme: ''}"
        ),
    )
    found = loaded(tmp_path)
    bare, full, told, without = found.datasets
    assert [one.unmanaged for one in found.datasets] == [set(), set(), set(), {"versions"}]
    assert (without.versions, full.versions) == ((), ())
    assert bare.versions[0].unmanaged == {"annotations"}
    assert told.versions[0].unmanaged == set()
    assert [one.unmanaged for one in found.networks] == [{"files", "thumbnail"}, {"thumbnail"}]
    assert (bare.description, bare.private, bare.versions[0].labels) == (None, None, None)
    assert (full.description, full.private) == ("", False)
    assert found.networks[0].fields == {"type": "detection"}
    assert found.networks[1].fields == {
        "type": "t", "tag": [], "labels": {"1": "car"}, "base_parameters": {}, "readme_text": "",
    }  # fmt: skip


def test_pictures_and_their_bytes(tmp_path: Path) -> None:
    picture(tmp_path / "pictures/day/a.png")
    written(
        tmp_path,
        document("PictureSet", "cells", "{from: ../pictures, tags: [], restore: true}"),
        document("PictureSet", "x/y", "{from: ../pictures/day/a.png, naming: path}"),
        document("Network", "net", "{type: t, files: {model: m.yaml}, thumbnail: ../pictures/day/a.png}"),
        file="manifests/m.yaml",
    )
    found = loaded(tmp_path)
    cells, other = found.picture_sets
    assert (cells.tags, cells.restore, other.tags) == ((), True, None)
    assert cells.pictures.files == ("day/a.png",)
    file = found.networks[0].files["model"]
    assert (file.written, file.size) == ("m.yaml", (tmp_path / "manifests/m.yaml").stat().st_size)
    paths = bytes_by_ref(found)
    assert set(paths) == {"pictures/cells:day/a.png", "pictures/x%2Fy:a.png", "file/net/model", "thumbnail/net"}
    assert all(Path(path).is_file() for path in paths.values())


def test_selections(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_bytes("b.jpg\r\n\r\n  a b.jpg \r\ne\u0301.jpg\nb.jpg".encode())
    written(
        tmp_path,
        document("TagQuery", "night", "{tags: [a, b], quantity: 0.5, add: [c], remove: [d]}"),
        document(
            "Dataset",
            "d",
            "{labels: [{name: car, type: polygon}], versions: [{name: one, pictures: {query: night}}, "
            "{name: two, from: one, pictures: {tags: [x], quantity: 1}, frozen: true}, "
            "{name: three, pictures: {names: names.txt}}]}",
        ),
    )
    found = loaded(tmp_path)
    (query,) = found.queries
    assert (query.tags, query.quantity, query.add, query.remove) == (("a", "b"), 0.5, ("c",), ("d",))
    one, two, three = found.datasets[0].versions
    assert one.pictures is not None
    assert (one.pictures.query, one.labels) == ("night", (("car", "polygon"),))
    assert two.pictures is not None
    assert (two.origin, two.pictures.tags, two.pictures.quantity, two.frozen) == ("one", ("x",), 1.0, True)
    assert three.pictures is not None
    assert three.pictures.names == ("b.jpg", "a b.jpg", "\u00e9.jpg")


def coco(folder: Path, **replaced: object) -> None:
    body = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 8, "height": 6}],
        "categories": [{"id": 0, "name": "car"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 0, "bbox": [1, 1, 3, 2]}],
    }
    (folder / "coco.json").write_text(json.dumps({**body, **replaced}))


def test_an_annotation_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    coco(tmp_path)
    reads: list[Path] = []

    def counted(path: Path, form: str, *, coordinates: str) -> tuple[FileAnnotations, tuple[Diagnostic, ...]]:
        reads.append(path)
        return read_annotations(path, form, coordinates=coordinates)

    monkeypatch.setattr("picsellia_apply.manifest.annotations.read_annotations", counted)
    source = "annotations: [{path: coco.json, format: COCO, policy: seed}]"
    versions = ", ".join(f"{{name: v{n}, pictures: {{tags: [a]}}, {source}}}" for n in range(3))
    written(
        tmp_path,
        document("Dataset", "d", f"{{labels: [{{name: car, type: rectangle}}], versions: [{versions}]}}"),
        document("Dataset", "e", f"{{labels: [{{name: car, type: classification}}], versions: [{versions}]}}"),
    )
    found = loaded(tmp_path)
    assert len(reads) == 1
    first, second = (dataset.versions[0].annotations[0] for dataset in found.datasets)
    assert first.policy == "seed"
    assert first.objects == {
        "a.jpg": ('{"label":"car","rectangle":{"height":2,"left":1,"top":1,"width":3},"type":"rectangle"}',)
    }
    assert second.objects == {"a.jpg": ('{"label":"car","type":"classification"}',)}
    assert [one.code for one in found.findings] == ["A103"]


def test_the_order_of_files_never_matters(tmp_path: Path) -> None:
    names = ["b", "a", "c"]
    files = [
        written(tmp_path, document("TagQuery", name, f"{{tags: [{name}]}}"), file=f"{name}.yaml") for name in names
    ]
    assert loaded(*files) == loaded(*reversed(files)) == loaded(tmp_path)
    assert [query.name for query in loaded(tmp_path).queries] == ["a", "b", "c"]


def test_which_files_are_searched(tmp_path: Path) -> None:
    for file in ("a.yaml", "sub/b.yml", ".hidden/c.yaml", ".d.yaml", "e.txt"):
        written(tmp_path, document("TagQuery", Path(file).stem, "{tags: [a]}"), file=file)
    written(tmp_path, "a: 1\n", "- 1\n", "", file="other.yaml")
    found = loaded(tmp_path)
    assert (found.manifests, found.skipped) == (2, 2)
    assert loaded(tmp_path, tmp_path / "a.yaml").manifests == 2
    assert loaded(tmp_path / "e.txt").manifests == 1


def test_the_root_is_what_the_manifests_share(tmp_path: Path) -> None:
    written(tmp_path, document("TagQuery", "a", "{tags: [a]}"), file="x/one/a.yaml")
    written(tmp_path, document("TagQuery", "b", "{tags: [b]}"), file="x/two/b.yaml")
    written(tmp_path, "a: 1\n", file="other.yaml")
    assert loaded(tmp_path).root == str(tmp_path / "x")


def test_workspaces(tmp_path: Path) -> None:
    query = document("TagQuery", "a", "{tags: [a]}")
    written(tmp_path, query)
    assert loaded(tmp_path).workspace == Workspace()
    assert loaded(tmp_path, workspace="default").workspace == Workspace()
    written(
        tmp_path,
        query,
        document("Workspace", "prod", "{host: 'https://x.example/', organization: acme, guards: {deletePercent: 5}}"),
    )
    chosen = loaded(tmp_path).workspace
    assert (chosen.name, chosen.host, chosen.organization) == ("prod", "https://x.example/", "acme")
    assert (chosen.guards, chosen.prune) == (Guards(5, 50), False)
    written(tmp_path, document("Workspace", "test", "{prune: true}"), file="test.yaml")
    assert codes(tmp_path) == ["M027"]
    assert loaded(tmp_path, workspace="test").workspace.prune
    assert codes(tmp_path, workspace="tset") == ["M028"]
    assert codes(tmp_path, workspace="default") == ["M028"]


def test_no_second_fault_for_a_reference_into_a_broken_file(tmp_path: Path) -> None:
    written(tmp_path, document("TagQuery", "night", "{tags: [a], quantity: 7}"), file="broken.yaml")
    written(tmp_path, document("Dataset", "d", "{versions: [{name: v, pictures: {query: night}}]}"))
    assert codes(tmp_path) == ["M013"]
    written(tmp_path, HEAD + "kind: [", file="broken.yaml")
    assert codes(tmp_path) == ["M001"]


def test_the_rest_of_a_wrong_document_is_checked_too(tmp_path: Path) -> None:
    spec = (
        "{private: maybe, labels: [{name: 1, type: rectangle}, {name: car, typ: x}], colour: red, "
        "versions: [{name: v, pictures: {set: none}}, {name: v, from: w, pictures: [a]}]}"
    )
    written(tmp_path, document("Dataset", "d", spec))
    assert sorted(codes(tmp_path)) == ["M009", "M009", "M011", "M011", "M011", "M018", "M021", "M022"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{path: a.json, form: COCO}", ["M009"]),  # `format` is there under a name much like it: one fault
        ("{path: a.json, form: CCOO}", ["M009"]),
        ("{path: a.json, format: CCOO}", ["M014"]),
        ("{path: a.json, colour: COCO}", ["M009", "M010"]),  # nothing is like `colour`
        ("{path: a.json}", ["M010"]),
    ],
)
def test_a_field_under_a_wrong_name_is_one_fault(tmp_path: Path, source: str, expected: list[str]) -> None:
    (tmp_path / "a.json").write_text("{}")
    written(
        tmp_path,
        document("Dataset", "d", f"{{versions: [{{name: v, pictures: {{tags: [t]}}, annotations: [{source}]}}]}}"),
    )
    assert sorted(codes(tmp_path)) == expected


def test_findings_are_positioned(tmp_path: Path) -> None:
    path = written(tmp_path, document("TagQuery", "a", "{tags: [a, a]}"))
    (finding,) = loaded(tmp_path).findings
    assert (finding.code, finding.severity) == ("M036", Severity.warning)
    assert isinstance(finding.position, Position)
    assert (finding.position.line, finding.position.column) == (4, 18)
    assert Path(finding.position.file).samefile(path)


def test_positioned(tmp_path: Path) -> None:
    path = str(written(tmp_path, document("TagQuery", "a", "\n  tags:\n  - x\n  - {y: z}"), "b: 1\n"))
    places = [
        Place(path, 0, ("spec", "tags", "0")),
        Place(path, 0, ("spec", "tags", "1", "y")),
        Place(path, 0, ("spec", "tags")),
        Place(path, 0, ("spec", "missing", "x")),
        Place(path, 1, ("b",)),
        Place(path, 9, ("b",)),
        Place(str(tmp_path / "gone.yaml"), 0, ("b",)),
    ]
    given = [Diagnostic("M001", Severity.error, "x", place) for place in [*places, Position("f", 1, 2), None]]
    found = [one.position for one in positioned(given)]
    spots = [(one.line, one.column, one.length) for one in found if isinstance(one, Position)]
    assert spots == [(6, 5, 1), (7, 9, 1), (5, 3, 4), (4, 1, 4), (9, 4, 1), (0, 0, 1), (0, 0, 1), (1, 2, 1)]
    assert found[-1] is None


def test_unreadable_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    assert codes(tmp_path) == ["M031"]
    assert codes(tmp_path / "loop.yaml") == ["M031"]
    with pytest.raises(UsageError, match="there is no file or folder"):
        loaded(tmp_path / "nothing")


def test_a_plan_never_sees_an_empty_folder_as_nothing_desired(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    written(tmp_path, document("PictureSet", "p", "{from: pictures}"))
    assert codes(tmp_path) == ["P002"]


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.yaml")), ids=lambda path: path.name)
def test_the_schema_accepts_the_examples(path: Path) -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    documents = [one for one in pyyaml.safe_load_all(path.read_text()) if one is not None]
    assert documents
    for one in documents:
        jsonschema.validate(json.loads(json.dumps(one)), schema)


@pytest.mark.parametrize(
    "spec",
    [
        "{tags: [a], quantity: 2}",
        "{tags: []}",
        "{tag: [a]}",
        "{tags: a}",
        "{}",
    ],
)
def test_the_schema_refuses_what_we_refuse(spec: str, tmp_path: Path) -> None:
    path = written(tmp_path, document("TagQuery", "x", spec))
    assert codes(path)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(pyyaml.safe_load(path.read_text()), json_schema())


def test_the_schema_documents_every_field() -> None:
    for name, definition in json_schema()["$defs"].items():
        if name.endswith("Spec"):
            for field, body in definition["properties"].items():
                assert body.get("description"), f"{name}.{field}"


def test_what_labels_cannot_carry(tmp_path: Path) -> None:
    body = {
        "categories": [{"name": "car"}],
        "annotations": [
            {
                "external_picture_url": "a.jpg",
                "nb_labels": 1,
                "annotations": [{"type": "classification", "label": "car"}],
            }
        ],
    }
    (tmp_path / "p.json").write_text(json.dumps(body))
    outline = [-1.7e308, 0, 1.7e308, 0, 0, 5]  # its width is more than a float holds
    coco(tmp_path, annotations=[{"id": 1, "image_id": 1, "category_id": 0, "segmentation": [outline]}])
    spec = (
        "{labels: [{name: car, type: rectangle}], versions: [{name: v, pictures: {tags: [a]}, annotations: "
        "[{path: p.json, format: PICSELLIA}, {path: coco.json, format: COCO}]}]}"
    )
    written(tmp_path, document("Dataset", "d", spec))
    assert {"A104", "A106"} <= set(codes(tmp_path))


def test_each_dataset_is_told_about_its_labels(tmp_path: Path) -> None:
    coco(tmp_path)
    source = "annotations: [{path: coco.json, format: COCO}]"
    spec = f"{{labels: [], versions: [{{name: v, pictures: {{tags: [a]}}, {source}}}, {{name: w, from: v, {source}}}]}}"
    written(tmp_path, document("Dataset", "d", spec), document("Dataset", "e", spec))
    assert codes(tmp_path) == ["M012", "M012"]


def hints(*paths: Path) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        loaded(*paths)
    return [one.hint for one in caught.value.diagnostics if one.severity is Severity.error]


@pytest.mark.parametrize(
    ("written_path", "meant"),
    [
        ("../Anotations/coco.json", "../Annotations/coco.json"),
        ("../annotations/coco.json", "../Annotations/coco.json"),
        ("../Annotations/cocoo.json", "../Annotations/coco.json"),
        ("./splits/coco2.jsn", "./splits/coco2.json"),
        ("coco2.json", "splits/coco2.json"),
        ("./coco2.json", "./splits/coco2.json"),
    ],
)
def test_a_missing_path_is_hinted_as_it_would_be_typed(tmp_path: Path, written_path: str, meant: str) -> None:
    for file in ("Annotations/coco.json", "manifests/splits/coco2.json"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("{}")
    source = f"annotations: [{{path: {written_path}, format: COCO}}]"
    spec = f"{{versions: [{{name: v, pictures: {{tags: [a]}}, {source}}}]}}"
    path = written(tmp_path, document("Dataset", "d", spec), file="manifests/m.yaml")
    assert hints(path) == [f"did you mean `{meant}`?"]


def test_a_path_relative_to_the_working_folder_is_hinted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture(tmp_path / "data/a.jpg")
    monkeypatch.chdir(tmp_path)
    written(tmp_path, document("PictureSet", "p", "{from: data}"), file="manifests/m.yaml")
    assert hints(Path("manifests")) == ["did you mean `../data`?"]


def test_a_missing_picture_folder_is_hinted(tmp_path: Path) -> None:
    picture(tmp_path / "JPEGImages/a.jpg")
    written(tmp_path, document("PictureSet", "p", "{from: ../JPEGImage}"), file="manifests/m.yaml")
    assert hints(tmp_path / "manifests") == ["did you mean `../JPEGImages`?"]
    written(tmp_path, document("PictureSet", "p", "{from: ../quite-another}"), file="manifests/m.yaml")
    (hint,) = hints(tmp_path / "manifests")
    assert hint.startswith("nothing is ever deleted because a folder is missing")


@pytest.mark.parametrize(("there", "missing"), [("fetch_pictures.py", "pictures"), ("ImageSets/a.txt", "JPEGImages")])
def test_a_path_that_is_only_a_little_like_the_missing_one_is_not_hinted(
    tmp_path: Path, there: str, missing: str
) -> None:
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_text("")
    written(tmp_path, document("PictureSet", "p", f"{{from: ../{missing}}}"), file="manifests/m.yaml")
    (hint,) = hints(tmp_path / "manifests")
    assert "did you mean" not in hint


@pytest.mark.parametrize("head", ["apiVersion: v1\n", "apiVersion: v1beta1\n", ""])
@pytest.mark.parametrize("kind", ["PictureSet", "TagQuery", "Dataset", "Network", "Workspace"])
def test_a_document_of_ours_in_all_but_its_version_is_an_error(tmp_path: Path, kind: str, head: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(f"{head}kind: {kind}\nmetadata: {{name: x}}\nspec: {{}}\n")
    assert codes(tmp_path) == ["M007" if head else "M010"]
    assert hints(tmp_path) == ["write `apiVersion: picsellia-apply/v1`"]


def test_documents_of_others_are_passed_over_and_named_when_asked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number, head in enumerate(("apiVersion: something.io/v1", "apiVersion: apps/v1", "apiVersion: v1")):
        kind = "Service" if head.endswith(" v1") else "Network"
        (tmp_path / f"{number}.yaml").write_text(f"# a comment\n{head}\nkind: {kind}\nmetadata: {{}}\nspec: {{}}\n")
    written(tmp_path, document("TagQuery", "a", "{tags: [a]}"), "a: 1\n")
    with caplog.at_level(logging.INFO):
        assert loaded(tmp_path).skipped == 4
    said = [one.getMessage() for one in caplog.records if "passed over" in one.getMessage()]
    assert [one.partition(str(tmp_path.name))[2] for one in said] == [
        "/0.yaml:2:1: passed over, a document of others (something.io/v1 Network)",
        "/1.yaml:2:1: passed over, a document of others (apps/v1 Network)",
        "/2.yaml:2:1: passed over, a document of others (v1 Service)",
        "/m.yaml:6:1: passed over, a document of others (no apiVersion)",
    ]


@pytest.mark.parametrize(
    ("labels", "objects", "guessed"),
    [
        ("[{name: Platelets, type: rectangle}]", ["Platlets"], True),
        ("[{name: Platelets, type: rectangle}]", ["Platlets", "Platelets"], False),
        ("[{name: WBC, type: rectangle}]", ["RBC"], False),
        ("[{name: RBC, type: rectangle}]", ["rbc"], True),
    ],
)
def test_an_undeclared_label_is_taken_for_another_only_when_that_is_likely(
    tmp_path: Path, labels: str, objects: list[str], *, guessed: bool
) -> None:
    categories = [{"id": number, "name": label} for number, label in enumerate(objects)]
    rows = [{"id": n, "image_id": 1, "category_id": n, "bbox": [1, 1, 3, 2]} for n in range(len(objects))]
    coco(tmp_path, categories=categories, annotations=rows)
    source = "annotations: [{path: coco.json, format: COCO}]"
    spec = f"{{labels: {labels}, versions: [{{name: v, pictures: {{tags: [a]}}, {source}}}]}}"
    path = written(tmp_path, document("Dataset", "d", spec))
    (hint,) = hints(path)
    assert hint.startswith("did you mean") is guessed
    assert hint.endswith(f"declare `{objects[0]}` under `labels`, or list it under `ignore`")


def test_an_undeclared_label_is_told_with_its_first_place(tmp_path: Path) -> None:
    (tmp_path / "xml").mkdir()
    box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>3</xmax><ymax>3</ymax></bndbox>"
    objects = "".join(f"\n  <object><name>{label}</name>{box}</object>" for label in ("a", "b"))
    (tmp_path / "xml/p.xml").write_text(f"<annotation><filename>p.jpg</filename>{objects}\n</annotation>")
    source = "annotations: [{path: xml, format: PASCAL-VOC}]"
    spec = f"{{labels: [{{name: a, type: rectangle}}], versions: [{{name: v, pictures: {{tags: [a]}}, {source}}}]}}"
    with pytest.raises(InvalidInput) as caught:
        loaded(written(tmp_path, document("Dataset", "d", spec)))
    (message,) = [one.message for one in caught.value.diagnostics if one.code == "M012"]
    assert message.endswith("/xml/p.xml:3:3 (object 2)")
    assert "1 object of `xml`, first at " in message


def test_progress_is_told_across_sets_and_sources(tmp_path: Path) -> None:
    for number, file in enumerate(("a/1.png", "a/2.png", "b/3.png", "c/4.png", "c/5.png")):
        picture(tmp_path / file, f"#00000{number}")
    written(tmp_path, document("PictureSet", "p", "{from: [a, b]}"), document("PictureSet", "q", "{from: c}"))
    told: list[tuple[int, int]] = []
    load([tmp_path], cache=StatCache(None), progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2), (3, 3), (4, 5), (5, 5)]


def test_names_that_no_set_holds(tmp_path: Path) -> None:
    for name in ("BloodImage_00001.jpg", "BloodImage_00002.jpg"):
        picture(tmp_path / "pictures" / name)
    (tmp_path / "names.txt").write_text("BloodImage_00001\nBloodImage_00002.jpg\nother\n")
    dataset = document("Dataset", "d", "{versions: [{name: v, pictures: {names: names.txt}}]}")
    pictures = document("PictureSet", "p", "{from: pictures}")
    path = written(tmp_path, dataset)
    assert unheld_names(loaded(path)) == []
    (told,) = positioned(unheld_names(loaded(written(tmp_path, dataset, pictures))))
    assert (told.code, told.severity, told.count) == ("M039", Severity.warning, 2)
    assert told.message.startswith("2 of the 3 names ")
    assert told.hint == "did you mean `BloodImage_00001.jpg`?"
    assert isinstance(told.position, Position)
    assert (told.position.line, told.position.column) == (4, 47)
