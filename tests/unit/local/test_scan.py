"""Scanning folders: what is found, what is chosen, how it is named, what the cache remembers."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.local import StatCache, default_cache, hash_file, scan_pictures
from picsellia_apply.local import measure as measuring
from picsellia_apply.local import scan as scanning
from picsellia_apply.local.cache import RACY_NS
from picsellia_apply.media import Probe, probe_bytes
from picsellia_apply.model.declaration import LocalPictures
from picsellia_apply.source import Place

HOUR = 3_600_000_000_000


def picture(path: Path, size: tuple[int, int] = (4, 3), color: str = "red") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path)
    return path


def scan(
    *sources: Path,
    include: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
    naming: str = "basename",
    cache: StatCache | None = None,
) -> tuple[LocalPictures, tuple[Diagnostic, ...]]:
    return scan_pictures(sources, include=include, exclude=exclude, naming=naming, cache=cache or StatCache(None))


def codes(diagnostics: tuple[Diagnostic, ...]) -> list[str]:
    return [one.code for one in diagnostics]


def test_columns(tmp_path: Path) -> None:
    path = picture(tmp_path / "b/two.png", (5, 2))
    picture(tmp_path / "one.JPG")
    (tmp_path / "notes.txt").write_text("x")
    picture(tmp_path / ".hidden/x.png")
    picture(tmp_path / ".dot.png")
    found, diagnostics = scan(tmp_path)
    assert [(one.code, one.severity, one.message) for one in diagnostics] == [
        ("P015", Severity.note, "1 hidden file and 1 hidden folder passed over")
    ]
    assert found.names == ("one.JPG", "two.png")
    assert found.files == ("one.JPG", "b/two.png")
    assert found.paths[1] == str(path)
    assert (found.widths[1], found.heights[1], found.orientations[1]) == (5, 2, 1)
    assert found.sha256[1] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.sizes[1] == path.stat().st_size


def test_naming_by_path(tmp_path: Path) -> None:
    picture(tmp_path / "day/a.png")
    picture(tmp_path / "night/a.png", color="blue")
    found, diagnostics = scan(tmp_path, naming="path")
    assert (found.names, diagnostics) == (("day/a.png", "night/a.png"), ())


def test_names_are_nfc(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "é.png")
    picture(tmp_path / decomposed)
    found, _ = scan(tmp_path, include=("é.png",))
    assert found.names == ("é.png",)
    assert found.files == ("é.png",), "a plan names the file alike on every machine"
    assert found.paths == (str(tmp_path / decomposed),)


def test_names_equal_after_normalisation_collide(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        picture(tmp_path / unicodedata.normalize(form, "é.png"))
    assert codes(scan(tmp_path)[1]) == ["P005"]


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        (("*.png",), ["a.png"]),
        (("**/*.png",), ["a.png", "b.png", "c.png"]),
        (("x/**",), ["b.png", "c.png", "d.jpg"]),
        (("x/*.png",), ["b.png"]),
        (("x/?.png", "a.png"), ["a.png", "b.png"]),
        (("**/[bc].png",), ["b.png", "c.png"]),
        (("**/[!bc].png",), ["a.png"]),
        (("./x/y/c.png",), ["c.png"]),
        (("**/y/**",), ["c.png"]),
        (("**",), ["a.png", "b.png", "c.png", "d.jpg"]),
    ],
)
def test_include(tmp_path: Path, include: tuple[str, ...], expected: list[str]) -> None:
    for file in ("a.png", "x/b.png", "x/y/c.png", "x/d.jpg"):
        picture(tmp_path / file)
    found, diagnostics = scan(tmp_path, include=include)
    assert (list(found.names), diagnostics) == (expected, ())


def test_a_name_with_wildcards_in_it_is_a_name(tmp_path: Path) -> None:
    picture(tmp_path / "img[1].png")
    picture(tmp_path / "img1.png")
    assert scan(tmp_path, include=("img[1].png",))[0].names == ("img[1].png",)


def test_exclude(tmp_path: Path) -> None:
    for file in ("a.png", "x/b.png", "x/y/c.png"):
        picture(tmp_path / file)
    assert scan(tmp_path, exclude=("x/y/**", "a.png"))[0].names == ("b.png",)


@pytest.mark.parametrize(
    ("exclude", "hint"),
    [
        ("left/x/b.png", "did you mean `x/b.png`?"),
        ("b.png", "did you mean `**/b.png`?"),
        ("x", "did you mean `x/**`?"),
        ("nothing/**", "entries are relative to `from`"),
    ],
)
def test_an_exclude_that_does_nothing_is_told(tmp_path: Path, exclude: str, hint: str) -> None:
    picture(tmp_path / "left/x/b.png")
    picture(tmp_path / "right/a.png")
    found, (told,) = scan(tmp_path / "left", tmp_path / "right", exclude=(exclude, "*.png"))
    assert found.names == ("b.png",)
    assert (told.code, told.severity) == ("P014", Severity.warning)
    assert told.position == Place("", 0, ("exclude", "0"))
    assert told.hint.endswith(hint)


def test_exclude_is_relative_to_each_source(tmp_path: Path) -> None:
    for number, file in enumerate(("a/x.png", "b/x.png", "a/y.png", "c/z.png")):
        picture(tmp_path / file, color=f"#00000{number}")
    sources = (tmp_path / "a", tmp_path / "b", tmp_path / "c/z.png")
    found, diagnostics = scan(*sources, exclude=("x.png", "z.png"))
    assert (found.names, diagnostics) == (("y.png",), ())


def test_an_exclude_that_is_a_name_is_no_glob(tmp_path: Path) -> None:
    picture(tmp_path / "img[1].png")
    picture(tmp_path / "img1.png")
    assert scan(tmp_path, exclude=("img[1].png",))[0].names == ("img1.png",)


def test_what_to_do_about_two_files_of_one_name(tmp_path: Path) -> None:
    for folder in ("day", "night"):
        picture(tmp_path / folder / "a.png", color={"day": "red", "night": "blue"}[folder])
    (one,) = scan(tmp_path)[1]
    assert one.hint == "rename one of them, or write `naming: path`"
    for naming in ("basename", "path"):
        (two,) = scan(tmp_path / "day", tmp_path / "night", naming=naming)[1]
        assert (two.code, "make `from` the folder that holds them all" in two.hint) == ("P005", True)


def test_progress_counts_what_is_read_and_not_what_is_known(tmp_path: Path) -> None:
    cache = StatCache(None, now_ns=lambda: 1 << 62)
    for number in range(3):
        picture(tmp_path / f"{number}.png", color=f"#00000{number}")
    told: list[tuple[int, int]] = []
    for _ in range(2):
        scan_pictures(
            [tmp_path], include=(), exclude=(), naming="path", cache=cache, progress=lambda *step: told.append(step)
        )
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_file_as_source(tmp_path: Path) -> None:
    one, two = picture(tmp_path / "a/one.png"), picture(tmp_path / "b/two.png")
    found, diagnostics = scan(one, two.parent)
    assert (found.files, diagnostics) == (("one.png", "two.png"), ())


def test_a_file_reached_twice_counts_once(tmp_path: Path) -> None:
    one = picture(tmp_path / "one.png")
    assert scan(tmp_path, one)[0].names == ("one.png",)


@pytest.mark.parametrize("name", ["bad\udcff.png", "tab\t.png"])
def test_names_that_cannot_be(tmp_path: Path, name: str) -> None:
    picture(tmp_path / "a.png").rename(tmp_path / os.fsencode(name).decode(errors="surrogateescape"))
    cache = later(tmp_path)
    _, diagnostics = scan(tmp_path, cache=cache)
    cache.save()
    assert codes(diagnostics) == ["P013"]
    str(diagnostics[0].position).encode()


def test_a_path_too_long_for_a_name(tmp_path: Path) -> None:
    picture(tmp_path.joinpath(*["d" * 200] * 6, "a.png"))
    _, diagnostics = scan(tmp_path, naming="path")
    assert codes(diagnostics) == ["P013"]


def test_case_folding_is_a_warning(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    picture(tmp_path / "A.png")
    _, diagnostics = scan(tmp_path)
    assert [(one.code, one.severity) for one in diagnostics] == [("P006", Severity.warning)]


def test_a_folder_through_a_link(tmp_path: Path) -> None:
    picture(tmp_path / "real/a.png")
    (tmp_path / "set").mkdir()
    (tmp_path / "set/link").symlink_to(tmp_path / "real")
    assert scan(tmp_path / "set")[0].files == ("link/a.png",)


def test_many_faults_are_told_together(tmp_path: Path) -> None:
    picture(tmp_path / "good.png")
    for number in range(60):
        (tmp_path / f"{number}.png").write_bytes(b"x")
    _, diagnostics = scan(tmp_path)
    assert codes(diagnostics) == ["P003"] * 51
    assert diagnostics[-1].count == 10


def test_a_source_that_is_neither(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert codes(scan(tmp_path / "pipe")[1]) == ["P009"]


class Reads:
    """Counts how many pictures are really read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0

        def counted(data: bytes) -> Probe:
            self.count += 1
            return probe_bytes(data)

        monkeypatch.setattr(measuring, "probe_bytes", counted)

    def take(self) -> int:
        count, self.count = self.count, 0
        return count


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    return Reads(monkeypatch)


