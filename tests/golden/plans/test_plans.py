"""What plans look like: one folder per case with plan.txt, plan.md, plan.json and the exit code, some with full.txt.

Rewritten only by `pytest --rewrite-golden`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from picsellia_apply.cli.exit import Exit
from picsellia_apply.cli.planning import exit_of
from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.model.declaration import Declaration, LocalFile, Network, Selection, TagQuery
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Plan, Policy
from picsellia_apply.model.policy import PolicyChecks
from picsellia_apply.model.state import Lake, Resource, State
from picsellia_apply.planner import plan
from picsellia_apply.render.json import plan_to_json
from picsellia_apply.render.pull_request import render_plan_markdown
from picsellia_apply.render.text import Look, render_plan_text
from picsellia_apply.resolve import resolve
from picsellia_apply.source import Position
from tests.worlds import (
    FEATURES,
    NOTHING,
    TARGET,
    apply,
    box,
    dataset,
    of_set,
    of_tags,
    picture_set,
    place,
    planned,
    sha,
    source,
    version,
)

HERE = Path(__file__).parent
POLICY = Policy(features=FEATURES)
PRUNE = replace(POLICY, prune=True)
NAMES = tuple(f"cell-{number:02}.jpg" for number in range(12))


def lab(names: tuple[str, ...] = NAMES, tags: tuple[str, ...] = ("cell",), *, salt: str = "") -> Declaration:
    """Return a small, complete workspace."""
    boxes = {name: [box("RBC", 10 * row), box("WBC", 10 * row, 40)] for row, name in enumerate(names)}
    first = version("first", of_tags("cell"), source(boxes, path="cells.json"), labels=LABELS)
    second = version("second", Selection(place(), query="half"), origin="first", labels=LABELS)
    weights = LocalFile("/here/model.onnx", "./model.onnx", sha("weights"), 1_234_567)
    fields = {"type": "detection", "description": "Draft", "base_parameters": {"batch": 8, "epochs": 10}}
    return Declaration(
        "root",
        picture_sets=(picture_set("cells", names, tags, salt=salt),),
        queries=(TagQuery("half", place(), ("cell",), 0.5, add=("sample",)),),
        datasets=(dataset("BloodCells", first, second, description="Blood cells", private=True),),
        networks=(Network("cells-yolo", place(), fields, {"model-latest": weights}),),
    )


LOOK = Look(width=130, next_command="picsellia-apply apply plan.json", lift_command="picsellia-apply plan .")
LABELS = (("RBC", "rectangle"), ("WBC", "rectangle"))


def applied(declaration: Declaration | None = None) -> tuple[State, Inventory]:
    return apply(planned(declaration or lab(), policy=POLICY), State(), NOTHING)


def holding(state: State, address: str, resource: Resource) -> State:
    return replace(state, resources={**state.resources, address: resource})


def first_apply() -> Plan:
    return planned(lab(), policy=POLICY)


def nothing_to_do() -> Plan:
    return planned(lab(), *applied(), POLICY)


def everyday_edits() -> Plan:
    """One more picture with its box, one more tag, one moved box, one network field."""
    state, inventory = applied()
    edited = lab((*NAMES, "cell-12.jpg"), ("cell", "plate-7"))
    (one,) = edited.datasets
    objects = dict(one.versions[0].annotations[0].objects)
    objects[NAMES[1]] = tuple(sorted([box("RBC", 12), box("WBC", 10, 40)]))
    first = replace(one.versions[0], annotations=(source(objects, path="cells.json"),))
    network = edited.networks[0]
    fields = {**network.fields, "description": "Cell detector", "base_parameters": {"batch": 16, "epochs": 10}}
    edited = replace(
        edited,
        datasets=(replace(one, versions=(first, *one.versions[1:])),),
        networks=(replace(network, fields=fields),),
    )
    return planned(edited, state, inventory, POLICY)


def blocked_content() -> Plan:
    return planned(lab(salt="!"), *applied(), POLICY)


def conflict() -> Plan:
    state, inventory = applied()
    theirs = {**state.resources["dataset/BloodCells"].fields, "description": "Edited by a colleague"}
    declaration = lab()
    ours = replace(declaration.datasets[0], description="Edited in the manifest")
    state = holding(state, "dataset/BloodCells", Resource(theirs))
    return planned(replace(declaration, datasets=(ours,)), state, inventory, POLICY)


def drift() -> Plan:
    """A picture deleted, a tag taken off, a description edited, annotations edited, a picture added to a version."""
    state, inventory = applied()
    pictures = {name: digest for name, digest in state.lake.pictures.items() if name != NAMES[0]}
    tags = {tag: names - {NAMES[0], NAMES[3]} for tag, names in state.lake.tags.items()}
    resources = {
        text: Resource(one.fields, {name: value for name, value in one.members.items() if name != NAMES[0]})
        for text, one in state.resources.items()
    }
    annotations = dict(resources["annotations/BloodCells@first"].members)
    annotations[NAMES[4]] = (*annotations[NAMES[4]], box("person"))
    resources["annotations/BloodCells@first"] = Resource(members=annotations)
    members = {**resources["version/BloodCells@first"].members, "theirs.jpg": None}
    resources["version/BloodCells@first"] = Resource(members=members)
    fields = {**resources["network/cells-yolo"].fields, "description": "Renamed"}
    resources["network/cells-yolo"] = Resource(fields)
    return planned(lab(), State(Lake(pictures, tags), resources), inventory, POLICY)


def adoption() -> Plan:
    state, _ = applied()
    return planned(lab(), state, NOTHING, POLICY)


def prune_refused() -> Plan:
    """Most of it is gone from the manifests, and a person annotated what would go."""
    state, inventory = applied()
    annotations = dict(state.resources["annotations/BloodCells@first"].members)
    annotations[NAMES[4]] = (*annotations[NAMES[4]], box("person"))
    state = holding(state, "annotations/BloodCells@first", Resource(members=annotations))
    return planned(Declaration("root", picture_sets=(picture_set("cells", NAMES[:6], []),)), state, inventory, PRUNE)


def kept_without_prune() -> Plan:
    state, inventory = applied()
    return planned(Declaration("root", picture_sets=(picture_set("cells", NAMES[:6], []),)), state, inventory, POLICY)


def empty_refused() -> Plan:
    return planned(Declaration("root"), *applied(), PRUNE)


def plain_server() -> Plan:
    """SDK v2 without the extension: no digest, no label, no patch, no version without an origin."""
    state, inventory = applied()
    declaration = lab()
    other = version("gold", of_set("cells"), labels=LABELS)
    one = replace(declaration.datasets[0], description="New words", versions=(*declaration.datasets[0].versions, other))
    unseen = {text: resource for text, resource in state.resources.items() if not text.startswith("label/")}
    state = State(Lake(dict.fromkeys(state.lake.pictures), state.lake.tags), unseen)
    return planned(replace(declaration, datasets=(one,)), state, inventory, Policy())


def target() -> Plan:
    return planned(lab(), policy=replace(POLICY, targets=("version/BloodCells@second",)))


def findings_and_hostile_names() -> Plan:
    findings = tuple(
        Diagnostic("Q003", Severity.warning, "a box without area", Position("Annotations/a.xml", 10 + row, 5))
        for row in range(5)
    )
    note = Diagnostic("A040", Severity.info, "corners are read as one-based", Position("Annotations"), count=12)
    hostile = picture_set("night\x1b[31m", ["red\x1b[0m.jpg", "right\u202eleft.jpg"], ["a/b"])
    return planned(Declaration("root", picture_sets=(hostile,), findings=(*findings, note)), policy=POLICY)


def policies_refused() -> Plan:
    """Most of it is gone from the manifests, and three policies say what they want of that."""
    state, inventory = applied()
    checks = (
        PolicyChecks("data", place(), min_objects={"*": 7, "WBC": 3}, required_labels=("RBC", "Platelets")),
        PolicyChecks("deletes", place(), max_delete={"pictures": 0, "objects": 20, "addresses": 9}),
        PolicyChecks("passes", place(), max_imbalance=2.0, findings_up_to="note"),
    )
    declaration = lab(NAMES[:6])
    policy = replace(PRUNE, delete_percent=100.0)
    desired = resolve(declaration, state, inventory, prune=policy.sweeps)
    return plan(desired, state, inventory, policy, TARGET, policies=checks)


def foreign_owner() -> Plan:
    """Another workspace owns the dataset with all that belongs to it."""
    state, _ = applied()
    owned = {text: "vision-team" for text in state.resources if "BloodCells" in text}
    return planned(lab(), replace(state, owners=owned), NOTHING, POLICY)


def taken_over() -> Plan:
    """The owner of before lets go what another workspace took over."""
    state, inventory = applied()
    owned = {text: "vision-team" for text in state.resources if "BloodCells" in text}
    return planned(replace(lab(), datasets=()), replace(state, owners=owned), inventory, PRUNE)


def protected() -> Plan:
    """A protected dataset is gone from the manifests."""
    one = lab()
    guarded = replace(one, datasets=(replace(one.datasets[0], protect=True),))
    allowed = ("foreign_content", "delete_percent")
    lifted = frozenset(f"{rule}:{text}" for rule in allowed for text in applied(guarded)[1].records)
    return planned(replace(guarded, datasets=()), *applied(guarded), replace(PRUNE, allowances=lifted))


def frozen_pictures() -> Plan:
    """Pictures that a frozen version holds are no longer declared."""
    one = lab()
    first = replace(one.datasets[0].versions[0], frozen=True)
    one = replace(one, datasets=(replace(one.datasets[0], versions=(first,)),))
    fewer = replace(one, picture_sets=(picture_set("cells", NAMES[:10], ["cell"]),))
    return planned(fewer, *applied(one), replace(PRUNE, delete_percent=100))


def renamed_unsaid() -> Plan:
    """A set, a query and a network have other names now, and nobody says that they were renamed."""
    one = lab()
    (cells,), (half,), (network,) = one.picture_sets, one.queries, one.networks
    second = replace(one.datasets[0].versions[1], pictures=Selection(place(), query="half-2"))
    dataset_now = replace(one.datasets[0], versions=(one.datasets[0].versions[0], second))
    now = replace(
        one,
        picture_sets=(replace(cells, name="cells-2"),),
        queries=(replace(half, name="half-2"),),
        networks=(replace(network, name="cells-yolo-2"),),
        datasets=(dataset_now,),
    )
    return planned(now, *applied(one), POLICY)


CASES: tuple[Callable[[], Plan], ...] = (
    first_apply,
    nothing_to_do,
    everyday_edits,
    blocked_content,
    conflict,
    drift,
    adoption,
    prune_refused,
    kept_without_prune,
    empty_refused,
    plain_server,
    target,
    findings_and_hostile_names,
    policies_refused,
    foreign_owner,
    taken_over,
    protected,
    frozen_pictures,
    renamed_unsaid,
)
SHOWN_WHOLE = (everyday_edits, drift, blocked_content, conflict)
"""Cases whose screen with `--full` is kept too."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_plan(case: Callable[[], Plan], rewrite_golden: bool) -> None:
    made = case()
    heading = "picsellia-apply plan    workspace demo · embedded lake"
    text = render_plan_text(made, heading=heading, look=LOOK)
    expected = {
        "plan.txt": f"{text}\n".encode(),
        "plan.md": render_plan_markdown(made).encode(),
        "plan.json": plan_to_json(made),
        "exit": f"{int(exit_of(made, changes=Exit.changes))}\n".encode(),
    }
    if case in SHOWN_WHOLE:
        whole = render_plan_text(made, heading=heading, look=replace(LOOK, full=True))
        expected["full.txt"] = f"{whole}\n".encode()
    folder = HERE / case.__name__.replace("_", "-")
    for name, content in expected.items():
        if rewrite_golden:
            folder.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
        assert (folder / name).read_bytes() == content, name


def test_every_folder_has_its_case() -> None:
    folders = {path.name for path in HERE.iterdir() if (path / "plan.json").exists()}
    assert folders == {case.__name__.replace("_", "-") for case in CASES}
