"""Upload and delete pictures, put tags on them and take tags off.

Pictures are sent in portions: after each the inventory may be written, so that a kill loses little, and an interrupt
is heard. Inside a portion the writer batches and runs in parallel.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from picsellia_apply.client.upload import Outcome, PictureFile, new_key
from picsellia_apply.errors import PicselliaError
from picsellia_apply.executor.context import Context, Done, chunks, cut_off
from picsellia_apply.executor.taken import CHANGED
from picsellia_apply.model.address import parse_address
from picsellia_apply.model.plan import Bytes, Operation

PORTION_PICTURES = 4_000
PORTION_BYTES = 256 * 1024 * 1024
ARRIVED = frozenset({"created", "same", "there"})
"""A picture that is `there` came after the plan, or before a cut: its bytes are as little comparable as any's there."""
TAG_PICTURES = 50_000
"""Most pictures that one tag request names."""


def change_pictures(context: Context, operation: Operation) -> Done:
    """Delete what the operation removes, or upload what it adds.

    Raises:
        ConflictError: Somebody made something of a picture that goes; nothing was deleted.
    """
    return _delete(context, operation) if operation.members.remove else _upload(context, operation)


def _delete(context: Context, operation: Operation) -> Done:
    """Delete pictures with what the plan saw of them, where the platform can only those that still are like that."""
    names, writer = operation.members.remove, context.client.writer
    if writer.conditional is None:
        found = context.client.reader.holdings(names)
        context.taken.check_pictures(operation, found)
        writer.delete_pictures(list(found.picture_ids.values()))
        return Done(done=len(names))
    found = writer.conditional.holdings(names)
    context.taken.check_pictures(operation, found)
    expect = {picture_id: found.etags[name] for name, picture_id in found.picture_ids.items()}
    stayed = writer.conditional.delete_pictures(expect)
    failures = {name: CHANGED for name, picture_id in found.picture_ids.items() if picture_id in stayed}
    return Done(done=len(names) - len(failures), failures=failures, unwritten=frozenset(failures))


def _upload(context: Context, operation: Operation) -> Done:
    files, failures = _files(context, operation)
    unwritten = set(operation.members.add)
    uncertain: set[str] = set()
    done = sent = 0

    def so_far() -> Done:
        return Done(done, sent, failures, frozenset(unwritten), uncertain=frozenset(uncertain))

    for portion in _portions(files):
        if context.stopped():
            return replace(so_far(), interrupted=True)
        try:
            known = context.picture_ids.find([file.name for file in portion])
            context.found(operation, known)
            outcomes = _send(context, operation, portion, known)
            context.found(operation, [one.name for one in outcomes if one.status == "there"])
        except PicselliaError as error:
            return cut_off(error, so_far())
        failures |= {one.name: _reason(one) for one in outcomes if one.status not in ARRIVED}
        uncertain |= {one.name for one in outcomes if one.uncertain}
        arrived = {one.name: one.picture_id for one in outcomes if one.picture_id and one.name not in failures}
        context.picture_ids.learn(arrived)
        unwritten -= arrived.keys()
        done += len(arrived)
        created = {one.name for one in outcomes if one.status == "created"}
        sent += sum(file.size for file in portion if file.name in created)
        context.kept(operation, frozenset(unwritten))
    return so_far()


def _files(context: Context, operation: Operation) -> tuple[list[PictureFile], dict[str, str]]:
    files: list[PictureFile] = []
    failures: dict[str, str] = {}
    keyed = context.client.writer.chooses_keys
    for name, content in operation.members.add.items():
        path = context.paths.get(content.ref) if content is not None else None
        if content is None or path is None:
            failures[name] = "its file is not among the manifests' pictures"
        else:
            files.append(_picture_file(name, path, content, new_key(name) if keyed else ""))
    return files, failures


def _picture_file(name: str, path: str, content: Bytes, key: str) -> PictureFile:
    return PictureFile(
        name=name,
        path=Path(path),
        sha256=content.sha256,
        size=content.size,
        width=content.width,
        height=content.height,
        orientation=content.orientation,
        tags=(),
        key=key,
    )


def _send(
    context: Context, operation: Operation, portion: Sequence[PictureFile], known: Collection[str]
) -> tuple[Outcome, ...]:
    """Send files; of the names in `known` others are there already, so that they are not called ours."""
    sizes = {file.name: file.size for file in portion}
    keys = {file.name: file.key for file in portion if file.key}

    def on_done(outcomes: Sequence[Outcome]) -> None:
        good = [one for one in outcomes if one.status in ARRIVED]
        context.advance(operation, len(good), sum(sizes[one.name] for one in good if one.status == "created"))

    def on_send(names: Sequence[str]) -> None:
        fresh = [name for name in names if name not in known]
        context.adding(operation, fresh, [keys[name] for name in fresh if name in keys])

    send = context.client.writer.upload_pictures
    return send(portion, parallelism=context.parallelism, on_done=on_done, on_send=on_send)


def _portions(files: Sequence[PictureFile]) -> Iterator[Sequence[PictureFile]]:
    start = size = 0
    for row, file in enumerate(files):
        size += file.size
        if row + 1 - start >= PORTION_PICTURES or size >= PORTION_BYTES:
            yield files[start : row + 1]
            start, size = row + 1, 0
    if start < len(files):
        yield files[start:]


def _reason(outcome: Outcome) -> str:
    if outcome.status == "differs":
        return "a picture of this name with other bytes is in the lake"
    return outcome.error or "the platform did not say why"


def change_tags(context: Context, operation: Operation) -> Done:
    """Put a tag on pictures and take it off others; a picture that is gone is a failure only where the tag goes on."""
    (tag,) = parse_address(operation.address).rest
    writer = context.client.writer
    names = [*operation.members.add, *operation.members.remove]
    found = context.picture_ids.find(names)
    failures = {name: "it is not in the lake" for name in operation.members.add if name not in found}
    if operation.members.add:
        tagged = context.client.reader.pictures_tagged([tag]).names
        context.found(operation, operation.members.add.keys() & set(tagged))
    for some in chunks([name for name in operation.members.add if name in found], TAG_PICTURES):
        context.adding(operation, some, ())
        writer.tag([tag], [found[name] for name in some])
        context.advance(operation, len(some))
    for some in chunks([name for name in operation.members.remove if name in found], TAG_PICTURES):
        writer.untag([tag], [found[name] for name in some])
        context.advance(operation, len(some))
    return Done(done=len(found), failures=failures, unwritten=frozenset(failures))
