r"""A plan as two files: `plan.json`, what a person reviews, and `plan.members.ndjson.gz`, every member by name.

The members file is bound by its sha256, what both do by the plan's digest, and all that is only told (notices,
findings, limits, counts) by a sha256 of its own. A saved plan is input like any other: it is read
with limits, and taken only if writing it again gives the very same bytes, so that nothing shown in it can differ from
what it does. One JSON array a line:

    ["add", ROW, NAME, null | [REF, SHA256, SIZE, WIDTH, HEIGHT, ORIENTATION]]     ROW: of the operation, from 0
    ["remove", ROW, NAME]
    ["objects", ROW, NAME, null | [TEXT...], [TEXT...]]                            annotation before and after
    ["notice", ROW, NAME], ["blocked", ROW, NAME]                                  what a notice or a block speaks of
    ["record", ADDRESS, CREATED, FIELDS]                                           inventory once all is applied; with
                                                                                   a true at its end where protected
    ["member", ADDRESS, NAME, null | SHA256 | [TEXT...]]
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import os
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from picsellia_apply.errors import Diagnostic, InvalidInput, Moved, Severity, StalePlan, UsageError
from picsellia_apply.model.plan import FORMAT_VERSION, Bytes, Plan
from picsellia_apply.planner import plan_digest
from picsellia_apply.render import form
from picsellia_apply.render.filling import filled
from picsellia_apply.render.json import formatted, plan_document
from picsellia_apply.source import Position

LIMIT = 1 << 30
"""Most bytes of a plan, and of what its members file unfolds to: a plan is not trusted with our memory."""
_NOT_JSON = (msgspec.MsgspecError, UnicodeError, RecursionError, OverflowError)
"""What reading JSON of others raises."""
MEMBERS = ".members.ndjson.gz"
"""How the name of a members file ends."""
HINT = "plan again with `--out`, and keep both files as they are"


class _Version(msgspec.Struct):
    format_version: int


def members_path(path: Path) -> Path:
    """Return where the members of a plan are: `plan.json` -> `plan.members.ndjson.gz`."""
    name = path.name.removesuffix(".json")
    return path.with_name(f"{name}{MEMBERS}")


def write_plan(plan: Plan, path: Path) -> None:
    """Write a plan and its members; the plan last, so that it never stands without them.

    Args:
        plan: With its digest.
        path: For example `plan.json`; what is there is replaced.

    Raises:
        UsageError: The files cannot be written.
    """
    text = _members_text(plan)
    members = _folded(text)
    try:
        _replace(members_path(path), members)
        _replace(path, _plan_bytes(plan, members, len(text)))
    except OSError as error:
        raise _unwritable(path, error) from None


def check_place(path: Path) -> None:
    """See to it that a plan can be written there, and leave nothing behind: a missing folder is made by `write_plan`.

    Raises:
        UsageError: The plan or its members cannot be written.
    """
    folder = next(one for one in path.absolute().parents if os.path.lexists(one))
    try:
        for one in (path, members_path(path)):
            if one.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{one.name}."):  # as `_replace` will call it
                pass
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> UsageError:
    hint = f"give another `--out`, in a folder where you may write: `{members_path(path).name}` goes beside it"
    return UsageError(f"--out: the plan cannot be written to `{path}`: {error.strerror or error}", hint=hint)


def is_saved_plan(path: Path) -> bool:
    """Return whether a file looks like a plan that `write_plan` wrote, of whatever version."""
    try:
        found = msgspec.json.decode(_bounded(path))
    except (InvalidInput, *_NOT_JSON):
        return False
    return isinstance(found, dict) and {"format_version", "digest", "operations"} <= found.keys()


def read_plan(path: Path) -> Plan:
    """Read what `write_plan` wrote.

    Args:
        path: Of the JSON file; the members are beside it.

    Raises:
        InvalidInput: It is no plan, of another format, or its members are missing.
        StalePlan: It, or its members, is not what was written.
    """
    text = _bounded(path)
    saved = _decode(text, path)  # before its members are looked for: what is no plan has none
    members = _bounded(members_path(path))
    stated = saved.members.sha256 if saved.members is not msgspec.UNSET else ""
    there = hashlib.sha256(members).hexdigest()
    if there != stated:
        reason = Moved("plan", members_path(path).name, stated, there, "plan")
        raise StalePlan(f"{members_path(path)} does not belong to {path}", HINT, [reason])
    try:
        unfolded = _unfolded(members, saved.members.size if saved.members is not msgspec.UNSET else 0)
        plan = filled(saved, unfolded)
        digest = plan_digest(plan)
        written = _plan_bytes(plan, members, len(unfolded))
    except (*_NOT_JSON, ValueError, LookupError, TypeError, OSError, EOFError, zlib.error) as error:
        raise _fault("L010", f"the members cannot be read: {error}", members_path(path)) from None
    if digest != saved.digest or written != text or _members_text(plan) != unfolded:
        reason = Moved("plan", "digest", saved.digest, digest, "plan")
        raise StalePlan(f"{path} was changed after it was written", HINT, [reason] if digest != saved.digest else [])
    return plan


def _fault(code: str, message: str, path: Path) -> InvalidInput:
    return InvalidInput([Diagnostic(code, Severity.error, message, Position(str(path)), HINT)])


def _bounded(path: Path) -> bytes:
    """Return what a file holds, which may not be larger than a plan is."""
    try:
        if path.stat().st_size > LIMIT:
            raise _fault("L010", f"{path.stat().st_size:,} bytes are more than a plan may have", path)
        return path.read_bytes()
    except OSError as error:
        what = "the members of a saved plan" if path.name.endswith(MEMBERS) else "the saved plan"
        raise _fault("L011", f"{what} cannot be read: {error.strerror or error}", path) from None


def _decode(text: bytes, path: Path) -> form.Plan:
    try:
        version = msgspec.json.decode(text, type=_Version).format_version
        if version != FORMAT_VERSION:
            message = f"the plan has format {version}, this version reads {FORMAT_VERSION}"
            raise _fault("L010", message, path)
        return msgspec.json.decode(text, type=form.Plan)
    except _NOT_JSON as error:
        raise _fault("L010", f"this is no saved plan: {error}", path) from None


def _plan_bytes(plan: Plan, members: bytes, size: int) -> bytes:
    document = plan_document(plan)
    told = hashlib.sha256(formatted(document)).hexdigest()
    bound = {"sha256": hashlib.sha256(members).hexdigest(), "size": size, "told": told}
    return formatted({**document, "members": bound})


def _folded(text: bytes) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=packed, mtime=0) as file:
        file.write(text)
    return packed.getvalue()


def _members_text(plan: Plan) -> bytes:
    return b"".join(msgspec.json.encode(line, order="sorted") + b"\n" for line in _lines(plan))


def _lines(plan: Plan) -> Iterator[tuple[Any, ...]]:
    for row, operation in enumerate(plan.operations):
        for name, content in sorted(operation.members.add.items()):
            yield "add", row, name, None if content is None else _packed(content)
        for name in operation.members.remove:
            yield "remove", row, name
        for name, change in sorted(operation.members.objects.items()):
            yield "objects", row, name, change.before, change.after
    for row, notice in enumerate(plan.notices):
        yield from (("notice", row, name) for name in notice.names)
    for row, blocked in enumerate(plan.blocked):
        yield from (("blocked", row, name) for name in blocked.names)
    for address, record in sorted(plan.records.items()):
        yield "record", address, record.created, record.fields, *([True] if record.protected else [])
        for name, value in sorted(record.members.items()):
            yield "member", address, name, value


def _packed(content: Bytes) -> tuple[Any, ...]:
    return content.ref, content.sha256, content.size, content.width, content.height, content.orientation


def _replace(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.chmod(made, 0o644)  # noqa: PTH101 - a plan is made to be handed on; mkstemp makes it private
        Path(made).replace(path)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise


def _unfolded(members: bytes, size: int) -> bytes:
    """Return the text of a members file, which may not be longer than the plan says."""
    if size > LIMIT:
        raise ValueError(f"{size:,} bytes are more than a plan may have")
    with gzip.GzipFile(fileobj=io.BytesIO(members)) as file:
        text = file.read(size + 1)
    if len(text) != size:
        raise ValueError("it is not as long as the plan says")
    return text
