"""Put annotations: each picture's as a whole, under the condition that it is still the one the plan was made from."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from picsellia_apply.errors import PicselliaError
from picsellia_apply.executor.context import Context, Done, chunks, cut_off
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.annotation import annotation_digest, wire_of
from picsellia_apply.model.plan import ObjectChange, Operation
from picsellia_apply.wire.extension import AnnotationItem

PORTION_PICTURES = 1_000
"""Pictures between two looks at whether to stop."""

_REASONS = {
    "stale": "the picture's annotation changed on the platform meanwhile",
    "missing": "the picture is not in the version",
}


def change_annotations(context: Context, operation: Operation) -> Done:
    """Replace the annotations of the operation's pictures, several portions at once."""
    address = parse_address(operation.address)
    dataset_id = context.ids.version(address.name, address.version)
    portions = list(chunks(list(operation.members.objects.items()), PORTION_PICTURES))

    def put(portion: Sequence[tuple[str, ObjectChange]]) -> Done:
        return _put(context, operation, dataset_id, portion)

    with ThreadPoolExecutor(max(1, min(context.parallelism, len(portions)))) as pool:
        parts = list(pool.map(put, portions))
    return Done(
        done=sum(part.done for part in parts),
        failures={name: reason for part in parts for name, reason in part.failures.items()},
        unwritten=frozenset().union(*(part.unwritten for part in parts)),
        error=next((part.error for part in parts if part.error), ""),
        interrupted=any(part.interrupted for part in parts),
        lease_lost=next((part.lease_lost for part in parts if part.lease_lost), ""),
    )


def _put(context: Context, operation: Operation, dataset_id: str, portion: Sequence[tuple[str, ObjectChange]]) -> Done:
    names = frozenset(name for name, _ in portion)
    if context.stopped():
        return Done(unwritten=names, interrupted=True)
    context.adding(operation, [name for name, change in portion if not change.before], ())
    try:
        answer = context.client.writer.replace_annotations(dataset_id, [_item(*one) for one in portion])
    except PicselliaError as failure:
        return cut_off(failure, Done(unwritten=names))
    failures: dict[str, str] = {}
    rows = zip(portion, answer.statuses, answer.digests, answer.errors, strict=True)
    for (name, change), status, digest, error in rows:
        if status not in ("put", "same"):
            failures[name] = _REASONS.get(status) or error or f"the platform answered `{status}`"
        elif digest != annotation_digest(change.after):
            failures[name] = "the platform stored something else than was sent"
    context.advance(operation, len(portion) - len(failures))
    return Done(done=len(portion) - len(failures), failures=failures, unwritten=frozenset(failures))


def _item(name: str, change: ObjectChange) -> AnnotationItem:
    data, image_qa = wire_of(change.after)
    expect = "" if change.before is None else annotation_digest(change.before)
    return AnnotationItem(name, data, image_qa, expect)
