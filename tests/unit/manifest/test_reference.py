"""The manual of every field: `docs/manifests.md` is what the models say, and its examples are manifests."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from picsellia_apply.cli import group
from picsellia_apply.cli.exit import run
from picsellia_apply.manifest.documents import KINDS
from picsellia_apply.manifest.examples import EXAMPLES
from picsellia_apply.manifest.files import read_manifests
from picsellia_apply.manifest.reference import parts_of, reference_markdown, table_of

PAGE = Path(__file__).parents[3] / "docs/manifests.md"
AGAIN = "`picsellia-apply schema --markdown > docs/manifests.md` writes it anew"


def models() -> Iterator[type[BaseModel]]:
    for document in KINDS.values():
        spec = document.model_fields["spec"].annotation
        assert isinstance(spec, type)
        yield spec
        yield from parts_of(spec)


def test_the_page_is_what_the_models_say() -> None:
    assert PAGE.read_text() == reference_markdown(), AGAIN


def test_the_command_writes_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["picsellia-apply", "schema", "--markdown"])
    assert run(group) == 0
    assert capsys.readouterr().out == PAGE.read_text()


def test_every_field_says_what_it_means() -> None:
    names = [f"{model.__name__}.{name}" for model in models() for name in model.model_fields]
    assert len(names) > 60
    for model in models():
        assert model.__doc__
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"
            assert field.description.endswith("."), f"{model.__name__}.{name}"
            assert f"| `{field.alias or name}` |" in PAGE.read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_every_example_names_every_field_of_its_kind_or_most_of_them(kind: str) -> None:
    spec = KINDS[kind].model_fields["spec"].annotation
    assert isinstance(spec, type)
    names = {field.alias or name for name, field in spec.model_fields.items()}
    shown = {name for name in names if re.search(rf"^  {name}:", EXAMPLES[kind], re.MULTILINE)}
    assert names - shown <= {"names", "restore", "protect"}


def test_every_example_is_a_manifest(tmp_path: Path) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", reference_markdown(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == len(KINDS) + 1
    for number, block in enumerate(blocks):
        path = tmp_path / f"{number}.yaml"
        path.write_text(block)
        collected = read_manifests([path])
        assert collected.diagnostics == []
        assert len(collected.reads) == block.count("kind:")


class _Odd(BaseModel):
    """A model with a text that a table could not hold."""

    one: str = "a|b"


def test_a_table_holds_together() -> None:
    rows = table_of(_Odd, {"_Odd": {"properties": {"one": {"anyOf": [{"type": "string"}, {}]}}}}).splitlines()
    assert rows[-1] == r"| `one` | text, or anything | `a\|b` |  |"
