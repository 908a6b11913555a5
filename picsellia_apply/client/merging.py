"""Objects added to the annotations of many pictures: what is there stays, and nothing is there twice.

SDK v2 appends, so that the same file sent twice would be there twice. Here a picture gets those of its objects that it
has not got: as multisets, so that two equal objects in one file are two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from picsellia_apply.client.transport import chunks
from picsellia_apply.errors import AuthenticationError, PicselliaError
from picsellia_apply.model.annotation import annotation_digest, wire_of
from picsellia_apply.wire import extension as ext

if TYPE_CHECKING:
    from picsellia_apply.client.writer import Writer

Texts = tuple[str, ...]
Objects = Mapping[str, Texts]
"""Picture name to canonical texts."""
Adder = Callable[[str, Objects], dict[str, str]]
"""Adds objects to pictures of a dataset and returns picture name to reason of those where that failed."""

_ATTEMPTS = 3
_AT_ONCE = 1_000


def merged(there: Texts, more: Texts) -> Texts:
    """Return the texts that hold both, sorted."""
    if not there:
        return tuple(sorted(more))
    return tuple(sorted((Counter(there) | Counter(more)).elements()))


def add_all(
    add: Adder,
    dataset_id: str,
    objects: Objects,
    *,
    parallelism: int,
    on_done: Callable[[int], None] | None = None,
    at_once: int = _AT_ONCE,
) -> dict[str, str]:
    """Add objects in portions, several at once.

    Args:
        add: Adds one portion; called from several threads.
        dataset_id: The version.
        objects: What to add; () makes a picture annotated without an object.
        parallelism: Portions on their way at once, at least 1.
        on_done: Told how many pictures are done, from any thread.
        at_once: Pictures in one portion.

    Returns:
        Picture name to reason, where it failed.

    Raises:
        AuthenticationError: The platform refuses us.
    """

    def run(names: Sequence[str]) -> dict[str, str]:
        try:
            return add(dataset_id, {name: objects[name] for name in names})
        except AuthenticationError:
            raise
        except PicselliaError as error:
            return dict.fromkeys(names, error.message)
        finally:
            if on_done is not None:
                on_done(len(names))

    with ThreadPoolExecutor(max_workers=parallelism, thread_name_prefix="annotate") as pool:
        parts = list(pool.map(run, chunks(list(objects), at_once)))
    return {name: why for part in parts for name, why in part.items()}


def by_replacing(writer: Writer) -> Adder:
    """Return what adds objects by replacing each picture's annotation, if it is still the one that was read."""
    return partial(_replace, writer)


def _replace(writer: Writer, dataset_id: str, objects: Objects) -> dict[str, str]:
    left = objects
    failures: dict[str, str] = {}
    for _ in range(_ATTEMPTS):
        there = writer.reader.annotations(dataset_id, list(left))
        items = [_item(name, there.get(name), texts) for name, texts in left.items()]
        answer = writer.replace_annotations(dataset_id, items)
        rows = list(zip(items, answer.statuses, answer.errors, strict=True))
        stale = [item.name for item, status, _ in rows if status == "stale"]
        bad = {item.name: why or status for item, status, why in rows if status not in {"put", "same", "stale"}}
        failures.update(bad)
        left = {name: objects[name] for name in stale}
        if not left:
            break
    return failures | dict.fromkeys(left, "somebody else keeps changing its annotation")


def _item(name: str, there: Texts | None, texts: Texts) -> ext.AnnotationItem:
    data, image_qa = wire_of(merged(there or (), texts))
    return ext.AnnotationItem(name, data, image_qa, "" if there is None else annotation_digest(there))