def later(folder: Path, hours: int = 1) -> StatCache:
    """Return a cache whose clock is ahead, so that files just made have settled."""
    import time

    return StatCache(folder / "cache", now_ns=lambda: time.time_ns() + hours * HOUR)


def rescan(folder: Path, **options: object) -> LocalPictures:
    cache = later(folder)
    found, diagnostics = scan(folder / "pictures", cache=cache, **options)  # type: ignore[arg-type]
    assert not diagnostics
    cache.save()
    return found


def test_a_second_scan_reads_nothing(tmp_path: Path, reads: Reads) -> None:
    for name in ("a.png", "b.png"):
        picture(tmp_path / "pictures" / name)
    first = rescan(tmp_path)
    assert reads.take() == 2
    assert rescan(tmp_path) == first
    assert reads.take() == 0


def test_a_changed_file_is_read_again(tmp_path: Path, reads: Reads) -> None:
    for name in ("a.png", "b.png"):
        picture(tmp_path / "pictures" / name)
    before = rescan(tmp_path)
    reads.take()
    picture(tmp_path / "pictures/a.png", color="blue")
    after = rescan(tmp_path)
    assert reads.take() == 1
    assert after.sha256[0] != before.sha256[0]
    assert after.sha256[1] == before.sha256[1]


def test_same_size_and_time_but_another_file(tmp_path: Path, reads: Reads) -> None:
    path = picture(tmp_path / "pictures/a.bmp")
    stat = path.stat()
    before = rescan(tmp_path)
    other = picture(tmp_path / "other.bmp", color="blue")
    assert other.stat().st_size == stat.st_size
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    other.replace(path)
    assert rescan(tmp_path).sha256 != before.sha256


