"""Plans that were saved, reviewed, and applied later; and what may not have moved meanwhile."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from picsellia_apply.client import Client
from picsellia_apply.wire.extension import AnnotationItem
from tests.e2e.documents import COCO, DATASET, TAGGED

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

MANIFESTS = f"""\
{TAGGED}---
{DATASET}---
apiVersion: picsellia-apply/v1
kind: Network
metadata: {{name: n}}
spec: {{type: detection, description: Draft, files: {{config: pipeline.config}}}}
"""


LINUX = pytest.mark.skipif(not Path("/proc").is_dir(), reason="no folder that is read-only to root too")


@pytest.fixture
def planned(project: Project) -> Project:
    """A project whose first plan is saved as `p.json`, its manifests in a folder of their own."""
    project.write("m/all.yaml", MANIFESTS)
    project.write("m/boxes.json", COCO)
    project.write("m/pipeline.config", "x")
    for number in range(3):
        project.picture(f"m/pictures/p{number}.png", (number * 20, 100, 200))
    save(project)
    return project


def save(project: Project) -> None:
    ran = project.run("plan", "m", "--out", "p.json")
    assert ran.code == 0, ran.err


def apply(project: Project) -> Any:
    return project.run("apply", "p.json", "--manifests", "m", "--auto-approve")


def test_it_does_what_was_reviewed(planned: Project, state_of: Callable[[Project], dict[str, Any]]) -> None:
    assert apply(planned).code == 0
    state = state_of(planned)
    assert len(state["pictures"]) == 3
    assert state["networks"]["n"][0]["description"] == "Draft"
    assert planned.plan("m")["operations"] == []


def test_applied_twice_it_finds_everything_done(planned: Project) -> None:
    assert apply(planned).code == 0
    again = apply(planned)
    assert again.code == 0, again.err


def test_elsewhere_it_says_how_to_name_the_manifests(planned: Project) -> None:
    for number in range(5):
        planned.write(f"others/{number}.yaml", "apiVersion: picsellia-aply/v1\nkind: Dataset\n")
    planned.write("others/p.json", (planned.folder / "p.json").read_bytes())
    planned.write("others/p.members.ndjson.gz", (planned.folder / "p.members.ndjson.gz").read_bytes())
    elsewhere = replace(planned, folder=planned.folder / "others")
    ran = elsewhere.run("apply", "p.json", "--auto-approve")
    assert ran.code == 65
    assert ran.err.startswith("error[L012]: the manifests of `p.json` cannot be read from the current folder: ")
    assert "--manifests DIR" in ran.err
    assert "picsellia-aply" not in ran.err
    assert elsewhere.run("apply", "p.json", "--manifests", "../m", "--auto-approve").code == 0


@pytest.mark.parametrize(
    ("out", "told"),
    [
        ("file.txt/p.json", "Not a directory"),
        ("file.txt/below/p.json", "Not a directory"),
        ("taken.json", "Is a directory"),
        (f"{'n' * 240}.json", "File name too long"),
        pytest.param("/proc/p.json", "No such file or directory", marks=LINUX),
    ],
)
def test_where_it_cannot_be_saved_is_told_before_anything_is_read(project: Project, out: str, told: str) -> None:
    project.write("m/all.yaml", "apiVersion: at fault")
    project.write("file.txt", "mine")
    project.write("taken.members.ndjson.gz/mine.txt", "mine")
    before = sorted(project.folder.rglob("*"))
    ran = project.run("plan", "m", "--out", out)
    assert ran.code == 64, ran.err
    assert ran.err.startswith(f"error: --out: the plan cannot be written to `{out}`: {told}")
    assert "hint: give another `--out`, in a folder where you may write: " in ran.err
    assert sorted(project.folder.rglob("*")) == before


def test_a_folder_that_is_read_only_is_told_before_anything_is_read(project: Project) -> None:
    project.write("m/all.yaml", "apiVersion: at fault")
    (project.folder / "closed").mkdir(mode=0o500)
    if os.access(project.folder / "closed", os.W_OK):
        pytest.skip("nothing is read-only to root")
    for out in ("closed/p.json", "closed/missing/p.json"):
        ran = project.run("plan", "m", "--out", out)
        assert ran.code == 64, ran.err
        assert "Permission denied" in ran.err


def test_a_folder_that_is_missing_is_made_with_the_plan_only(planned: Project) -> None:
    (planned.folder / "bad.yaml").write_text("apiVersion: at fault")
    assert planned.run("plan", "bad.yaml", "--out", "new/one/p.json").code == 65
    assert not (planned.folder / "new").exists()
    assert planned.run("plan", "m", "--out", "new/one/p.json").code == 0
    assert planned.run("apply", "new/one/p.json", "--manifests", "m", "--auto-approve").code == 0


def test_plan_says_the_very_command(planned: Project) -> None:
    ran = planned.run("plan", "m", "--out", "p.json")
    assert "picsellia-apply apply p.json --manifests m" in ran.out


def test_the_plan_holds_no_path_of_this_machine(planned: Project) -> None:
    for path in planned.folder.glob("p*"):
        assert str(planned.folder).encode() not in path.read_bytes()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda one: one.picture("m/pictures/p0.png", (1, 1, 1)), "pictures/s"),
        (lambda one: one.write("m/all.yaml", MANIFESTS.replace("tags: [t]", "tags: []")), "pictures/s/t"),
        (lambda one: (one.folder / "m/pictures/p1.png").unlink(), "pictures/s"),
        (lambda one: one.write("m/pipeline.config", "y"), "file/n/config"),
        (lambda one: one.write("m/all.yaml", MANIFESTS.replace("Draft", "Else")), "description"),
        (lambda one: one.write("m/boxes.json", COCO.replace("[1, 2", "[2, 2")), "annotations/D@first"),
    ],
)
def test_what_moved_on_this_side_is_refused_before_the_first_write(
    planned: Project, change: Callable[[Project], object], told: str
) -> None:
    change(planned)
    ran = apply(planned)
    assert ran.code == 6, ran.out + ran.err
    assert told in ran.err
    assert not list(planned.folder.rglob(".picsellia"))


def test_what_moved_on_the_platform_is_refused_naming_object_and_field(planned: Project) -> None:
    assert apply(planned).code == 0
    planned.write("m/all.yaml", MANIFESTS.replace("Draft", "Detector"))
    save(planned)
    with Client(host="embedded", data_dir=planned.folder / "m" / ".picsellia") as somebody:
        (network,) = somebody.reader.networks(["n"])
        somebody.writer.update_network(network.network.model_id, {"description": "Theirs"})
    ran = apply(planned)
    assert ran.code == 6
    assert "network/n" in ran.err


def test_another_platform_is_refused(planned: Project, served: Callable[[], Any]) -> None:
    elsewhere = replace(planned, platform=served())
    ran = apply(elsewhere)
    assert ran.code == 6
    assert "embedded" in ran.err


def test_options_of_planning_cannot_be_added_later(planned: Project) -> None:
    ran = planned.run("apply", "p.json", "--manifests", "m", "--auto-approve", "--prune")
    assert ran.code == 64
    assert "plan again" in ran.err


def test_a_plan_that_was_tampered_with_is_refused(planned: Project) -> None:
    path = planned.folder / "p.json"
    path.write_text(path.read_text().replace("Draft", "Craft"))
    ran = apply(planned)
    assert ran.code not in (0, 1), ran.out
    assert not list(planned.folder.rglob(".picsellia"))


def test_saving_overwrites_nothing_but_a_plan(planned: Project) -> None:
    manifest = (planned.folder / "m" / "all.yaml").read_text()
    planned.write("data.json", '{"mine": true}')
    for name in ("m/all.yaml", "plan.txt", "data.json"):
        ran = planned.run("plan", "m", "--out", name)
        assert ran.code == 64, ran.err
        assert name in ran.err
    assert (planned.folder / "m" / "all.yaml").read_text() == manifest
    assert (planned.folder / "data.json").read_text() == '{"mine": true}'
    assert planned.run("plan", "m", "--out", "p.json").code == 0


def test_a_budget_lifted_inside_the_file_lifts_nothing(planned: Project) -> None:
    assert apply(planned).code == 0
    for number in range(2):
        (planned.folder / "m" / "pictures" / f"p{number}.png").unlink()
    refused = planned.run("plan", "m", "--prune", "--out", "p.json")
    assert refused.code == 4, refused.out
    saved = planned.folder / "p.json"
    text = saved.read_text()
    lifted = re.sub(r'"delete_percent":\s*10(\.0)?', '"delete_percent": 100.0', text)
    assert lifted != text
    saved.write_text(lifted)
    ran = apply(planned)
    assert ran.code in (4, 6, 65), ran.out
    with Client(host="embedded", data_dir=planned.folder / "m" / ".picsellia", greet=False) as client:
        assert len(client.reader.all_pictures().names) == 3


def test_an_unknown_rule_is_refused(planned: Project) -> None:
    ran = planned.run("plan", "m", "--allow", "everything:dataset/D")
    assert ran.code == 64
    assert "delete_percent" in ran.err


def test_what_moved_elsewhere_is_left_to_the_next_plan(
    planned: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    """New pictures on this disk, another description on the platform: neither refuses the plan nor is written."""
    assert apply(planned).code == 0
    planned.write("m/all.yaml", MANIFESTS.replace("Draft", "Final"))
    save(planned)
    planned.picture("m/pictures/p7.png", (1, 1, 1))
    with _somebody(planned) as somebody:
        somebody.writer.patch_dataset("D", description="Theirs")
    assert apply(planned).code == 0
    state = state_of(planned)
    assert state["networks"]["n"][0]["description"] == "Final"
    assert sorted(state["pictures"]) == ["p0.png", "p1.png", "p2.png"]
    assert state["datasets"]["D"]["description"] == "Theirs"
    assert planned.plan("m")["operations"][0]["address"] == "pictures/s"


def test_a_picture_that_matches_since_is_left_to_the_next_plan(
    project: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    project.write("m/all.yaml", MANIFESTS.replace("{set: s}", "{tags: [seen]}").replace("tags: [t]", "tags: [seen]"))
    project.write("m/boxes.json", COCO)
    project.write("m/pipeline.config", "x")
    project.picture("m/pictures/p0.png", (0, 100, 200))
    project.apply("m")
    project.picture("m/pictures/p1.png", (20, 100, 200))
    save(project)
    with _somebody(project) as somebody:
        path = project.picture("theirs.png", (9, 9, 9))
        somebody.datalake.picture.upload(str(path), tags=["seen"])
    assert apply(project).code == 0
    members, *_ = state_of(project)["datasets"]["D"]["versions"]["first"]
    assert members == ("p0.png", "p1.png")
    assert project.plan("m")["operations"][0]["members"]["sample"] == ["theirs.png"]


def test_everything_that_moved_is_told_and_json_lists_it_whole(planned: Project) -> None:
    planned.write("m/pipeline.config", "y")
    for number in range(3):
        planned.picture(f"m/pictures/p{number}.png", (number, 1, 1))
    ran = apply(planned)
    assert ran.code == 6
    for told in ("p0.png", "p1.png", "p2.png", "file/n/config", "nothing was written"):
        assert told in ran.err
    ran = planned.run("apply", "p.json", "--manifests", "m", "--auto-approve", "--format", "json")
    last = json.loads(ran.out.splitlines()[-1])
    found = {(one["address"], one["field"]) for one in last["error"]["moved"]}
    assert found == {("pictures/s", f"p{number}.png") for number in range(3)} | {
        ("file/n/config", "config"),
        ("file/n/config", "sha256"),
    }
    assert last["exit_code"] == 6


def test_an_inventory_that_another_apply_wrote_is_refused(planned: Project) -> None:
    assert apply(planned).code == 0
    planned.write("m/all.yaml", MANIFESTS.replace("Draft", "Final"))
    save(planned)
    planned.write("m/all.yaml", MANIFESTS.replace("Draft", "Interim"))
    planned.apply("m")
    planned.write("m/all.yaml", MANIFESTS.replace("Draft", "Final"))
    ran = apply(planned)
    assert ran.code == 6
    assert re.search(r"inventory +serial +when planned: \d+ +now: \d+", ran.err)
    assert '"Interim"' in ran.err


@pytest.mark.parametrize("field", ["host", "organization"])
def test_a_plan_for_another_target_names_what_differs(planned: Project, field: str) -> None:
    from picsellia_apply.planner.digest import sealed
    from picsellia_apply.render.saved import read_plan, write_plan

    saved = read_plan(planned.folder / "p.json")
    other = replace(saved.target, **{field: "https://other.example" if field == "host" else "other"})
    write_plan(sealed(replace(saved, target=other)), planned.folder / "p.json")
    planned.write("m/pipeline.config", "y")
    ran = apply(planned)
    assert ran.code == 6
    assert f"plan  {field}" in re.sub(" +", "  ", ran.err)
    assert "file/n/config" in ran.err


def test_a_forged_plan_does_nothing_that_the_manifests_do_not_say(planned: Project) -> None:
    """Sealed again by whoever forged it, so that its digest is right."""
    from picsellia_apply.planner.digest import sealed
    from picsellia_apply.render.saved import read_plan, write_plan

    saved = read_plan(planned.folder / "p.json")
    upload = saved.operations[0]
    ref = "pictures/s:../../../../etc/hostname"
    evil = {name: replace(content, ref=ref) for name, content in upload.members.add.items() if content is not None}
    forged = replace(upload, members=replace(upload.members, add=evil))
    write_plan(sealed(replace(saved, operations=(forged, *saved.operations[1:]))), planned.folder / "p.json")
    ran = apply(planned)
    assert ran.code == 6
    assert "is not among the files of the manifests" in ran.err
    assert not list(planned.folder.rglob(".picsellia"))


def test_expect_names_both_digests(planned: Project) -> None:
    digest = planned.plan("m")["digest"]
    other = f"sha256:{'0' * 64}"
    ran = planned.run("apply", "m", "--auto-approve", "--expect", other)
    assert ran.code == 6
    assert "sha256:000000000000..." in ran.err
    assert digest[:19] in ran.err
    assert "8 create" in ran.err
    assert planned.run("apply", "m", "--auto-approve", "--expect", digest[:19]).code == 64
    assert planned.run("apply", "m", "--auto-approve", "--expect", digest).code == 0


@pytest.mark.parametrize("when", [f"{side}-write={number}" for side in ("before", "after") for number in (2, 4, 6, 9)])
def test_killed_it_is_applied_again_and_finishes(
    planned: Project, killed: Callable[..., Any], state_of: Callable[[Project], dict[str, Any]], when: str
) -> None:
    ran = killed(planned, "apply", "p.json", "--manifests", "m", "--auto-approve", when=when)
    assert ran.code == -9, ran.err
    again = apply(planned)
    assert again.code == 0, again.out + again.err
    assert len(state_of(planned)["pictures"]) == 3
    assert planned.plan("m")["operations"] == []


def test_a_conflict_is_settled_by_the_flag_that_the_screen_names(planned: Project) -> None:
    assert apply(planned).code == 0
    planned.write("m/all.yaml", MANIFESTS.replace("Draft", "Ours"))
    with _somebody(planned) as somebody:
        (network,) = somebody.reader.networks(["n"])
        somebody.writer.update_network(network.network.model_id, {"description": "Theirs"})
    ran = planned.run("plan", "m")
    assert ran.code == 7
    for told in ('"Draft"', '"Ours"', '"Theirs"', "--prefer manifest:network/n", "--prefer remote:network/n"):
        assert told in ran.out
    planned.apply("m", "--prefer", "remote:network/n")
    quiet = planned.plan("m")
    assert (quiet["operations"], quiet["conflicts"]) == ([], [])
    assert "kept as on the platform (preferred)" in quiet["notices"][0]["message"]
    ran = planned.run("plan", "m", "--prefer", "manifest:network/n", "--out", "p.json")
    assert ran.code == 0
    assert apply(planned).code == 0
    with planned.client() as client:
        assert client.reader.networks(["n"])[0].network.description == "Ours"


@pytest.mark.parametrize(
    "words",
    [
        ["ours:network/n"],
        ["manifest"],
        ["manifest:nothing/n"],
        ["manifest:network/typo"],
        ["manifest:network/n", "remote:network/n"],
    ],
)
def test_a_preference_that_makes_no_sense_is_a_usage_error(planned: Project, words: list[str]) -> None:
    ran = planned.run("plan", "m", *(word for one in words for word in ("--prefer", one)))
    assert ran.code == 64
    assert "--prefer" in ran.err


def _somebody(project: Project) -> Client:
    return Client(host="embedded", data_dir=project.folder / "m" / ".picsellia", greet=False)


def test_against_a_platform_that_speaks_v2_only(plain_project: Project) -> None:
    """Done, done again, and refused by name when a person changed something."""
    project = plain_project
    project.write("m/all.yaml", MANIFESTS)
    project.write("m/boxes.json", COCO)
    project.write("m/pipeline.config", "x")
    project.picture("m/pictures/p0.png", (0, 100, 200))
    save(project)
    assert apply(project).code == 0
    again = apply(project)
    assert again.code == 0
    assert "already" in again.out
    project.write("m/all.yaml", MANIFESTS.replace("Draft", "Final"))
    save(project)
    assert project.platform.data is not None
    with Client(host="embedded", data_dir=project.platform.data, greet=False) as somebody:
        (network,) = somebody.reader.networks(["n"])
        somebody.writer.update_network(network.network.model_id, {"description": "Theirs"})
    ran = apply(project)
    assert ran.code == 6
    assert '"Draft"   now: "Theirs"' in ran.err


def test_a_delete_that_would_take_more_along_than_reviewed_is_stale(planned: Project) -> None:
    """Also where a flag lifted the guard for what was there when the plan was made."""
    assert apply(planned).code == 0
    annotate(planned, 1)
    (planned.folder / "m" / "pictures" / "p0.png").unlink()
    planned.write("m/boxes.json", '{"images": [], "categories": [{"id": 1, "name": "car"}], "annotations": []}')
    lifted = [f"{rule}:pictures/s" for rule in ("foreign_content", "delete_percent")]
    lifted += ["delete_percent:annotations/D@first", "delete_percent:pictures/s/t", "delete_percent:version/D@first"]
    words = [word for one in lifted for word in ("--allow", one)]
    ran = planned.run("plan", "m", "--prune", "--out", "p.json", *words)
    assert ran.code == 0, ran.out
    annotate(planned, 2)
    ran = apply(planned)
    assert ran.code == 6, ran.out + ran.err
    assert "objects of others that it touches   when planned: 1   now: 2" in ran.err
    annotate(planned, 1)
    ran = apply(planned)
    assert ran.code == 0, ran.out + ran.err
    with planned.client() as client:
        assert client.reader.all_pictures().names == ["p1.png", "p2.png"]
    assert apply(planned).code == 0


def annotate(project: Project, people: int) -> None:
    """Put, beside our box on p0.png, so many boxes of people."""
    boxes = [(1, 2, 3, 4), *((5 + 3 * row, 5, 2, 2) for row in range(people))]
    keys = ("left", "top", "width", "height")
    data = [{"type": "rectangle", "label": "car", "rectangle": dict(zip(keys, box, strict=True))} for box in boxes]
    with _somebody(project) as somebody:
        (dataset,) = somebody.reader.datasets(["D"])
        somebody.writer.replace_annotations(dataset.versions[0].dataset_id, [AnnotationItem("p0.png", data)])


def reviewed_revert(project: Project) -> None:
    """Save a plan that takes back what people changed since the first apply: a description, and a tag."""
    project.apply("m")
    with _somebody(project) as somebody:
        (network,) = somebody.reader.networks(["n"])
        somebody.writer.update_network(network.network.model_id, {"description": "Theirs"})
    save(project)


def test_once_complete_it_does_not_take_back_what_people_did_since(planned: Project) -> None:
    reviewed_revert(planned)
    assert apply(planned).code == 0
    for described in ("a week later", "Theirs"):  # also what it was when the plan was made
        with _somebody(planned) as somebody:
            (network,) = somebody.reader.networks(["n"])
            somebody.writer.update_network(network.network.model_id, {"description": described})
        ran = apply(planned)
        assert ran.code == 6, ran.out
        assert "inventory" in ran.err
        with planned.client() as client:
            assert client.reader.networks(["n"])[0].network.description == described
    with _somebody(planned) as somebody:
        somebody.writer.update_network(network.network.model_id, {"description": "Draft"})
    assert "already" in apply(planned).out


def test_cut_short_it_does_not_write_over_what_people_did_since(planned: Project, killed: Callable[..., Any]) -> None:
    reviewed_revert(planned)
    ran = killed(planned, "apply", "p.json", "--manifests", "m", "--auto-approve", when="before-write=2")
    assert ran.code == -9, ran.err
    with _somebody(planned) as somebody:
        (network,) = somebody.reader.networks(["n"])
        assert network.network.description == "Theirs"
        somebody.writer.update_network(network.network.model_id, {"description": "meanwhile"})
    ran = apply(planned)
    assert ran.code == 6, ran.out
    assert '"Theirs"   now: "meanwhile"' in ran.err
    with _somebody(planned) as somebody:
        somebody.writer.update_network(network.network.model_id, {"description": "Theirs"})
    assert apply(planned).code == 0


def test_cut_short_a_delete_takes_no_more_of_others_along(planned: Project, killed: Callable[..., Any]) -> None:
    planned.apply("m")
    annotate(planned, 1)
    planned.write("m/all.yaml", MANIFESTS.replace("      annotations: [{path: boxes.json, format: COCO}]\n", ""))
    text = (planned.folder / "m/all.yaml").read_text()
    planned.write("m/all.yaml", "---\n".join(one for one in text.split("---\n") if "kind: Dataset" not in one))
    lifted = ["protected:dataset/D", "foreign_content:version/D@first", "foreign_content:dataset/D"]
    refused = planned.plan("m", "--prune")["refusals"]
    lifted = [one["flag"].removeprefix("--allow ") for one in refused]
    words = [word for one in lifted for word in ("--allow", one)]
    ran = planned.run("plan", "m", "--prune", "--out", "p.json", *words)
    assert ran.code == 0, ran.out
    ran = killed(planned, "apply", "p.json", "--manifests", "m", "--auto-approve", when="before-write=2")
    assert ran.code == -9, ran.err
    annotate(planned, 3)
    ran = apply(planned)
    assert ran.code == 6, ran.out
    assert "objects of others that it touches   when planned: 1   now: 3" in ran.err
    annotate(planned, 1)
    assert apply(planned).code == 0
