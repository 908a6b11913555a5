"""Drift reports as people see them: on a terminal, as an issue, as JSON. One folder for each case.

Rewritten only by `pytest --rewrite-golden`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from picsellia_apply.model.declaration import Declaration, LocalFile, Network
from picsellia_apply.model.drift import DriftReport
from picsellia_apply.model.inventory import Inventory
from picsellia_apply.model.plan import Policy
from picsellia_apply.model.state import Lake, Resource, State
from picsellia_apply.planner import plan
from picsellia_apply.planner.drift import drift
from picsellia_apply.render.drift import drift_to_json, render_drift_text
from picsellia_apply.render.issue import render_drift_markdown
from picsellia_apply.resolve import resolve
from picsellia_apply.source import Position
from tests.worlds import (
    LAX,
    NOTHING,
    TARGET,
    apply,
    box,
    dataset,
    of_set,
    picture_set,
    place,
    planned,
    sha,
    source,
    version,
)

HERE = Path(__file__).parent
NAMES = tuple(f"{letter}.jpg" for letter in "abcdef")
Edit = Callable[[State], State]


def project(policy: str = "merge", description: str = "Street scenes", *, frozen: bool = False) -> Declaration:
    objects = {name: [box("car"), box("car", 40), box("van", 80)] for name in NAMES[:4]}
    labels = (("car", "rectangle"), ("van", "rectangle"))
    first = version("first", of_set("flight"), source(objects, policy), labels=labels, frozen=frozen)  # type: ignore[arg-type]
    files = {"config": LocalFile("/x/config", "config", sha("config"), 400)}
    fields = {"type": "detection", "description": "Detector", "base_parameters": {"batch": 8, "rate": 0.1}}
    return Declaration(
        "root",
        picture_sets=(picture_set("flight", NAMES, ("drone", "day")),),
        datasets=(dataset("Streets", first, description=description, private=True),),
        networks=(Network("net", place(), fields, files),),
    )


def members(state: State, address: str, change: Callable[[dict[str, object]], object]) -> State:
    held = dict(state.resources[address].members)
    change(held)
    return replace(state, resources={**state.resources, address: replace(state.resources[address], members=held)})


def fields(state: State, address: str, **values: object) -> State:
    changed = replace(state.resources[address], fields={**state.resources[address].fields, **values})
    return replace(state, resources={**state.resources, address: changed})


def everything(state: State) -> State:
    """What a busy afternoon leaves behind."""
    annotations = "annotations/Streets@first"
    state = members(
        state, annotations, lambda held: held.update({"a.jpg": (box("car"), box("car", 43), box("van", 80))})
    )
    state = members(state, annotations, lambda held: held.update({"b.jpg": (box("van", 80), box("bus", 9, 9))}))
    state = members(state, annotations, lambda held: held.update({"e.jpg": (box("bus", 9, 9),)}))
    state = members(state, "version/Streets@first", lambda held: held.pop("c.jpg"))
    state = members(state, annotations, lambda held: held.pop("c.jpg"))
    state = members(state, "version/Streets@first", lambda held: held.update({"theirs.jpg": None}))
    state = fields(state, "dataset/Streets", description="Scenes of streets")
    state = fields(state, "network/net", base_parameters={"batch": 16, "rate": 0.1})
    state = fields(state, "file/net/config", sha256=sha("other"))
    tags = {**state.lake.tags, "day": state.lake.tags["day"] - {"d.jpg", "e.jpg"}}
    pictures = {name: digest for name, digest in state.lake.pictures.items() if name != "f.jpg"}
    lake = Lake(
        {**pictures, "theirs.jpg": sha("t"), "d.jpg": sha("d again")},
        {tag: names - {"f.jpg"} for tag, names in tags.items()},
    )
    resources = {text: one for text, one in state.resources.items() if text != "label/Streets@first/van/rectangle"}
    resources["label/Streets@first/bus/rectangle"] = Resource()
    resources["file/net/notes"] = Resource({"sha256": sha("n"), "size": 9})
    state = replace(state, lake=lake, resources=resources)
    return members(state, "version/Streets@first", lambda held: held.pop("f.jpg"))


HOSTILE = "a|b`c</summary><img src=x>@octocat\n# title\u202e.jpg"


def hostile(state: State) -> State:
    text = box("@team | `x`")
    state = members(state, "version/Streets@first", lambda held: held.update({HOSTILE: None}))
    state = members(state, "annotations/Streets@first", lambda held: held.update({HOSTILE: (text,)}))
    return fields(
        state, "dataset/Streets", description="</details>\n# Closed by @octocat, see #1 and https://x.example"
    )


def gone(state: State) -> State:
    left = {text: one for text, one in state.resources.items() if "Streets" not in text}
    return replace(state, resources=left)


def report(before: Declaration, edit: Edit, after: Declaration | None = None, policy: Policy = LAX) -> DriftReport:
    state, inventory = apply(planned(before, policy=policy), State(), NOTHING)
    state, later = edit(state), after or before
    desired = resolve(later, state, inventory)
    found = drift(desired, state, inventory, plan(desired, state, inventory, policy, TARGET))
    return found.positioned(lambda at: Position("project.yaml", 4 + len(at.path), 3))


def nothing(state: State) -> State:
    return state


def plain() -> DriftReport:
    def unseen(state: State) -> State:
        dark = replace(state.lake, pictures=dict.fromkeys(state.lake.pictures))
        files = {text: _without_digest(one) for text, one in everything(state).resources.items()}
        return replace(state, lake=dark, resources={t: one for t, one in files.items() if not t.startswith("label/")})

    return report(project(), unseen, policy=replace(LAX, features=frozenset()))


def _without_digest(one: Resource) -> Resource:
    return replace(one, fields={**one.fields, "sha256": None}) if "sha256" in one.fields else one


def never() -> DriftReport:
    desired = resolve(project(), State(), Inventory("demo"))
    return drift(desired, State(), Inventory("demo"), plan(desired, State(), Inventory("demo"), LAX, TARGET))


CASES: Mapping[str, Callable[[], DriftReport]] = {
    "what-people-did": lambda: report(project(), everything),
    "mirrored": lambda: report(project("mirror"), everything),
    "frozen": lambda: report(project(frozen=True), everything),
    "both-sides": lambda: report(project(), everything, project(description="Streets of a city")),
    "hostile-names": lambda: report(project(), hostile),
    "deleted-as-a-whole": lambda: report(project(), gone),
    "plain-server": plain,
    "no-drift": lambda: report(project(), nothing),
    "never-applied": never,
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_drift(name: str, rewrite_golden: bool) -> None:
    made = CASES[name]()
    again = ("manifests",)
    screens = {
        "drift.txt": render_drift_text(made, heading="picsellia-apply drift", again=again) + "\n",
        "drift.md": render_drift_markdown(made, again=again),
        "drift.json": drift_to_json(made).decode(),
    }
    folder = HERE / name
    if rewrite_golden:
        folder.mkdir(exist_ok=True)
        for file, text in screens.items():
            (folder / file).write_text(text)
    assert {file: (folder / file).read_text() for file in screens} == screens


def test_every_folder_is_a_case() -> None:
    assert {path.name for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(CASES)