def test_a_fresh_file_is_not_trusted(tmp_path: Path, reads: Reads) -> None:
    made = picture(tmp_path / "pictures/a.png").stat().st_mtime_ns
    for _ in range(2):
        cache = StatCache(tmp_path / "cache", now_ns=lambda: made + RACY_NS - 1)
        scan(tmp_path / "pictures", cache=cache)
        cache.save()
        assert reads.take() == 1


@pytest.mark.parametrize("damage", [b"", b"\xff" * 50, b"\x93\x01"])
def test_a_damaged_cache_is_built_anew(tmp_path: Path, reads: Reads, damage: bytes) -> None:
    picture(tmp_path / "pictures/a.png")
    first = rescan(tmp_path)
    (stored,) = (tmp_path / "cache").iterdir()
    stored.write_bytes(damage)
    reads.take()
    assert rescan(tmp_path) == first
    assert reads.take() == 1
    rescan(tmp_path)
    assert reads.take() == 0


def test_two_sets_of_one_folder_keep_each_other(tmp_path: Path, reads: Reads) -> None:
    for name in ("a.png", "b.png"):
        picture(tmp_path / "pictures" / name)
    rescan(tmp_path, include=("a.png",))
    rescan(tmp_path, include=("b.png",))
    reads.take()
    rescan(tmp_path)
    assert reads.take() == 0


def test_the_cache_forgets_what_is_gone(tmp_path: Path) -> None:
    picture(tmp_path / "pictures/a.png")
    gone = picture(tmp_path / "pictures/b.png")
    rescan(tmp_path)
    gone.unlink()
    rescan(tmp_path)
    assert list(later(tmp_path).folder(tmp_path / "pictures").entries) == ["a.png"]


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    picture(tmp_path / "pictures/a.png")
    (tmp_path / "cache").write_text("in the way")
    assert rescan(tmp_path).names == ("a.png",)


def test_a_file_as_source_keeps_its_neighbours(tmp_path: Path, reads: Reads) -> None:
    for name in ("a.png", "b.png"):
        picture(tmp_path / "pictures" / name)
    rescan(tmp_path)
    cache = later(tmp_path)
    scan(tmp_path / "pictures/a.png", cache=cache)
    cache.save()
    reads.take()
    rescan(tmp_path)
    assert reads.take() == 0


