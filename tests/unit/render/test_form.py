"""The published JSON Schema of a plan: strict, and true of every plan that is written."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from picsellia_apply.cli import group
from picsellia_apply.cli.exit import run
from picsellia_apply.model.declaration import Declaration
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Plan
from picsellia_apply.model.state import State
from picsellia_apply.render.form import plan_schema
from picsellia_apply.render.json import plan_to_json
from picsellia_apply.render.saved import write_plan
from tests.laws.test_planning import BOUNDED
from tests.laws.test_saved_plans import reviewed
from tests.worlds import picture_set, planned

ROOT = Path(__file__).parents[3]
GOLDEN = sorted((ROOT / "tests/golden/plans").glob("*/plan.json"))


@cache
def validator() -> Draft202012Validator:
    schema = plan_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def faults(document: Any) -> list[str]:
    return [f"{list(error.path)}: {error.message}" for error in validator().iter_errors(document)]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.parent.name)
def test_every_golden_plan_is_valid(path: Path) -> None:
    assert faults(json.loads(path.read_bytes())) == []


@BOUNDED
@given(reviewed())
def test_every_plan_is_valid(made: tuple[Declaration, State, Inventory, Plan]) -> None:
    assert faults(json.loads(plan_to_json(made[3]))) == []


def test_a_saved_plan_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    write_plan(planned(Declaration("root", picture_sets=(picture_set("s", ["a.jpg"]),))), path)
    document = json.loads(path.read_bytes())
    assert faults(document) == []
    assert faults({**document, "note": "x"})
    assert faults({**document, "digest": "sha256:0"})
    document["operations"][0]["run"] = "x"
    assert faults(document)


def test_nothing_in_it_allows_a_key_that_it_does_not_name() -> None:
    parts: Mapping[str, Any] = {"plan": plan_schema(), **plan_schema()["$defs"]}
    closed = {name: part.get("additionalProperties") for name, part in parts.items() if "properties" in part}
    assert set(closed.values()) == {False}
    assert all(part["description"] for name, part in parts.items() if "properties" in part)


def test_the_manual_names_every_key() -> None:
    manual = (ROOT / "docs/plan.md").read_text()
    parts = {"plan": plan_schema(), **plan_schema()["$defs"]}
    keys = {key for part in parts.values() for key in part.get("properties", {})}
    assert sorted(key for key in keys if f"`{key}`" not in manual) == []


def test_the_command_prints_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["picsellia-apply", "schema", "--plan"])
    assert run(group) == 0
    assert json.loads(capsys.readouterr().out) == plan_schema()
