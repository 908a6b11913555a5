"""Probing against Pillow itself, the fast header reader against Pillow, and files that are no pictures."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from picsellia_apply.media import PIXEL_LIMIT, NotAPicture, Probe, probe, probe_bytes, probe_file
from picsellia_apply.media.header import header_size

BCCD = Path(__file__).parents[4] / "shared/data/bccd/JPEGImages"


def encoded(mode: str, size: tuple[int, int], form: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, form, **options)
    return out.getvalue()


def exif(orientation: int) -> Image.Exif:
    data = Image.Exif()
    data[0x0112] = orientation
    return data


@pytest.mark.parametrize(
    ("mode", "form"),
    [
        ("RGB", "JPEG"), ("L", "JPEG"), ("CMYK", "JPEG"),
        ("1", "PNG"), ("L", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("RGB", "PNG"), ("RGBA", "PNG"), ("I;16", "PNG"),
        ("RGB", "BMP"), ("L", "BMP"), ("P", "GIF"), ("RGB", "WEBP"), ("RGBA", "WEBP"),
        ("RGB", "TIFF"), ("CMYK", "TIFF"), ("F", "TIFF"), ("I;16", "TIFF"),
    ],
)  # fmt: skip
def test_every_mode_and_type(mode: str, form: str) -> None:
    assert probe_bytes(encoded(mode, (7, 5), form)) == Probe(7, 5, 1, form)


@given(
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    form=st.sampled_from(["JPEG", "PNG"]),
    mode=st.sampled_from(["RGB", "L"]),
    progressive=st.booleans(),
)
@settings(max_examples=60)
def test_header_says_what_pillow_says(size: tuple[int, int], form: str, mode: str, progressive: bool) -> None:
    data = encoded(mode, size, form, progressive=progressive)
    with Image.open(io.BytesIO(data)) as picture:
        assert header_size(data) == (*picture.size, picture.format)


@given(data=st.binary(max_size=40), at=st.integers(0, 600))
@settings(max_examples=150)
def test_header_never_contradicts_pillow_on_damaged_files(data: bytes, at: int) -> None:
    whole = encoded("RGB", (9, 4), "JPEG")
    damaged = whole[:at] + data + whole[at + len(data) :]
    found = header_size(damaged)
    if found is not None and found[0] * found[1] < 80_000_000:  # beyond, Pillow warns and we have our own limit
        with Image.open(io.BytesIO(damaged)) as picture:
            assert found == (*picture.size, picture.format)
            assert picture.getexif().get(0x0112, 1) == 1


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def plain_png(*before: bytes, after: bytes = b"", color: int = 2, size: tuple[int, int] = (9, 7)) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, color, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 300))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(before) + pixels + after + chunk(b"IEND", b"")


def broken(kind: bytes, data: bytes) -> bytes:
    return chunk(kind, data)[:-4] + b"\0\0\0\0"


def pillow_says(data: bytes) -> tuple[int, int, str] | None:
    try:
        found = probe_file(io.BytesIO(data), len(data))
    except NotAPicture:
        return None
    return (found.width, found.height, found.format) if found.orientation == 1 else None


SOUND = [
    chunk(b"pHYs", struct.pack(">IIB", 72, 72, 1)),
    chunk(b"gAMA", struct.pack(">I", 45455)),
    chunk(b"sRGB", b"\0"),
    chunk(b"cHRM", struct.pack(">8I", *[30000] * 8)),
    chunk(b"tRNS", b"\0" * 6),
    chunk(b"bKGD", b"\0" * 6),
]


def test_plain_chunks_leave_a_png_to_the_header() -> None:
    data = plain_png(*SOUND)
    assert header_size(data) == pillow_says(data) == (9, 7, "PNG")


@pytest.mark.parametrize(
    "data",
    [
        plain_png(broken(b"gAMA", b"\0\0\0\1")),
        plain_png(chunk(b"pHYs", b"1")),
        plain_png(chunk(b"tRNS", b"\0" * 5)),
        plain_png(chunk(b"tRNS", b"\0" * 6), color=6),
        plain_png(chunk(b"IHDR", struct.pack(">IIBBBBB", 90, 70, 8, 2, 0, 0, 0))),
        plain_png(after=chunk(b"IHDR", struct.pack(">IIBBBBB", 90, 70, 8, 2, 0, 0, 0))),
        plain_png(chunk(b"\1\2\3\4", b"x")),
        plain_png(chunk(b"prVt", b"IDAT")),
        plain_png(chunk(b"fcTL", b"x" * 26)),
        plain_png(chunk(b"eXIf", b"x")),
        plain_png(after=chunk(b"iTXt", b"x")),
        plain_png(after=chunk(b"tEXt", b"a\0b")),
        plain_png()[:-12] + broken(b"IEND", b"1"),
        plain_png()[:-1] + b"\0",
        b"\x89PNG\r\n\x1a\n" + SOUND[0] + plain_png()[8:],
        plain_png().replace(plain_png()[33:-12], b""),
    ],
)
def test_any_other_png_is_pillows_business(data: bytes) -> None:
    assert header_size(data) is None


@given(data=st.data())
@settings(max_examples=400)
def test_header_never_contradicts_pillow_on_damaged_png(data: st.DataObject) -> None:
    """Bytes changed, taken out or put in, mostly among the chunks before the pixels."""
    whole = plain_png(*data.draw(st.lists(st.sampled_from(SOUND), unique=True, max_size=3)))
    at = data.draw(st.integers(8, min(len(whole), 120)))
    gone, new = data.draw(st.integers(0, 3)), data.draw(st.binary(max_size=3))
    damaged = whole[:at] + new + whole[at + gone :]
    found = header_size(damaged)
    if found is not None and found[0] * found[1] < 80_000_000:
        assert found == pillow_says(damaged)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_orientation(orientation: int, form: str) -> None:
    assert probe_bytes(encoded("RGB", (7, 5), form, exif=exif(orientation))) == Probe(7, 5, orientation, form)


def test_orientation_that_is_none_counts_as_one() -> None:
    assert probe_bytes(encoded("RGB", (7, 5), "JPEG", exif=exif(77))).orientation == 1


def test_orientation_in_xmp_is_pillows_business() -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    data = encoded("RGB", (7, 5), "JPEG", xmp=xmp)
    assert header_size(data) is None
    assert probe_bytes(data).orientation == 6


def test_many_frames() -> None:
    out = io.BytesIO()
    Image.new("L", (6, 3)).save(out, "TIFF", save_all=True, append_images=[Image.new("L", (6, 3))])
    assert probe_bytes(out.getvalue()) == Probe(6, 3, 1, "TIFF")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"])
def test_cut_short(form: str) -> None:
    picture = Image.effect_noise((64, 64), 50)
    out = io.BytesIO()
    picture.convert("L").save(out, form)
    whole = out.getvalue()
    assert probe_bytes(whole).width == 64
    with pytest.raises(NotAPicture):
        probe_bytes(whole[: len(whole) // 2])


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count every file as a large one."""
    monkeypatch.setattr(sys.modules["picsellia_apply.media.probe"], "IN_MEMORY", 10)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("options", [{}, {"exif": exif(6)}], ids=["plain", "turned"])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"])
