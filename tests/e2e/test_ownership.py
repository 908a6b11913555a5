"""What is ours and what is people's: deletes, guards, drift, annotations made by hand, workspaces side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from picsellia_apply.client import Client
from picsellia_apply.model.annotation import texts_of, wire_of
from picsellia_apply.wire.extension import AnnotationItem
from tests.e2e.documents import COCO, DATASET

if TYPE_CHECKING:
    from tests.e2e.conftest import Project, Ran

SET = """\
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {name: s}
spec: {from: pictures, tags: [t, extra]}
"""
NETWORK = """\
apiVersion: picsellia-apply/v1
kind: Network
metadata: {name: n}
spec: {type: detection, description: x, files: {config: pipeline.config}}
"""
BY_HAND = {"type": "rectangle", "label": "car", "rectangle": {"left": 9, "top": 8, "width": 4, "height": 3}}


def fill(project: Project) -> None:
    project.write("set.yaml", SET)
    project.write("dataset.yaml", DATASET)
    project.write("network.yaml", NETWORK)
    project.write("boxes.json", COCO)
    project.write("pipeline.config", "x")
    for number in range(3):
        project.picture(f"pictures/p{number}.png", (number * 20, 100, 200))


@contextmanager
def somebody(project: Project) -> Iterator[Client]:
    """Another person on the same lake."""
    with Client(host="embedded", data_dir=project.folder / ".picsellia") as client:
        yield client


def notices(plan: Any) -> set[tuple[str, str]]:
    return {(one["kind"], one["address"]) for one in plan["notices"]}


def test_nothing_is_deleted_unless_asked_and_a_guard_names_the_flag(
    project: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    fill(project)
    project.apply()
    (project.folder / "network.yaml").unlink()
    assert project.plan()["operations"] == []
    planned = project.plan("--prune")
    assert {one["action"] for one in planned["operations"]} == {"delete"}
    refused = project.run("apply", "--auto-approve", "--prune")
    assert refused.code == 4, refused.out
    assert set(state_of(project)["networks"]) == {"n"}
    flags = [word for one in planned["refusals"] for word in one["flag"].split(" ", 1)]
    project.apply("--prune", *flags)
    state = state_of(project)
    assert state["networks"] == {}
    assert len(state["pictures"]) == 3
    assert project.plan("--prune")["operations"] == []


def test_what_others_made_is_adopted_and_never_deleted(
    project: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    fill(project)
    project.write("set.yaml", SET.replace(", extra", ""))
    project.apply()
    with somebody(project) as client:
        client.writer.create_network("theirs", "detection")
    project.write("theirs.yaml", NETWORK.replace("{name: n}", "{name: theirs}").replace("description: x, ", ""))
    assert ("adopt", "network/theirs") in notices(project.plan())
    project.apply()
    (project.folder / "theirs.yaml").unlink()
    assert all(one["address"] != "network/theirs" for one in project.plan("--prune")["operations"])
    assert "theirs" in state_of(project)["networks"]


def test_a_picture_that_a_person_deleted_stays_deleted(
    project: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    fill(project)
    project.apply()
    with somebody(project) as client:
        client.writer.delete_pictures(list(client.writer.picture_ids(["p2.png"]).values()))
    plan = project.plan()
    assert plan["operations"] == []
    assert ("drift", "pictures/s") in notices(plan)
    project.apply()
    assert set(state_of(project)["pictures"]) == {"p0.png", "p1.png"}
    project.write("set.yaml", SET.replace("from: pictures", "from: pictures, restore: true"))
    project.apply()
    assert set(state_of(project)["pictures"]) == {"p0.png", "p1.png", "p2.png"}
    assert project.plan()["operations"] == []


def test_objects_drawn_by_people_are_kept_when_the_file_changes(
    project: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    fill(project)
    project.apply()
    with somebody(project) as client:
        (info,) = client.reader.datasets(["D"])
        dataset_id = info.versions[0].dataset_id
        held = client.reader.annotations(dataset_id, ["p0.png"])["p0.png"]
        data, _ = wire_of(held)
        client.writer.replace_annotations(dataset_id, [AnnotationItem("p0.png", [*data, BY_HAND])])
    assert project.plan()["operations"] == []
    project.write("boxes.json", COCO.replace("[1, 2, 3, 4]", "[1, 2, 3, 5]"))
    project.apply()
    texts = state_of(project)["datasets"]["D"]["versions"]["first"][2]["p0.png"]
    assert texts_of([BY_HAND])[0] in texts
    assert len(texts) == 2
    assert project.plan()["operations"] == []


def test_drift_of_structure_is_reverted_and_both_moving_is_a_conflict(project: Project) -> None:
    fill(project)
    project.apply()
    with somebody(project) as client:
        (network,) = client.reader.networks(["n"])
        client.writer.update_network(network.network.model_id, {"description": "theirs"})
    (operation,) = project.plan()["operations"]
    assert "drift" in operation["reason"]
    project.write("network.yaml", NETWORK.replace("description: x", "description: y"))
    project.write("pipeline.config", "new")
    assert [one["address"] for one in project.plan()["conflicts"]] == ["network/n"]
    applied = project.run("apply", "--auto-approve")
    assert applied.code == 7, applied.out
    plan = project.plan()
    assert plan["operations"] == []
    assert len(plan["conflicts"]) == 1


def test_a_dropped_tag_goes_only_under_prune_and_only_where_we_put_it(
    project: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    fill(project)
    project.apply()
    with somebody(project) as client:
        client.writer.tag(["theirs"], list(client.writer.picture_ids(["p0.png"]).values()))
    project.write("set.yaml", SET.replace(", extra", ""))
    plan = project.plan()
    assert plan["operations"] == []
    planned = project.plan("--prune")
    assert [one["address"] for one in planned["operations"]] == ["pictures/s/extra"]
    flags = [word for one in planned["refusals"] for word in one["flag"].split(" ", 1)]
    project.apply("--prune", *flags)
    tags = {name: its for name, (_, its) in state_of(project)["pictures"].items()}
    assert tags == {"p0.png": {"t", "theirs"}, "p1.png": {"t"}, "p2.png": {"t"}}


def flags_of(plan: Any) -> list[str]:
    return [word for one in plan["refusals"] for word in one["flag"].split(" ", 1)]


def test_a_picture_that_others_use_is_not_deleted_unseen(project: Project) -> None:
    fill(project)
    project.write("dataset.yaml", "")
    project.apply()
    with somebody(project) as client:
        ids = list(client.writer.picture_ids(["p0.png", "p1.png"]).values())
        dataset_id = client.writer.create_version("THEIRS", "first", ids)
        client.writer.create_label(dataset_id, "car", "rectangle")
        client.writer.replace_annotations(dataset_id, [AnnotationItem("p0.png", [BY_HAND, BY_HAND])])
    (project.folder / "pictures/p0.png").unlink()
    plan = project.plan("--prune")
    (refusal,) = [one for one in plan["refusals"] if one["rule"] == "foreign_content"]
    assert refusal["address"] == "pictures/s"
    assert refusal["message"].endswith("1 picture in a version and 2 objects\nnamely what THEIRS@first holds")
    assert project.run("apply", "--auto-approve", "--prune").code == 4
    project.apply("--prune", *flags_of(plan))
    with somebody(project) as client:
        assert client.reader.version_members(dataset_id) == ("p1.png",)


def test_objects_of_people_are_counted_where_annotations_are_unmanaged(project: Project) -> None:
    fill(project)
    project.write("dataset.yaml", DATASET.replace("      annotations: [{path: boxes.json, format: COCO}]\n", ""))
    project.apply()
    with somebody(project) as client:
        (info,) = client.reader.datasets(["D"])
        client.writer.replace_annotations(info.versions[0].dataset_id, [AnnotationItem("p0.png", [BY_HAND])])
    (project.folder / "dataset.yaml").unlink()
    refusals = {one["rule"]: one["message"] for one in project.plan("--prune")["refusals"]}
    told = "it takes along what is not ours: 1 object\nnamely annotation of p0.png"
    assert refusals["foreign_content"] == told


def test_fields_that_are_dropped_are_let_go_and_fields_that_are_emptied_are_cleared(
    project: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    fill(project)
    project.apply()
    before = state_of(project)
    project.write("network.yaml", NETWORK.replace("{config: pipeline.config}", "{}"))
    assert [one["address"] for one in project.plan("--prune")["operations"]] == ["file/n/config"]
    project.write("dataset.yaml", DATASET.replace("      annotations: [{path: boxes.json, format: COCO}]\n", ""))
    project.write("network.yaml", NETWORK.replace(", files: {config: pipeline.config}", ""))
    plan = project.plan("--prune")
    assert plan["operations"] == []
    assert notices(plan) == {("kept", "annotations/D@first"), ("kept", "file/n/config")}
    project.apply("--prune")
    assert (state_of(project), project.plan("--prune")["notices"]) == (before, [])


def test_another_picture_of_the_same_name_is_left_alone(
    project: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    fill(project)
    other = project.picture("other/p0.png", (1, 2, 3))
    (project.folder / ".picsellia").mkdir()
    with somebody(project) as client:
        client.datalake.picture.upload(str(other), tags=["theirs"])
    applied = project.run("apply", "--auto-approve")
    assert applied.code == 7, applied.out + applied.err
    state = state_of(project)
    assert state["pictures"]["p0.png"][1] == {"theirs"}
    assert state["datasets"]["D"]["versions"]["first"][0] == ("p1.png", "p2.png")
    plan = project.plan()
    assert (plan["operations"], [one["sample"] for one in plan["blocked"]]) == ([], [["p0.png"]])


def test_a_dataset_to_which_somebody_added_a_version_is_kept_and_forgotten(
    project: Project, state_of: Callable[[Project], dict[str, Any]]
) -> None:
    fill(project)
    project.apply()
    with somebody(project) as client:
        ids = list(client.writer.picture_ids(["p2.png"]).values())
        client.writer.create_version("D", "theirs", ids)
    (project.folder / "dataset.yaml").unlink()
    plan = project.plan("--prune")
    assert ("kept", "dataset/D") in notices(plan)
    project.apply("--prune", *flags_of(plan))
    assert set(state_of(project)["datasets"]["D"]["versions"]) == {"theirs"}
    again = project.plan("--prune")
    assert (again["operations"], again["notices"]) == ([], [])


def test_annotations_that_a_killed_apply_wrote_are_ours(project: Project, killed: Callable[..., Ran]) -> None:
    fill(project)
    project.apply()
    second = COCO.replace('"images": [', '"images": [{"id": 2, "file_name": "p1.png", "width": 16, "height": 12}, ')
    extra = '{"id": 2, "image_id": 2, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0}, '
    project.write("boxes.json", second.replace('"annotations": [', f'"annotations": [{extra}'))
    assert killed(project, "apply", "--auto-approve", when="after-write=2").code == -9
    project.apply()
    project.write("dataset.yaml", DATASET.replace("[{path: boxes.json, format: COCO}]", "[]"))
    (operation,) = project.plan("--prune")["operations"]
    assert (operation["address"], operation["members"]["remove"]) == ("annotations/D@first", 2)
