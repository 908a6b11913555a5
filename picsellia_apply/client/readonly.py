"""Which requests only read: the allow-list that read-only mode is kept by. What is not listed writes."""

from __future__ import annotations

from collections.abc import Sequence

from picsellia_apply.wire import extension

_WRITING_GETS = frozenset({"init_multipart_upload", "generate_post_part_url", "complete_part_upload"})
# None stands for any segment.
_READING_POSTS: tuple[tuple[str | None, ...], ...] = (
    ("get_organization",),
    ("datalake", "search", None),
    (extension.PREFIX, None, "pictures", "lookup"),
    (extension.PREFIX, None, "pictures", "holders"),
    (extension.PREFIX, None, "datasets", "lookup"),
    (extension.PREFIX, None, "versions", "members"),
    (extension.PREFIX, None, "annotations", "lookup"),
    (extension.PREFIX, None, "networks", "lookup"),
    (extension.PREFIX, None, "leases", "show"),
    (extension.PREFIX, None, "owners", "lookup"),
    (extension.PREFIX, None, "pictures", "holdings"),
    (extension.PREFIX, None, "versions", "state"),
    (extension.PREFIX, None, "networks", "state"),
)


def _fits(segments: Sequence[str], shape: Sequence[str | None]) -> bool:
    return len(segments) == len(shape) and all(b in (None, a) for a, b in zip(segments, shape, strict=True))


def only_reads(method: str, segments: Sequence[str], *, presigned: str | None = None) -> bool:
    """Tell whether a request leaves the platform as it is.

    Args:
        method: HTTP method.
        segments: Raw path segments under the host.
        presigned: The `method` that a `generate_presigned_url` asks for.
    """
    if list(segments) == ["generate_presigned_url"]:
        return presigned == "get"
    if method == "GET":
        return segments[0] not in _WRITING_GETS
    return method == "POST" and any(_fits(segments, shape) for shape in _READING_POSTS)


def keeps_a_lease(segments: Sequence[str]) -> bool:
    """Tell whether a request is about the lease itself, so that it must not wait for the lease."""
    return segments[0] == extension.PREFIX and "leases" in segments[2:3]
