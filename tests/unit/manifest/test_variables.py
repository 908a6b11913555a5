"""Variables: declared, given, put into values; what they must not do, and how their faults are told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import jsonschema
import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st

from picsellia_apply.errors import Diagnostic, InvalidInput
from picsellia_apply.local import StatCache
from picsellia_apply.manifest import json_schema, load
from picsellia_apply.manifest.documents import DatasetDocument
from picsellia_apply.manifest.scaffold import value
from picsellia_apply.manifest.secrets import is_secret
from picsellia_apply.manifest.substitution import Substitution, literal
from picsellia_apply.manifest.varfile import read_variables
from picsellia_apply.manifest.variables import Declared, Given
from picsellia_apply.model.declaration import Declaration
from picsellia_apply.source import Place, shown_path
from tests.unit.manifest.test_loading import document, written

EXAMPLE = Path(__file__).parents[3] / "examples/environments"
ENVIRONMENTS = (
    document("Workspace", "staging", "{variables: {share: 0.5, prefix: stg, prune: true, note: null}}"),
    document("Workspace", "production", "{variables: {share: 1.0, prefix: prod, prune: false, note: '', extra: 1}}"),
)


def set_by(**values: str) -> list[Given]:
    return [Given(name, value, "set by `--var`") for name, value in values.items()]


def loaded(folder: Path, *, workspace: str | None = None, values: Mapping[str, str] | None = None) -> Declaration:
    return load([folder], workspace=workspace, given=set_by(**(values or {})), cache=StatCache(None))


def faults(
    folder: Path, workspace: str | None = None, values: Mapping[str, str] | None = None
) -> list[tuple[str, str, str, str]]:
    """Return code, place, message and hint of each."""
    with pytest.raises(InvalidInput) as caught:
        loaded(folder, workspace=workspace, values=values)
    return [told(one, folder) for one in caught.value.diagnostics]


def told(one: Diagnostic, folder: Path) -> tuple[str, str, str, str]:
    return one.code, str(one.position or "").removeprefix(f"{shown_path(folder)}/"), one.message, one.hint


def workspace(variables: str) -> str:
    return document("Workspace", "w", f"{{variables: {{{variables}}}}}")


def dataset(description: str, name: str = "d") -> str:
    return document("Dataset", name, f"\n  description: {description}\n  versions: []")


def test_one_repository_serves_two_environments(tmp_path: Path) -> None:
    query = document("TagQuery", '"${var.prefix}-q"', '{tags: ["${var.prefix}", a], quantity: "${var.share}"}')
    written(tmp_path, *ENVIRONMENTS, query)
    staging, production = loaded(tmp_path, workspace="staging"), loaded(tmp_path, workspace="production")
    assert [(one.name, one.tags, one.quantity) for one in staging.queries] == [("stg-q", ("stg", "a"), 0.5)]
    assert [(one.name, one.tags, one.quantity) for one in production.queries] == [("prod-q", ("prod", "a"), 1.0)]
    assert staging.variables == {"prefix": "stg", "share": "0.5"}, "those that are used"


def test_the_last_value_given_counts(tmp_path: Path) -> None:
    written(tmp_path, workspace("a: one"), dataset("${var.a}"))
    values = [Given("a", "env", "", optional=True), Given("a", "file", ""), Given("other", "x", "", optional=True)]
    found = load([tmp_path], given=[*values, Given("a", "flag", "")], cache=StatCache(None))
    assert found.datasets[0].description == "flag"
    assert load([tmp_path], given=values, cache=StatCache(None)).datasets[0].description == "file"
    assert load([tmp_path], given=values[:1], cache=StatCache(None)).datasets[0].description == "env"
    assert load([tmp_path], cache=StatCache(None)).datasets[0].description == "one"


@pytest.mark.parametrize(
    ("written_as", "given_value", "expected"),
    [
        ("${var.a}", "x", "x"),
        ('"${var.a}"', "1.0", "1.0"),
        ("${var.a}", "true", "true"),
        ("a ${var.a} b ${var.a}", "x", "a x b x"),
        ("$${var.a}", "x", "${var.a}"),
        ("$${var.a} ${var.a}", "x", "${var.a} x"),
        ("${var.a}", "${var.a}", "${var.a}"),
        ("${var.a}", "", ""),
        (
            "${var.a}",
            "quotes \" and ' and: colons\n- and lines\n---\n",
            "quotes \" and ' and: colons\n- and lines\n---\n",
        ),
        ("${a} $var.a {var.a} ${5} $", "x", "${a} $var.a {var.a} ${5} $"),
    ],
)
def test_what_a_text_becomes(tmp_path: Path, written_as: str, given_value: str, expected: str) -> None:
    written(tmp_path, workspace("a: z"), dataset(written_as))
    assert loaded(tmp_path, values={"a": given_value}).datasets[0].description == expected


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40))
def test_no_value_changes_the_structure(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    folder = tmp_path_factory.mktemp("m")
    written(folder, workspace("a: z"), dataset('"${var.a}"', "one"), dataset("<${var.a}>", "two"))
    found = loaded(folder, values={"a": value})
    assert [(one.name, one.description, len(one.versions)) for one in found.datasets] == [
        ("one", value, 0),
        ("two", f"<{value}>", 0),
    ]
    assert found.manifests == 3


PIECES = st.sampled_from(["$", "{", "}", "${", "var", ".", "a", "${var.a}", "$${var.a}", " ", "s", "x"])


@given(st.lists(PIECES, max_size=8).map("".join))
def test_a_text_written_as_it_is_comes_back_as_it_was(text: str) -> None:
    place = Place("m.yaml")
    body, well = Substitution(Declared("w")).document({"spec": {"description": literal(text)}}, DatasetDocument, place)
    assert (body["spec"]["description"], well) == (text, True)


def test_init_writes_names_that_are_no_variables(tmp_path: Path) -> None:
    assert value("${var.x} of $${var.y}") == '"$${var.x} of $$${var.y}"'


def test_the_type_is_that_of_the_field(tmp_path: Path) -> None:
    network = "{type: t, private: '${var.yes}', description: '${var.half}', base_parameters: {a: '${var.half}', b: ['${var.yes}'], c: 'x${var.half}', d: '${var.word}'}}"  # noqa: E501
    written(tmp_path, workspace("half: 0.5, yes: true, word: abc"), document("Network", "n", network))
    fields = loaded(tmp_path).networks[0].fields
    assert fields["private"] is True
    assert fields["description"] == "0.5"
    assert fields["base_parameters"] == {"a": 0.5, "b": [True], "c": "x0.5", "d": "abc"}
    written(
        tmp_path,
        document(
            "Workspace", "v", "{prune: '${var.yes}', guards: {deletePercent: '${var.n}'}, variables: {n: 7, yes: true}}"
        ),
    )
    found = loaded(tmp_path).workspace
    assert (found.prune, found.guards.delete_percent) == (True, 7)


@pytest.mark.parametrize("value", ["abc", "", "~", "null", ".inf", "0x", "1e999", "[1]", "0.5 # half"])
def test_what_is_no_number_stays_text_and_is_told(tmp_path: Path, value: str) -> None:
    written(tmp_path, workspace("share: 1"), document("TagQuery", "q", "{tags: [a], quantity: '${var.share}'}"))
    (one,) = faults(tmp_path, values={"share": value})
    assert one[:2] == ("M011", "m.yaml:9:29")
    assert one[2] == f"`quantity` must be a number, not the text `{value}` (variable `share`: set by `--var`)"


def test_an_error_in_a_value_names_the_variable_wherever_it_is_found(tmp_path: Path) -> None:
    pictures = document("PictureSet", "cells", "{from: 'pictures/${var.dir}', tags: [a]}")
    query = document("TagQuery", "q", "{tags: [a], quantity: '${var.share}'}")
    sources = "{labels: [], versions: [{name: v, pictures: {set: '${var.set}'}}]}"
    written(tmp_path, workspace("dir: x, share: 2, set: cell"), pictures, query, document("Dataset", "d", sources))
    found = {code: message for code, _, message, _ in faults(tmp_path)}
    default = "the default of Workspace `w`"
    assert found["P001"].endswith(f"(variable `dir`: {default})")
    assert found["M013"] == f"`quantity` must be at most 1, not the number `2` (variable `share`: {default})"
    assert found["M021"] == f"no PictureSet is called `cell` (variable `set`: {default})"


def test_undeclared_variables(tmp_path: Path) -> None:
    written(tmp_path, *ENVIRONMENTS, dataset("${var.prefx} ${var.extra} ${var.prefx}"))
    assert faults(tmp_path, "staging", {"shar": "1", "extra": "2"}) == [
        ("M060", "", "variable `extra`, set by `--var`, is not declared by Workspace `staging`",
         "Workspace `production` declares it"),
        ("M060", "", "variable `shar`, set by `--var`, is not declared by Workspace `staging`",
         "did you mean `share`?"),
        ("M060", "m.yaml:15:16", "variable `extra` is not declared by Workspace `staging`",
         "Workspace `production` declares it"),
        ("M060", "m.yaml:15:16", "variable `prefx` is not declared by Workspace `staging`, and 1 more time",
         "did you mean `prefix`?"),
    ]  # fmt: skip


def test_without_a_workspace_nothing_is_declared(tmp_path: Path) -> None:
    written(tmp_path, dataset("${var.a}"))
    (one,) = faults(tmp_path)
    assert one[2] == "variable `a` is not declared by any Workspace document"
    assert one[3] == "declare it in a Workspace document: `spec: {variables: {a: DEFAULT}}`, null for no default"


def test_a_variable_without_a_value(tmp_path: Path) -> None:
    written(tmp_path, *ENVIRONMENTS, dataset("${var.note}"), dataset("x${var.note}", "e"))
    (one,) = faults(tmp_path, "staging")
    place = f"{shown_path(tmp_path)}/m.yaml:4:64"
    assert one == ("M063", "m.yaml:15:16", "variable `note` has no value, and 1 more time",
                   f"give it `--var note=VALUE`; declared without a default at {place}")  # fmt: skip
    assert loaded(tmp_path, workspace="staging", values={"note": ""}).datasets[0].description == ""
    assert loaded(tmp_path, workspace="production").datasets[0].description == ""


def test_a_variable_that_nobody_uses_needs_no_value(tmp_path: Path) -> None:
    written(tmp_path, *ENVIRONMENTS, dataset("x"))
    assert loaded(tmp_path, workspace="staging").variables == {}


@pytest.mark.parametrize(
    "reference",
    ["${var.}", "${var.9}", "${var.a-b}", "${var.a b}", "${ var.a }", "${vars.a}", "${var}", "${var.a", "${var:a}"],
)
def test_what_was_meant_to_be_a_variable(tmp_path: Path, reference: str) -> None:
    written(tmp_path, workspace("a: z"), dataset(f"'{reference}'"))
    (one,) = faults(tmp_path)
    assert one[:2] == ("M062", "m.yaml:10:16")
    assert "`${var.name}`" in one[3]


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        (document("Network", "n", "{type: t, base_parameters: {'${var.a}': 1}}"), "M061", "m.yaml:9:35"),
        (document("Network", "n", "{type: t, '${var.a}': 1}"), "M061", "m.yaml:9:17"),
        (dataset("x").replace("kind: Dataset", 'kind: "${var.a}"'), "M008", "m.yaml:7:7"),
        (dataset("x").replace("/v1", "/${var.a}"), "M007", "m.yaml:6:13"),
        (document("Workspace", "'${var.a}'", "{}"), "M061", "m.yaml:8:18"),
    ],
)
def test_where_no_variable_can_stand(tmp_path: Path, text: str, code: str, at: str) -> None:
    written(tmp_path, workspace("a: z"), text)
    found = faults(tmp_path, "w")
    assert (code, at) in [one[:2] for one in found]


def test_a_default_is_a_value(tmp_path: Path) -> None:
    written(tmp_path, workspace("a: '${var.b}', b: x, c: [1], d: {e: 1}"), dataset("${var.a}"))
    assert [one[:2] for one in faults(tmp_path)] == [
        ("M061", "m.yaml:4:23"), ("M065", "m.yaml:4:44"), ("M065", "m.yaml:4:52")
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["token", "api_token", "apiToken", "PICSELLIA_TOKEN", "db-password", "client_secret",
                                  "aws_access_key", "apikey", "passwd", "credentials"])  # fmt: skip
def test_names_of_secrets(tmp_path: Path, name: str) -> None:
    assert is_secret(name)
    written(tmp_path, workspace(f"{name}: x"), dataset("y"))
    (one,) = faults(tmp_path)
    assert one[0] == ("M062" if "-" in name else "M064")
    if "-" not in name:
        assert "PICSELLIA_TOKEN" in one[3]
        (two,) = faults(written(tmp_path, dataset("y")).parent, values={name: "very secret"})
        assert two[0] == "M064"
        assert "very secret" not in "".join(two)


@pytest.mark.parametrize("name", ["tokenizer", "secretary", "key", "monkey", "share", "prefix", "passes"])
def test_names_of_no_secrets(name: str) -> None:
    assert not is_secret(name)


def test_a_token_is_no_field(tmp_path: Path) -> None:
    written(tmp_path, document("Workspace", "w", "{token: abc}"))
    (one,) = faults(tmp_path)
    assert one[0] == "M009"
    assert "PICSELLIA_TOKEN" in one[3]


def test_until_a_workspace_is_chosen_nobody_knows_the_values(tmp_path: Path) -> None:
    hosts = (one.replace("{variables", "{host: '${var.prefix}', variables") for one in ENVIRONMENTS)
    written(tmp_path, *hosts, document("PictureSet", "p", "{from: '${var.prefix}'}"), dataset("x", "'${var.prefix}'"))
    assert [one[0] for one in faults(tmp_path)] == ["M027"]
    assert [one[0] for one in faults(tmp_path, "stagin")] == ["M028"]


def test_a_workspace_at_fault_is_not_missing(tmp_path: Path) -> None:
    written(tmp_path, *ENVIRONMENTS, document("Workspace", "third", "{prune: '${var.p}', variables: {p: maybe}}"))
    assert [one[0] for one in faults(tmp_path, "third")] == ["M011"]
    assert loaded(tmp_path, workspace="staging").workspace.name == "staging"


def test_a_quote_is_missing_inside_brackets(tmp_path: Path) -> None:
    written(tmp_path, workspace("a: 1"), document("TagQuery", "q", "{tags: [a], quantity: ${var.a}}"))
    assert faults(tmp_path)[0][3] == 'inside `{...}` and `[...]` a variable needs quotes: "${var.name}"'


def test_values_are_not_a_bomb(tmp_path: Path) -> None:
    uses = "${var.a}" * 500
    written(tmp_path, workspace("a: x"), *(dataset(uses, f"d{number}") for number in range(3)))
    assert [one[0] for one in faults(tmp_path, values={"a": "x" * 10_000})] == ["M065"]
    (tmp_path / "m.yaml").unlink()
    written(tmp_path, workspace(f"a: {'x' * 10_001}"))
    assert [one[0] for one in faults(tmp_path)] == ["M065"]


def test_a_value_behind_an_alias_is_filled_everywhere(tmp_path: Path) -> None:
    query = document("TagQuery", "q", "{tags: &t ['${var.a}', b], add: [c], remove: []}")
    text = query + "---\n" + document("TagQuery", "r", "{tags: &x ['${var.a}'], add: *x}")
    (tmp_path / "m.yaml").write_text(workspace("a: 1") + "---\n" + text)
    assert [one[0] for one in faults(tmp_path)] == ["M024"], "the query selects by what it adds"


def test_a_file_of_variables(tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text("share: 0.5\nprune: true\nnote: 'a: b'\n")
    given, wrong = read_variables(tmp_path / "v.yaml")
    assert [(one.name, one.value) for one in given] == [("share", "0.5"), ("prune", "true"), ("note", "a: b")]
    assert not wrong
    (tmp_path / "v.json").write_text(json.dumps({"share": 0.5, "note": "x"}))
    assert [(one.name, one.value) for one in read_variables(tmp_path / "v.json")[0]] == [
        ("share", "0.5"),
        ("note", "x"),
    ]
    (tmp_path / "empty").write_text("")
    assert read_variables(tmp_path / "empty") == ((), ())


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        ("a: [1]\n", "M065", "v:1:4"),
        ("a: 1\nb: null\n", "M065", "v:2:4"),
        ("- a\n", "M065", "v:1:1"),
        ("a: 1\na: 2\n", "M002", "v:2:1"),
        ("a: {\n", "M001", "v:1:4"),
        ("a: 1\n---\nb: 1\n", "M065", "v:3:1"),
        (f"a: {'x' * 10_001}\n", "M065", "v:1:4"),
    ],
)
def test_a_file_of_variables_at_fault(tmp_path: Path, text: str, code: str, at: str) -> None:
    (tmp_path / "v").write_text(text)
    given, wrong = read_variables(tmp_path / "v")
    assert [told(one, tmp_path)[:2] for one in wrong] == [(code, at)]
    assert not given


def test_a_name_in_a_file_that_is_not_declared_has_its_place(tmp_path: Path) -> None:
    written(tmp_path, workspace("share: 1"), dataset("x"))
    (tmp_path / "v").write_text("share: 2\nshar: 3\n")
    with pytest.raises(InvalidInput) as caught:
        load([tmp_path], given=read_variables(tmp_path / "v")[0], cache=StatCache(None))
    (one,) = (told(fault, tmp_path) for fault in caught.value.diagnostics)
    assert one[:2] == ("M060", "v:2:1")
    assert one[3] == "did you mean `share`?"


def accepts(text: str) -> bool:
    validator = jsonschema.Draft202012Validator(json_schema())
    return all(map(validator.is_valid, pyyaml.safe_load_all(text)))


@pytest.mark.parametrize("path", sorted(EXAMPLE.glob("*.yaml")), ids=lambda path: path.name)
def test_the_schema_takes_the_example(path: Path) -> None:
    assert accepts(path.read_text())


@pytest.mark.parametrize(
    "text",
    [
        *ENVIRONMENTS,
        document("TagQuery", "q", "{tags: ['${var.a}'], quantity: '${var.share}'}"),
        document("PictureSet", "p", "{from: '${var.a}', naming: '${var.n}', restore: '${var.r}', index: '${var.i}'}"),
        document("Workspace", "w", "{prune: '${var.a}', guards: {deletePercent: '${var.b}', updatePercent: 3}}"),
        document("Dataset", "d", "{private: '${var.a}', labels: [{name: x, type: '${var.t}'}]}"),
        document("Network", "n", "{type: '${var.a}', private: '${var.b}', base_parameters: {a: '${var.c}'}}"),
        document("TagQuery", "q", "{tags: [a], quantity: 0.5}"),
    ],
)
def test_the_schema_takes_variables(text: str) -> None:
    assert accepts(text)


@pytest.mark.parametrize(
    "text",
    [
        document("TagQuery", "q", "{tags: [a], quantity: 'half'}"),
        document("TagQuery", "q", "{tags: [a], quantity: 2}"),
        document("Workspace", "w", "{prune: 'x${var.a}'}"),
        document("Workspace", "w", "{variables: {a-b: 1}}"),
        document("Workspace", "w", "{variables: {a: [1]}}"),
        document("'${var.kind}'", "w", "{}"),
    ],
)
def test_the_schema_refuses_what_is_no_variable(text: str) -> None:
    assert not accepts(text)