def test_a_large_file_is_judged_from_disk(tmp_path: Path, form: str, options: dict[str, object]) -> None:
    data = encoded("L", (7, 5), form, **(options if form not in {"GIF", "BMP"} else {}))
    path = tmp_path / "a"
    path.write_bytes(data)
    assert probe(path) == probe_bytes(data)
    noise = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(noise, form)
    path.write_bytes(noise.getvalue()[: noise.tell() // 2])
    with pytest.raises(NotAPicture):
        probe(path)


@pytest.mark.usefixtures("large")
def test_a_large_tiff_is_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(encoded("RGB", (40, 30), "TIFF"))
    monkeypatch.setattr(TiffImageFile, "load", lambda _: pytest.fail("its pixels were decoded"))
    assert probe(path) == Probe(40, 30, 1, "TIFF")


def test_bytes_behind_the_end_are_fine() -> None:
    assert probe_bytes(encoded("RGB", (7, 5), "JPEG") + b"\0" * 100).width == 7
    assert probe_bytes(encoded("RGB", (7, 5), "JPEG") + b"trailer of a phone").width == 7


def test_reasons() -> None:
    with pytest.raises(NotAPicture, match="empty"):
        probe_bytes(b"")
    with pytest.raises(NotAPicture, match="no type we know"):
        probe_bytes(b"hello")
    with pytest.raises(NotAPicture, match="git-lfs") as caught:
        probe_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n")
    assert caught.value.is_pointer


@pytest.mark.parametrize("extra", [b"", chunk(b"tEXt", b"a\0b")])
def test_decompression_bomb(extra: bytes) -> None:
    """Once through the header, once through Pillow."""
    side = int(PIXEL_LIMIT**0.5) + 1
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", b"x") + chunk(b"IEND", b"")
    with pytest.raises(NotAPicture, match=f"{PIXEL_LIMIT:,} px"):
        probe_bytes(data)


@pytest.mark.skipif(not BCCD.is_dir(), reason="the shared photos are not here")
def test_photos_agree_with_pillow() -> None:
    paths = sorted(BCCD.glob("*.jpg"))
    assert len(paths) == 364
    for path in paths:
        with Image.open(path) as picture:
            turn = picture.getexif().get(0x0112, 1)
            assert probe(path) == Probe(*picture.size, turn, "JPEG")
