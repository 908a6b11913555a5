"""`export` on the real command line: what is on a platform as manifests, and what it may never touch."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from picsellia_apply.client.upload import PictureFile
from tests.e2e.conftest import Platform, Project
from tests.e2e.test_drift import applied, edit, person, picture

State = Callable[[Project], dict[str, Any]]
OTHER = """\
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {name: other}
spec: {from: ./pictures}
"""


def exported(project: Project, *options: str) -> dict[str, bytes]:
    """Export into `out`, and return the files."""
    ran = project.run("export", "--out", "out", *options)
    assert ran.code == 0, ran.err
    return files(project)


def files(project: Project) -> dict[str, bytes]:
    out = project.folder / "out"
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.mark.parametrize("options", [(), ("--download",)])
def test_a_plan_of_an_export_has_nothing_to_do(any_project: Project, options: tuple[str, ...]) -> None:
    edit(applied(any_project))
    exported(any_project, *options)
    assert any_project.run("validate", "out").code == 0
    plan = any_project.plan("out", "--workspace", "lab")
    assert (plan["operations"], plan["blocked"], plan["refusals"]) == ([], [], [])


def test_an_export_reads_only_and_says_what_is_left_out(project: Project, state_of: State) -> None:
    edit(applied(project))
    before = state_of(project)
    ran = project.run("export", "--out", "out")
    assert ran.out == ""
    assert "not exported: bytes of pictures and files of networks: `--download` fetches them" in ran.err
    assert ran.err.endswith("Next: picsellia-apply plan out --embedded\n")
    assert state_of(project) == before


def test_the_same_lake_gives_the_same_bytes(project: Project) -> None:
    edit(applied(project))
    first = exported(project)
    assert exported(project) == first
    shutil.rmtree(project.folder / "out")
    assert exported(project) == first


def test_without_a_folder_the_manifests_go_to_stdout(project: Project) -> None:
    edit(applied(project))
    ran = project.run("export")
    assert ran.code == 0
    assert ran.out.count("apiVersion: picsellia-apply/v1") == 5
    assert "`--out DIR` writes them" in ran.err
    assert not (project.folder / "pictures.yaml").exists()


def test_an_export_with_its_bytes_makes_the_same_lake_elsewhere(
    any_project: Project, state_of: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(applied(any_project))
    with person(any_project) as client:
        client.network.get("yolo")
        weights = any_project.write("weights.bin", b"\0weights")
        client.network.store("model-latest", str(weights))
    exported(any_project, "--download")
    elsewhere = Project(tmp_path / "elsewhere", type(any_project.platform)(), monkeypatch)
    shutil.copytree(any_project.folder / "out", elsewhere.folder / "out")
    workspace = elsewhere.folder / "out/workspace.yaml"
    lines = [row for row in workspace.read_text().splitlines() if "host:" not in row and "organization:" not in row]
    workspace.write_text("\n".join(lines) + "\n")
    ran = elsewhere.run("apply", "out", "--auto-approve")
    assert ran.code == 0, ran.out + ran.err
    assert state_of(elsewhere) == state_of(any_project)


def test_names_that_no_file_can_have_come_back_as_they_are(project: Project, state_of: State) -> None:
    applied(project)
    with person(project) as client:
        for name in ("A.png", ".hidden.png"):
            client.datalake.picture.upload(str(project.picture(f"more/{name}", (len(name), 1, 1))))
    made = exported(project, "--download")
    assert project.plan("out", "--workspace", "lab")["operations"] == []
    names = made["index/untagged.names"].decode().splitlines()[1:]
    assert names == ['"_.hidden~04a7ce19.png" ".hidden.png"'] or len(names) == 1
    assert set(state_of(project)["pictures"]) == {"a.png", "b.png", "c.png", "d.png", "A.png", ".hidden.png"}


def test_one_dataset_or_one_tag(project: Project) -> None:
    applied(project)
    with person(project) as client:
        client.datalake.picture.upload(str(project.picture("more/z.png", (1, 1, 1))), tags=["night"])
    made = exported(project, "--dataset", "Blood")
    assert b"z.png" not in b"".join(made.values())
    assert not any(path.startswith("networks/") for path in made)
    shutil.rmtree(project.folder / "out")
    made = exported(project, "--tag", "night")
    assert set(made) == {".picsellia-export.json", "workspace.yaml", "pictures.yaml", "index/pictures.index"}
    assert project.run("export", "--dataset", "blood").code == 64
    assert project.run("export", "--tag", "day").code == 64


def test_what_is_gone_from_the_platform_goes_from_the_folder_too(project: Project) -> None:
    applied(project)
    first = exported(project, "--download")
    with person(project) as client:
        client.datalake.picture.delete([picture(client, "b.png")])
    again = exported(project, "--download")
    assert set(first) - set(again) == {"pictures/pictures/b.png"}
    assert project.plan("out", "--workspace", "lab")["operations"] == []


def test_a_folder_of_others_is_never_written_to(project: Project) -> None:
    applied(project)
    project.write("out/mine.txt", "mine")
    ran = project.run("export", "--out", "out")
    assert ran.code == 64
    assert "holds files that export did not write" in ran.err
    assert files(project) == {"mine.txt": b"mine"}


def test_a_file_that_somebody_changed_is_never_overwritten(project: Project) -> None:
    edit(applied(project))
    exported(project)
    project.write("out/datasets/Blood.yaml", "mine")
    before = files(project)
    ran = project.run("export", "--out", "out")
    assert ran.code == 64
    assert "`datasets/Blood.yaml`" in ran.err
    assert files(project) == before


def test_a_file_beside_the_export_stays(project: Project) -> None:
    applied(project)
    exported(project)
    project.write("out/NOTES.md", "mine")
    assert exported(project)["NOTES.md"] == b"mine"


def test_nothing_is_written_through_a_link_that_leads_out(project: Project, tmp_path: Path) -> None:
    applied(project)
    exported(project)
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.rmtree(project.folder / "out/datasets")
    (project.folder / "out/datasets").symlink_to(outside)
    ran = project.run("export", "--out", "out")
    assert ran.code == 64
    assert "leads out of the folder" in ran.err
    assert not list(outside.iterdir())


def test_a_file_that_somebody_removed_comes_back(project: Project) -> None:
    applied(project)
    whole = exported(project, "--download")
    (project.folder / "out/pictures/pictures/c.png").unlink()
    (project.folder / "out/datasets/Blood.yaml").unlink()
    assert exported(project, "--download") == whole


@pytest.mark.parametrize("key", ["../precious.txt", "/ABSOLUTE"])
def test_a_list_of_somebody_elses_making_removes_nothing(project: Project, key: str) -> None:
    applied(project)
    precious = project.write("precious.txt", "mine")
    listed = {key.replace("/ABSOLUTE", str(precious)): None}
    project.write("out/.picsellia-export.json", json.dumps({"format_version": 3, "files": {}, "begun": listed}))
    ran = project.run("export", "--out", "out")
    assert ran.code == 64
    assert "which no export writes" in ran.err
    assert precious.read_text() == "mine"


def test_bytes_that_are_no_picture_are_left_out(project: Project) -> None:
    applied(project)
    with person(project) as client:
        path = project.write("broken.png", b"no picture")
        sha = hashlib.sha256(b"no picture").hexdigest()
        client.writer.upload_pictures([PictureFile("broken.png", path, sha, 10, 4, 4)])
    ran = project.run("export", "--out", "out", "--download")
    assert "1 whose bytes are no picture: `broken.png`" in ran.err
    assert project.run("validate", "out").code == 0
    assert project.plan("out", "--workspace", "lab")["operations"] == []


def test_a_download_needs_a_folder_and_stays_one(project: Project) -> None:
    applied(project)
    assert project.run("export", "--download").code == 64
    exported(project, "--download")
    ran = project.run("export", "--out", "out")
    assert ran.code == 64
    assert "was exported with `--download`" in ran.err


def test_labels_stand_with_the_version_where_versions_differ(project: Project) -> None:
    applied(project)
    with person(project) as client:
        client.datalake.dataset.fetch("Blood", "first")
        client.datalake.dataset.new_version("Blood", "second", pictures=[picture(client, "a.png")])
        client.datalake.dataset.fetch("Blood", "second")
        client.datalake.dataset.create_labels("WBC", "polygon")
    made = exported(project)
    assert made["datasets/Blood.yaml"].decode().count("labels:") == 2
    assert project.plan("out", "--workspace", "lab")["operations"] == []


def test_a_platform_that_shows_little_is_exported_as_far_as_it_shows(plain_project: Project) -> None:
    edit(applied(plain_project))
    exported(plain_project)
    plan = plain_project.plan("out", "--workspace", "lab")
    assert (plan["operations"], plan["blocked"], plan["conflicts"]) == ([], [], [])
    shutil.rmtree(plain_project.folder / "out")
    made = exported(plain_project, "--download")
    assert [path for path in made if path.startswith("pictures/")]
    plan = plain_project.plan("out", "--workspace", "lab")
    assert (plan["operations"], plan["blocked"], plan["conflicts"]) == ([], [], [])


def test_a_narrower_export_never_thins_out_a_folder(project: Project) -> None:
    edit(applied(project))
    before = exported(project)
    ran = project.run("export", "--out", "out", "--tag", "b\nc")
    assert ran.code == 64
    assert "`out` holds an export of everything, and --tag 'b\\x0ac' is asked for" in ran.err
    assert files(project) == before
    ran = project.run("export", "--out", "few", "--dataset", "Blood")
    assert ran.code == 0, ran.err
    again = project.run("export", "--out", "few", "--dataset", "Blood")
    assert again.code == 0, again.err
    wider = project.run("export", "--out", "few")
    assert wider.code == 64
    assert "holds an export of --dataset Blood, and everything is asked for" in wider.err


def test_an_export_of_another_lake_into_the_folder_is_refused(project: Project, tmp_path: Path) -> None:
    applied(project)
    before = exported(project, "--download")
    other = Project(tmp_path / "other", project.platform, project.monkeypatch)
    other.picture("pictures/other.png", (1, 2, 3))
    other.write("all.yaml", OTHER)
    other.apply()
    ran = other.run("export", "--out", str(project.folder / "out"), "--download")
    assert ran.code == 64, ran.err
    told = r"holds an export of the embedded lake [0-9a-f]{8}, and the embedded lake [0-9a-f]{8} is asked for"
    assert re.search(told, ran.err)
    assert "hint: give another folder: " in ran.err
    assert files(project) == before
    assert exported(project, "--download") == before


def test_an_export_of_a_server_never_becomes_that_of_the_embedded_lake(
    project: Project, served: Callable[..., Platform]
) -> None:
    server = replace(project, platform=served())
    applied(server)
    before = exported(server)
    project.apply("all.yaml")
    ran = project.run("export", "--out", "out")
    assert ran.code == 64, ran.err
    assert f"at {server.platform.options[1]}, and the embedded lake " in ran.err
    assert "`--host` or PICSELLIA_HOST" in ran.err
    assert files(project) == before
    token = server.platform.environ["PICSELLIA_TOKEN"].encode()
    assert not [path for path, data in before.items() if token in data]


@pytest.mark.parametrize("options", [(), ("--out", "../project/out", "--download")])
def test_a_lake_that_is_not_there_is_not_exported(project: Project, tmp_path: Path, options: tuple[str, ...]) -> None:
    applied(project)
    before = exported(project, "--download")
    elsewhere = Project(tmp_path / "elsewhere", project.platform, project.monkeypatch)
    elsewhere.folder.mkdir()
    ran = elsewhere.run("export", *options)
    assert (ran.code, ran.out) == (64, "")
    assert ran.err == (
        "error: there is no lake at or above the current folder\n"
        "  hint: run it from the project's folder, or name a platform: `--host URL` or PICSELLIA_HOST\n"
    )
    assert not list(elsewhere.folder.iterdir())
    assert files(project) == before


def test_a_data_folder_without_a_lake_is_none(project: Project) -> None:
    project.write(".picsellia/inventory/other.json", "{}")
    (project.folder / "below").mkdir()
    ran = replace(project, folder=project.folder / "below").run("export", "--out", "out")
    assert ran.code == 64
    assert "error: `../.picsellia` holds no lake" in ran.err
    assert not (project.folder / ".picsellia/lake").exists()


def test_an_export_from_below_the_project_finds_its_lake(project: Project) -> None:
    applied(project)
    (project.folder / "below").mkdir()
    ran = replace(project, folder=project.folder / "below").run("export", "--out", "out")
    assert ran.code == 0, ran.err
    assert ran.err.endswith("Next: picsellia-apply plan out --embedded\n")


def test_names_of_the_platform_are_spelled_out_on_stderr(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    applied(project)
    monkeypatch.setattr("picsellia_apply.export.layout._workspace", _hostile_owner)
    ran = project.run("export", "--out", "out")
    assert "not exported: owner \\x1b]0;HACKED\\x07 \\u202e" in ran.err
    assert "\x1b" not in ran.err


def _hostile_owner(export: Any, content: Any, wish: Any) -> str:
    export.left_out.append("owner \x1b]0;HACKED\x07 \u202e")
    return "lab"
