"""Git-lfs pointers: what they stand for."""

from __future__ import annotations

import pytest

from picsellia_apply.media.lfs import Pointer, read_pointer

OID = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
GOOD = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize 12345\n"


def test_a_pointer() -> None:
    assert read_pointer(GOOD.encode()) == Pointer(OID, 12345)


def test_a_pointer_with_an_extension() -> None:
    text = GOOD.replace("oid", f"ext-0-foo sha256:{'1' * 64}\noid")
    assert read_pointer(text.encode()) == Pointer(OID, 12345)


@pytest.mark.parametrize(
    "text",
    [
        "",
        GOOD.replace("https", "http"),
        GOOD.replace(OID, OID[:-1]),
        GOOD.replace(OID, OID.upper()),
        GOOD.replace("sha256", "sha512"),
        GOOD.replace("12345", "-1"),
        GOOD.replace("size 12345\n", ""),
        GOOD + "x" * 1024,
    ],
)
def test_what_is_none(text: str) -> None:
    assert read_pointer(text.encode()) is None
