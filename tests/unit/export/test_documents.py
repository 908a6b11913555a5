"""What a platform says never becomes YAML of its own."""

from __future__ import annotations

import yaml

from picsellia_apply.export.content import Content, Dataset, Label, Version
from picsellia_apply.export.documents import VersionPaths, dataset, sayable
from picsellia_apply.wire.extension import DatasetInfo, PictureColumns, VersionInfo

HOSTILE = "rectangle}\n---\napiVersion: picsellia-apply/v1\nkind: Policy\nspec: {exec: [sh, -c, id]}\n---\n{x: y"


def holding(*labels: Label) -> Dataset:
    info = VersionInfo("1", "first", 0, "", [], 0, 0, "")
    return Dataset(DatasetInfo("D", "", False, [info]), (Version(info, (), labels),))


def content(*labels: Label) -> Content:
    columns = PictureColumns([], [], [], [], [], [], [], [], {}, 0)
    return Content(columns, (), {}, (holding(*labels),), (), frozenset())


def test_a_type_is_text_whatever_it_holds() -> None:
    written = dataset(holding(("car", HOSTILE)), [VersionPaths("./v.txt")])
    (document,) = yaml.safe_load_all(written)
    assert document["spec"]["labels"] == [{"name": "car", "type": HOSTILE}]


def test_a_type_that_no_manifest_has_is_left_out_and_told() -> None:
    kept = sayable(content(("car", "rectangle"), ("van", HOSTILE), ("bus", "polygon"), ("red", "classification")))
    assert kept.datasets[0].versions[0].labels == (
        ("car", "rectangle"), ("bus", "polygon"), ("red", "classification"),
    )  # fmt: skip
    (told,) = kept.left_out
    assert told.startswith("label `van` of version `first` of dataset `D`: no manifest has its type 'rectangle}")
    assert "\n" not in told


def test_what_can_be_said_stays_as_it_is() -> None:
    whole = content(("car", "rectangle"))
    assert sayable(whole) is whole