def test_large_files_are_read_by_several_threads(tmp_path: Path) -> None:
    for number in range(6):
        path = picture(tmp_path / f"{number}.png", (9, number + 1))
        path.write_bytes(path.read_bytes() + b"\0" * 400_000)
    found, diagnostics = scan(tmp_path)
    assert (found.heights, diagnostics) == ((1, 2, 3, 4, 5, 6), ())


def test_a_large_file_is_read_block_by_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = picture(tmp_path / "a.tif", (40, 30))
    (tmp_path / "b.tif").write_bytes(path.read_bytes()[:-500])
    monkeypatch.setattr(measuring, "IN_MEMORY", 10)
    monkeypatch.setattr(measuring, "probe_bytes", lambda _: pytest.fail("read as a whole"))
    found, diagnostics = scan(tmp_path)
    assert codes(diagnostics) == ["P003"]
    assert found.sha256 == (hashlib.sha256(path.read_bytes()).hexdigest(),)
    assert (found.sizes, found.widths, found.heights) == ((path.stat().st_size,), (40,), (30,))


def test_hash_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    assert hash_file(tmp_path / "x") == (hashlib.sha256(b"abc").hexdigest(), 3)


def test_hash_of_any_file_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.zip"
    path.write_bytes(b"abc")
    cache = later(tmp_path)
    assert measuring.measure_file(path, cache) == hash_file(path)
    monkeypatch.setattr(measuring, "hash_file", lambda _: pytest.fail("read again"))
    assert measuring.measure_file(path, cache)[1] == 3


def test_where_the_cache_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PICSELLIA_CACHE_DIR", str(tmp_path))
    assert default_cache().path == tmp_path / "stat"
    monkeypatch.delenv("PICSELLIA_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert "picsellia-apply" in str(default_cache().path)


@pytest.mark.parametrize("pattern", ["[z-a]*.png", "**/[9-0].png"])
@pytest.mark.parametrize("field", ["include", "exclude"])
def test_a_range_that_is_none_is_told_at_its_entry(tmp_path: Path, pattern: str, field: str) -> None:
    picture(tmp_path / "a.png")
    given = ("a.png", pattern) if field == "include" else (pattern,)
    _, diagnostics = scan(tmp_path, **{field: given})  # type: ignore[arg-type]
    assert codes(diagnostics) == ["P017"]
    assert "bad character range" in diagnostics[0].message
    place = diagnostics[0].position
    assert isinstance(place, Place)
    assert place.path == (field, str(len(given) - 1))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[a--]x.png", ["P017"]),
        ("[--a]x.png", ["[x.png", "ax.png"]),
        ("[a&&b]x.png", ["&x.png", "ax.png"]),
        ("[a||~~b]x.png", ["ax.png"]),
        ("[[a]x.png", ["[x.png", "ax.png"]),
        ("[&^]x.png", ["&x.png"]),
        ("[a-]x.png", ["ax.png"]),
        ("[!a]x.png", ["&x.png", "[x.png"]),
        ("[]x.png", ["P011"]),
        ("[!]x.png", ["P011"]),
        ("[]a]x.png", ["ax.png"]),
        ("[", ["P011"]),
        ("[ax.png", ["P011"]),
        (r"[\d]x.png", ["P011"]),
    ],
)
def test_what_means_something_to_a_regular_expression(tmp_path: Path, pattern: str, expected: list[str]) -> None:
    """Warnings are errors: Python warns of `--`, `&&`, `||` and `[` in a set."""
    for name in ("ax.png", "&x.png", "[x.png"):
        picture(tmp_path / name)
    found, diagnostics = scan(tmp_path, include=("ax.png" if expected[0] == "P011" else pattern, pattern))
    if expected[0].startswith("P0"):
        assert expected[0] in codes(diagnostics)
    else:
        assert (sorted(found.names), diagnostics) == (expected, ())


def test_files_named_one_by_one_are_measured_once_per_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Going through the whole folder for each file would be quadratic."""
    paths = [picture(tmp_path / f"{number % 2}/{number}.png") for number in range(12)]
    measured = []

    def measure(folder: Path, *args: Any) -> Any:
        measured.append(folder)
        return measuring.measure(folder, *args)

    monkeypatch.setattr(scanning, "measure", measure)
    found, diagnostics = scan(*paths, paths[0])
    assert (len(found.names), diagnostics) == (12, ())
    assert sorted(measured) == [tmp_path / "0", tmp_path / "1"]
