"""Sets with an index: what counts where pictures are absent, are pointers, or are here and differ."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from picsellia_apply.errors import Diagnostic, InvalidInput, UsageError
from picsellia_apply.local import StatCache, hash_file
from picsellia_apply.manifest import load
from picsellia_apply.manifest.bytes import bytes_by_ref
from picsellia_apply.manifest.index import require_pictures, told_here
from picsellia_apply.manifest.indexing import SetIndex, Wanted, indexes_of, write_index
from picsellia_apply.model.declaration import Declaration, LocalPictures
from picsellia_apply.model.plan import Bytes, Members, Operation

HEAD = "apiVersion: picsellia-apply/v1\nkind: PictureSet\nmetadata: {name: cells}\n"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"


def picture(path: Path, color: str = "red", size: tuple[int, int] = (8, 6), turn: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", size, color)
    exif = image.getexif()
    exif[0x0112] = turn
    image.save(path, exif=exif)
    return path


def project(folder: Path, spec: str = "from: pictures, index: cells.index", *names: str) -> Path:
    for number, name in enumerate(names or ("a.jpg", "b.jpg", "sub/c.jpg")):
        picture(folder / "pictures" / name, ["red", "green", "blue"][number % 3], turn=6 if number == 1 else 1)
    manifest(folder, spec)
    return folder


def manifest(folder: Path, spec: str) -> None:
    (folder / "m.yaml").write_text(f"{HEAD}spec: {{{spec}}}\n")


def indexed(folder: Path) -> Path:
    """Write the indexes of a project."""
    for one in indexes(folder):
        write_index(one)
    return folder


def indexes(folder: Path, *names: str, as_is: bool = False) -> tuple[SetIndex, ...]:
    return indexes_of([folder], Wanted(names, as_is=as_is), StatCache(None))[0]


def loaded(folder: Path) -> Declaration:
    return load([folder], cache=StatCache(None))


def pictures(folder: Path) -> LocalPictures:
    return loaded(folder).picture_sets[0].pictures


def known(found: LocalPictures) -> tuple[object, ...]:
    """Return everything but the paths of this machine."""
    return found.names, found.files, found.sha256, found.sizes, found.widths, found.heights, found.orientations


def faults(folder: Path) -> list[Diagnostic]:
    with pytest.raises(InvalidInput) as caught:
        loaded(folder)
    return list(caught.value.diagnostics)


def codes(found: Declaration) -> list[str]:
    return [one.code for one in found.findings]


def pointed(folder: Path) -> None:
    """Put a git-lfs pointer where each picture is."""
    for path in (folder / "pictures").rglob("*.jpg"):
        path.write_text(POINTER.format(*hash_file(path)))


def test_an_absent_folder_is_what_the_index_says(tmp_path: Path) -> None:
    here = pictures(indexed(project(tmp_path)))
    assert all(here.paths)
    assert here.orientations == (1, 6, 1)
    shutil.rmtree(tmp_path / "pictures")
    declaration = loaded(tmp_path)
    assert known(declaration.picture_sets[0].pictures) == known(here)
    assert declaration.picture_sets[0].pictures.paths == ("", "", "")
    assert codes(declaration) == []
    assert bytes_by_ref(declaration) == {}


@pytest.mark.parametrize("left", [".gitkeep", "README.md", "sub/.gitignore"])
def test_a_folder_without_pictures_is_as_good_as_none(tmp_path: Path, left: str) -> None:
    here = pictures(indexed(project(tmp_path)))
    shutil.rmtree(tmp_path / "pictures")
    (tmp_path / "pictures/sub").mkdir(parents=True)
    (tmp_path / "pictures" / left).write_text("x")
    assert known(pictures(tmp_path)) == known(here)


def test_a_pointer_is_what_the_index_says(tmp_path: Path) -> None:
    here = pictures(indexed(project(tmp_path)))
    pointed(tmp_path)
    picture(tmp_path / "pictures/a.jpg")  # this one was pulled
    declaration = loaded(tmp_path)
    found = declaration.picture_sets[0].pictures
    assert known(found) == known(here)
    assert [bool(path) for path in found.paths] == [True, False, False]
    assert codes(declaration) == []


def test_a_pointer_that_the_index_does_not_have_so_is_an_error(tmp_path: Path) -> None:
    indexed(project(tmp_path))
    pointed(tmp_path)
    (tmp_path / "pictures/a.jpg").write_text(POINTER.format("0" * 64, 5))
    (tmp_path / "pictures/sub/c.jpg").rename(tmp_path / "pictures/d.jpg")
    found = faults(tmp_path)
    assert [(one.code, one.message) for one in found] == [
        ("P034", "1 git-lfs pointer is not in the index: `d.jpg`"),
        ("P034", "1 git-lfs pointer is of other bytes than the index says: `a.jpg`"),
        ("P039", "1 picture of the index is not on this machine and counts all the same: `sub/c.jpg`"),
    ]
    assert all("picsellia-apply index" in one.hint for one in found)
    (one,) = indexes(tmp_path, as_is=True)
    assert not one.same
    assert "`d.jpg`" in one.difference


def test_without_an_index_pointers_stay_an_error(tmp_path: Path) -> None:
    indexed(project(tmp_path))
    pointed(tmp_path)
    manifest(tmp_path, "from: pictures")
    assert [one.code for one in faults(tmp_path)] == ["P004"]


def test_a_broken_pointer_is_an_error_with_an_index_too(tmp_path: Path) -> None:
    indexed(project(tmp_path))
    (tmp_path / "pictures/a.jpg").write_text(POINTER.format("zz", 5))
    assert [one.code for one in faults(tmp_path)] == ["P004"]


def test_pictures_that_are_here_count_and_the_difference_is_told(tmp_path: Path) -> None:
    indexed(project(tmp_path))
    picture(tmp_path / "pictures/a.jpg", "white")
    picture(tmp_path / "pictures/new.jpg", "black")
    (tmp_path / "pictures/b.jpg").unlink()
    declaration = loaded(tmp_path)
    found = declaration.picture_sets[0].pictures
    assert dict(zip(found.names, map(bool, found.paths), strict=True)) == {
        "a.jpg": True, "b.jpg": False, "c.jpg": True, "new.jpg": True,
    }  # fmt: skip
    told, finding = declaration.findings
    assert (finding.code, finding.count, str(finding.position)) == ("P039", 1, f"{tmp_path}/m.yaml:4:31")
    assert finding.hint == (
        "if it was deleted on purpose, run `picsellia-apply index` where the pictures are, and commit the file"
    )
    assert (told.code, told.count, told.position) == ("P033", 2, finding.position)
    assert told.message == (
        "the index `cells.index` is not what the pictures are: 1 new: `new.jpg`; 1 changed: `a.jpg`"
    )
    assert "`picsellia-apply index`" in told.hint


def test_a_part_of_the_pictures_is_as_good_as_all_or_none(tmp_path: Path) -> None:
    here = pictures(indexed(project(tmp_path)))
    for name in ("a.jpg", "sub/c.jpg"):
        (tmp_path / "pictures" / name).unlink()
    declaration = loaded(tmp_path)
    found = declaration.picture_sets[0].pictures
    assert known(found) == known(here)
    assert [bool(path) for path in found.paths] == [False, True, False]
    (finding,) = declaration.findings
    assert finding.message == (
        "2 pictures of the index are not on this machine and count all the same: `a.jpg`, `sub/c.jpg`"
    )
    indexed(tmp_path)
    declaration = loaded(tmp_path)
    assert (declaration.picture_sets[0].pictures.names, codes(declaration)) == (("b.jpg",), [])


def test_a_picture_that_moved_to_another_folder_is_the_same_one(tmp_path: Path) -> None:
    indexed(project(tmp_path))
    (tmp_path / "pictures/b.jpg").rename(tmp_path / "pictures/sub/b.jpg")
    declaration = loaded(tmp_path)
    assert declaration.picture_sets[0].pictures.names == ("a.jpg", "b.jpg", "c.jpg")
    assert all(declaration.picture_sets[0].pictures.paths)
    (finding,) = declaration.findings
    assert finding.message.endswith(": 1 new: `sub/b.jpg`; 1 gone: `b.jpg`")


def test_what_is_chosen_by_name_may_be_in_the_index_alone(tmp_path: Path) -> None:
    project(tmp_path, "from: pictures, index: cells.index, include: [a.jpg, b.jpg], exclude: [a.*]")
    indexed(tmp_path)
    picture(tmp_path / "pictures/a.jpg")
    manifest(tmp_path, "from: pictures, index: cells.index, include: [a.jpg, b.jpg]")
    indexed(tmp_path)
    (tmp_path / "pictures/b.jpg").unlink()
    declaration = loaded(tmp_path)
    assert declaration.picture_sets[0].pictures.names == ("a.jpg", "b.jpg")
    assert codes(declaration) == ["P039"]


def test_what_is_true_of_this_disk_alone_is_no_finding_of_a_plan(tmp_path: Path) -> None:
    project(tmp_path, 'from: pictures, index: cells.index, exclude: ["*.bmp"]')
    (tmp_path / "pictures/.hidden").write_text("x")
    indexed(tmp_path)
    declaration = loaded(tmp_path)
    assert codes(declaration) == []
    assert [one.code for one in declaration.local_findings] == ["P015", "P014"]
    manifest(tmp_path, 'from: pictures, exclude: ["*.bmp"]')
    assert sorted(codes(loaded(tmp_path))) == ["P014", "P015"]


def test_include_and_exclude_choose_from_the_index_too(tmp_path: Path) -> None:
    indexed(project(tmp_path))
    manifest(tmp_path, 'from: pictures, index: cells.index, include: ["*.jpg"], exclude: [b.jpg]')
    here = loaded(tmp_path)
    shutil.rmtree(tmp_path / "pictures")
    there = loaded(tmp_path)
    assert there.picture_sets[0].pictures.names == ("a.jpg",)
    assert known(there.picture_sets[0].pictures) == known(here.picture_sets[0].pictures)
    assert [one.message for one in there.findings] == [one.message for one in here.findings]
    assert codes(there) == ["P033"]
    assert there.local_findings == (), "what is excluded is not in the index, so that nobody knows"


def test_a_name_that_neither_the_folder_nor_the_index_has(tmp_path: Path) -> None:
    indexed(project(tmp_path))
    manifest(tmp_path, "from: pictures, index: cells.index, include: [a.jpg, new.jpg]")
    shutil.rmtree(tmp_path / "pictures")
    (one,) = faults(tmp_path)
    assert (one.code, one.message) == ("P012", "there is no file `new.jpg`, neither here nor in the index")
    assert "picsellia-apply index" in one.hint


def test_one_of_two_sources_is_absent(tmp_path: Path) -> None:
    project(tmp_path, "from: [pictures, more], index: cells.index")
    picture(tmp_path / "more/d.jpg", "white")
    here = pictures(indexed(tmp_path))
    shutil.rmtree(tmp_path / "more")
    declaration = loaded(tmp_path)
    found = declaration.picture_sets[0].pictures
    assert known(found) == known(here)
    assert dict(zip(found.names, map(bool, found.paths), strict=True)) == {
        "a.jpg": True, "b.jpg": True, "c.jpg": True, "d.jpg": False,
    }  # fmt: skip
    assert codes(declaration) == []


def test_naming_by_path_works_from_the_index(tmp_path: Path) -> None:
    here = pictures(indexed(project(tmp_path, "from: pictures, index: cells.index, naming: path")))
    shutil.rmtree(tmp_path / "pictures")
    assert pictures(tmp_path).names == here.names == ("a.jpg", "b.jpg", "sub/c.jpg")


def test_without_pictures_and_without_index_the_folder_is_missing(tmp_path: Path) -> None:
    project(tmp_path)
    assert codes(loaded(tmp_path)) == ["P036"]
    shutil.rmtree(tmp_path / "pictures")
    assert [one.code for one in faults(tmp_path)] == ["P001", "P036"]


def test_an_empty_index_is_never_nothing_desired(tmp_path: Path) -> None:
    indexed(project(tmp_path))
    lines = (tmp_path / "cells.index").read_text().splitlines()
    (tmp_path / "cells.index").write_text(f"{lines[0]}\n{lines[-1]}\n")
    shutil.rmtree(tmp_path / "pictures")
    assert "P002" in [one.code for one in faults(tmp_path)]


@pytest.mark.parametrize(
    ("content", "code"), [(b"hello", "P030"), (POINTER.format("0" * 64, 9).encode(), "M034"), (None, "M033")]
)
def test_an_index_that_is_none(tmp_path: Path, content: bytes | None, code: str) -> None:
    project(tmp_path)
    if content is None:
        (tmp_path / "cells.index").mkdir()
    else:
        (tmp_path / "cells.index").write_bytes(content)
    assert [one.code for one in faults(tmp_path)] == [code]


def test_indexing_a_project(tmp_path: Path) -> None:
    project(tmp_path)
    (one,) = indexes(tmp_path)
    assert (one.name, one.count, one.found, one.same) == ("cells", 3, False, False)
    write_index(one)
    (again,) = indexes(tmp_path)
    assert (again.found, again.same, again.difference) == (True, True, "")
    assert again.text == one.text == (tmp_path / "cells.index").read_text()
    picture(tmp_path / "pictures/a.jpg", "white")
    (changed,) = indexes(tmp_path, "cells")
    assert (changed.found, changed.same, changed.difference) == (True, False, "1 changed: `a.jpg`")


def test_an_index_out_of_order_is_not_what_would_be_written(tmp_path: Path) -> None:
    indexed(project(tmp_path))
    lines = (tmp_path / "cells.index").read_text().splitlines(keepends=True)
    (tmp_path / "cells.index").write_text("".join([lines[0], *reversed(lines[1:-1]), lines[-1]]))
    (one,) = indexes(tmp_path, as_is=True)
    assert (one.same, one.difference) == (False, "")
    assert codes(loaded(tmp_path)) == []


def test_checking_needs_the_pictures_or_their_pointers(tmp_path: Path) -> None:
    indexed(project(tmp_path))
    pointed(tmp_path)
    assert indexes(tmp_path, as_is=True)[0].same
    with pytest.raises(InvalidInput, match="P004"):
        indexes(tmp_path)
    shutil.rmtree(tmp_path / "pictures")
    with pytest.raises(InvalidInput, match="P001"):
        indexes(tmp_path, as_is=True)


def test_a_broken_index_is_written_anew(tmp_path: Path) -> None:
    indexed(project(tmp_path))
    good = (tmp_path / "cells.index").read_text()
    (tmp_path / "cells.index").write_text(good.replace("# end\n", ">>>>>>> theirs\n"))
    assert indexed(tmp_path)
    assert (tmp_path / "cells.index").read_text() == good


def test_nothing_else_is_overwritten(tmp_path: Path) -> None:
    project(tmp_path, "from: pictures, index: m.yaml")
    before = (tmp_path / "m.yaml").read_bytes()
    with pytest.raises(UsageError, match="is there and is no index"):
        indexes(tmp_path)
    assert (tmp_path / "m.yaml").read_bytes() == before


def test_which_sets_are_indexed(tmp_path: Path) -> None:
    project(tmp_path)
    other = "apiVersion: picsellia-apply/v1\nkind: PictureSet\nmetadata: {name: other}\nspec: {from: pictures}\n"
    (tmp_path / "o.yaml").write_text(other)
    assert [one.name for one in indexes(tmp_path)] == ["cells"]
    with pytest.raises(InvalidInput, match=r"P038.*`other` names no index"):
        indexes(tmp_path, "other")
    with pytest.raises(UsageError) as caught:
        indexes(tmp_path, "othr")
    assert caught.value.hint == "did you mean `other`?"
    (tmp_path / "m.yaml").unlink()
    with pytest.raises(InvalidInput, match="P038"):
        indexes(tmp_path)


def test_two_sets_never_share_an_index(tmp_path: Path) -> None:
    project(tmp_path)
    other = HEAD.replace("cells", "other") + "spec: {from: pictures, index: ./x/../cells.index}\n"
    (tmp_path / "o.yaml").write_text(other)
    with pytest.raises(InvalidInput, match="P037"):
        indexes(tmp_path)
    (tmp_path / "x").mkdir()
    indexed(project(tmp_path / "x"))
    shutil.move(tmp_path / "x/cells.index", tmp_path)
    (tmp_path / "x/m.yaml").unlink()
    assert [one.code for one in faults(tmp_path)] == ["P037"]


def test_a_path_that_no_line_can_hold(tmp_path: Path) -> None:
    project(tmp_path, "from: pictures, index: cells.index", "a.jpg", "with\nnewline/b.jpg")
    with pytest.raises(InvalidInput, match=r"P013.*1 path cannot stand in an index"):
        indexes(tmp_path)


def operation(*names: str) -> Operation:
    add = {name: Bytes(f"pictures/cells:{name}", "ab" * 32, 1) for name in names}
    return Operation("pictures/cells", "create", "", members=Members(add=add))


def test_pictures_to_upload_that_are_not_here(tmp_path: Path) -> None:
    indexed(project(tmp_path))
    pointed(tmp_path)
    picture(tmp_path / "pictures/a.jpg")
    declaration = loaded(tmp_path)
    require_pictures(declaration, [operation("a.jpg")])
    require_pictures(declaration, [Operation("network/x", "create", "")])
    with pytest.raises(InvalidInput) as caught:
        require_pictures(declaration, [operation("a.jpg", "b.jpg", "c.jpg")])
    (one,) = caught.value.diagnostics
    assert (one.code, one.count, one.severity.name) == ("P035", 2, "error")
    assert one.message == "2 pictures to upload are not on this machine: `b.jpg`, `c.jpg`"
    told = told_here((one,), declaration, [operation("a.jpg", "b.jpg")])
    assert [(two.code, two.count, two.severity.name) for two in told] == [("P035", 1, "warning")]
    assert told_here((one,), declaration, [operation("a.jpg")]) == (), "what another machine lacked is not told"


WORKSPACES = "".join(
    f"---\napiVersion: picsellia-apply/v1\nkind: Workspace\nmetadata: {{name: {name}}}\n"
    f"spec: {{host: '${{var.host}}', variables: {{host: null, dir: {folder}}}}}\n"
    for name, folder in (("staging", "pictures"), ("production", "elsewhere"))
)


def test_what_is_wrong_elsewhere_is_no_reason_to_have_no_index(tmp_path: Path) -> None:
    project(tmp_path)
    dataset = "---\napiVersion: picsellia-apply/v1\nkind: Dataset\nmetadata: {name: d}\nspec: {nope: '${var.host}'}\n"
    with (tmp_path / "m.yaml").open("a") as file:
        file.write(WORKSPACES + dataset)
    assert [one.name for one in indexes(tmp_path)] == ["cells"], "no set holds a variable: no workspace is needed"


def test_sets_with_variables_need_a_workspace(tmp_path: Path) -> None:
    project(tmp_path, "from: '${var.dir}', index: cells.index")
    with (tmp_path / "m.yaml").open("a") as file:
        file.write(WORKSPACES)
    with pytest.raises(InvalidInput, match="M027"):
        indexes(tmp_path)
    with pytest.raises(InvalidInput, match="M028"):
        indexes_of([tmp_path], Wanted(), StatCache(None), workspace="stagin")
    (found,), _ = indexes_of([tmp_path], Wanted(), StatCache(None), workspace="staging")
    assert found.count == 3
    with pytest.raises(InvalidInput, match=r"P001.*variable `dir`: the default of Workspace `production`"):
        indexes_of([tmp_path], Wanted(), StatCache(None), workspace="production")
