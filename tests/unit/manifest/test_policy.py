"""Policy documents: what they may say, what is odd about them, and that their programs stay where they are."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from picsellia_apply.errors import InvalidInput
from picsellia_apply.local import StatCache
from picsellia_apply.manifest import json_schema, load
from picsellia_apply.model.declaration import Declaration
from picsellia_apply.model.policy import PolicyChecks, Program
from picsellia_apply.source import Place

HEAD = "apiVersion: picsellia-apply/v1\nkind: {}\nmetadata: {{name: {}}}\nspec: {}\n"
DATASET = HEAD.format("Dataset", "D", "{versions: [{name: first, pictures: {tags: [a]}}]}")


def loaded(folder: Path, spec: str, *others: str) -> Declaration:
    (folder / "m.yaml").write_text("---\n".join([HEAD.format("Policy", "strict", spec), *others]))
    return load([folder], cache=StatCache(None))


def faults(folder: Path, spec: str) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        loaded(folder, spec)
    return [(one.code, one.message) for one in caught.value.diagnostics]


def program(folder: Path, mode: int = 0o755) -> None:
    path = folder / "check.sh"
    path.write_text("#!/bin/sh\ntouch ran\n")
    path.chmod(mode)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_all_of_it(tmp_path: Path) -> None:
    program(tmp_path)
    text = """{
      versions: ["D@*"], maxDelete: {pictures: 0, objects: 5}, minObjectsPerLabel: {car: 3, "*": 1},
      requiredLabels: [car, bus, car], maxUnannotatedPercent: 5, maxImbalance: 20, noFindingAbove: note,
      ignoreFindings: [Q003], exec: [./check.sh, --arg], timeout: 5}"""
    declared = loaded(tmp_path, text, DATASET)
    assert declared.findings == ()
    (policy,) = declared.policies
    assert policy == PolicyChecks(
        "strict",
        policy.place,
        versions=("D@*",),
        max_delete={"pictures": 0, "objects": 5},
        min_objects={"car": 3, "*": 1},
        required_labels=("car", "bus"),
        max_unannotated_percent=5.0,
        max_imbalance=20.0,
        findings_up_to="note",
        ignored_findings=frozenset({"Q003"}),
        program=Program(("./check.sh", "--arg"), str(tmp_path), 5, (("./check.sh", sha256(tmp_path / "check.sh")),)),
    )
    assert isinstance(policy.place, Place)
    assert not (tmp_path / "ran").exists()


def test_files_of_the_project_among_its_words_count_and_nothing_else(tmp_path: Path) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside.txt"
    (project / "m").mkdir(parents=True)
    outside.write_text("secret")
    for name in ("check.py", "rules.txt", "sh", "more.txt"):
        (project / "m" / name).write_text(name)
    (project / "m/link").symlink_to(outside)
    words = ["./check.py", "rules.txt", "--more=more.txt", "sh", "m", ".", "", "-x", "rules.txt", "../../outside.txt"]
    spec = f"{{exec: {json.dumps([*words, 'link', '/dev/null', 'x' * 3000])}}}"
    (policy,) = loaded(project / "m", spec).policies
    names = {"./check.py": "check.py", "rules.txt": "rules.txt", "--more=more.txt": "more.txt", "sh": "sh"}
    assert policy.program is not None
    assert policy.program.files == tuple((word, sha256(project / "m" / name)) for word, name in names.items())
    (policy,) = loaded(project / "m", "{exec: [sh, rules.txt]}").policies
    assert policy.program is not None
    assert policy.program.files == (("rules.txt", sha256(project / "m/rules.txt")),)


def test_a_program_that_cannot_be_read_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(path: Path) -> tuple[str, int]:
        raise PermissionError(13, "Permission denied", str(path))

    program(tmp_path)
    monkeypatch.setattr("picsellia_apply.manifest.policy.hash_file", unreadable)
    told = "`./check.sh` cannot be read, so nobody can tell whether it changes: Permission denied"
    assert faults(tmp_path, "{exec: [./check.sh]}") == [("M031", told)]


def test_what_is_absent_is_not_asked_for(tmp_path: Path) -> None:
    (policy,) = loaded(tmp_path, "{minObjectsPerLabel: 7}").policies
    assert policy == PolicyChecks("strict", policy.place, min_objects={"*": 7})
    assert policy.counts_objects
    (policy,) = loaded(tmp_path, "{maxDelete: {}}").policies
    assert not policy.max_delete
    assert not policy.counts_objects


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("{}", ("M045", "the policy checks nothing: give it `maxDelete`, `exec` or another check")),
        ("{versions: [a]}", ("M045", "the policy checks nothing: give it `maxDelete`, `exec` or another check")),
        ("{exec: []}", ("M015", "`exec` must not be empty")),
        ('{exec: [""]}', ("M015", "the program of `exec` must not be empty")),
        ("{maxDelete: {}, timeout: 5}", ("M023", "`timeout` goes with `exec` only")),
        ("{maxDelete: {}, ignoreFindings: [Q003]}", ("M023", "`ignoreFindings` goes with `noFindingAbove` only")),
        ("{exec: [a], timeout: 0}", ("M013", "`timeout` must be at least 1, not the number `0`")),
        ("{maxDelete: {pictures: -1}}", ("M013", "`pictures` must be at least 0, not the number `-1`")),
        ("{maxDelete: {pictures: true}}", ("M011", "`pictures` must be a whole number, not `true`")),
        ("{maxDelete: {picture: 1}}", ("M009", "unknown field `picture` in `maxDelete`")),
        ("{minObjectsPerLabel: lots}", ("M011", "`minObjectsPerLabel` must be a number, or a map of label to number")),
        ("{minObjectsPerLabel: {}}", ("M015", "`minObjectsPerLabel` must not be empty")),
        ("{maxImbalance: 0.5}", ("M013", "`maxImbalance` must be at least 1, not the number `0.5`")),
        ("{maxUnannotatedPercent: 101}", ("M013", "`maxUnannotatedPercent` must be at most 100, not the number `101`")),
        (
            "{noFindingAbove: error}",
            ("M014", "`noFindingAbove` must be one of `none`, `note`, `warning`, not the text `error`"),
        ),
    ],
)
def test_faults(tmp_path: Path, spec: str, told: tuple[str, str]) -> None:
    assert faults(tmp_path, spec) == [told]


@pytest.mark.parametrize(
    ("spec", "code", "hint"),
    [
        ("{noFindingAbove: warning}", "M046", "write `note` to refuse warnings"),
        ("{exec: [./chek.sh]}", "M047", "did you mean `./check.sh`?"),
        ("{exec: [./plain.sh]}", "M047", "chmod +x ./plain.sh"),
        ("{exec: [no-such-program-here]}", "M047", "write `./no-such-program-here` if it lies beside this manifest"),
        ("{versions: ['D@frist'], maxDelete: {}}", "M048", "did you mean `D@first`?"),
        ("{versions: ['E@*', '*'], maxDelete: {}}", "M048", "declared: D@first"),
    ],
)
def test_findings(tmp_path: Path, spec: str, code: str, hint: str) -> None:
    program(tmp_path)
    (tmp_path / "plain.sh").write_text("#!/bin/sh\n")
    (finding,) = loaded(tmp_path, spec, DATASET).findings
    assert (finding.code, finding.hint) == (code, hint)
    assert str(finding.position).endswith(tuple("0123456789"))


def test_two_policies_of_one_name(tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text(HEAD.format("Policy", "strict", "{exec: [sh]}"))
    assert [code for code, _ in faults(tmp_path, "{maxDelete: {}}")] == ["M017"]


def test_the_json_schema_knows_policies() -> None:
    schema = json_schema()
    documents = yaml.safe_load_all(
        HEAD.format("Policy", "a", "{minObjectsPerLabel: 3}") + "---\n" + HEAD.format("Policy", "a", "{exec: [sh]}")
    )
    for document in documents:
        jsonschema.validate(document, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(HEAD.format("Policy", "a", "{exec: 3}")), schema)
