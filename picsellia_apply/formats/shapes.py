"""Tells what an annotation file is by its beginning, so that a hint can name it and `init` can find it.

Only the first bytes are looked at: a COCO file of hundreds of megabytes shows what it is in its first row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

HEAD_BYTES = 1 << 20
"""How much of a file is looked at."""

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|[\[\]{}:,]|[^\s\[\]{}:,"]+')
_ROOT = re.compile(r"<([A-Za-z_][\w.-]*)(?=[\s>/])")
_PROLOGUE = re.compile(r"<\?.*?\?>|<!--.*?-->", re.DOTALL)

_TOKEN_LIMIT = 200_000


def text_of_head(data: bytes) -> str:
    """Return the beginning of a file as text, by its byte order mark or its NULs; a cut character is dropped."""
    head = data[:HEAD_BYTES]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "ignore")
    if head[1:2] == b"\0":
        return head.decode("utf-16-le", "ignore")
    if head[:1] == b"\0":
        return head.decode("utf-16-be", "ignore")
    return head.decode("utf-8-sig", "ignore")


def _key_paths(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the path of every key in the order of the text, `[]` for a list; stops where the text is cut."""
    stack: list[str] = []
    last = ""
    in_object: list[bool] = []
    expects_key: list[bool] = []
    for count, match in enumerate(_TOKEN.finditer(text)):
        mark = match[0]
        if count > _TOKEN_LIMIT:
            return
        if mark in "[{":
            stack.append(last if in_object and in_object[-1] else "[]")
            in_object.append(mark == "{")
            expects_key.append(mark == "{")
        elif mark in "]}":
            if not stack:
                return
            for level in (stack, in_object, expects_key):
                level.pop()
        elif mark == "," and in_object:
            expects_key[-1] = in_object[-1]
        elif match[1] is not None and expects_key and expects_key[-1]:
            last = match[1]
            expects_key[-1] = False
            yield (*stack[1:], last)


_SIGNS: tuple[tuple[str, frozenset[tuple[str, ...]]], ...] = (
    ("PICSELLIA", frozenset({("annotations", "[]", "external_picture_url")})),
    ("PICSELLIA", frozenset({("images", "[]", "external_picture_url")})),
    ("COCO panoptic", frozenset({("annotations", "[]", "segments_info")})),
    ("COCO", frozenset({("annotations", "[]", "image_id"), ("annotations", "[]", "category_id")})),
    ("COCO results (predictions without images)", frozenset({("[]", "image_id"), ("[]", "category_id")})),
    ("labelme", frozenset({("shapes",), ("imagePath",)})),
    ("VGG Image Annotator", frozenset({("_via_img_metadata",)})),
    ("GeoJSON", frozenset({("features",), ("type",)})),
    ("Label Studio", frozenset({("[]", "annotations"), ("[]", "data")})),
    ("CreateML", frozenset({("[]", "image"), ("[]", "annotations")})),
)
_SIGN_KEYS = frozenset[tuple[str, ...]]().union(*(signs for _, signs in _SIGNS))
_COCO_IMAGES = {("images", "[]", "id"), ("images", "[]", "file_name")}


def shape_of_json(data: bytes) -> str | None:
    """Return the name of the format that a JSON text looks like, or None.

    Args:
        data: The file, or its beginning.

    Returns:
        `COCO`, `PICSELLIA`, or the name of a format that this program does not read.
    """
    text = text_of_head(data)
    if text.lstrip()[:1] not in ("{", "["):
        return None
    seen: set[tuple[str, ...]] = set()
    for path in _key_paths(text):
        seen.add(path)
        if path in _SIGN_KEYS and (name := next((name for name, signs in _SIGNS if signs <= seen), None)):
            return name
    return "COCO" if seen >= _COCO_IMAGES else None


def root_of_xml(data: bytes) -> str | None:
    """Return the tag of an XML text's root element, or None where there is none in the beginning."""
    text = _PROLOGUE.sub("", text_of_head(data)).lstrip()
    match = _ROOT.match(text)
    return match[1] if match else None
