"""Annotations of a version's pictures: adding, replacing, reading, deleting. Bulk paths are sets of rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select

from picsellia_apply.lake.db import count, insert, one_of
from picsellia_apply.lake.refusal import bad_request, not_found
from picsellia_apply.lake.schema import annotated, members, pictures
from picsellia_apply.lake.service.annotation_rules import Prepared, prepare
from picsellia_apply.wire import extension, v2


@dataclass(frozen=True, slots=True)
class Target:
    """A picture of a version, and its annotation's digest (None for none)."""

    picture_id: int
    digest: str | None


def member(conn: Connection, version_id: int, picture: str) -> int:
    """Return the row of a version's picture, by name or else by id.

    Raises:
        Refusal: 404, the version has no such picture.
    """
    mine = select(pictures.c.id).join(members, members.c.picture_id == pictures.c.id)
    for column in (pictures.c.name, pictures.c.uuid):
        found = conn.execute(mine.where(members.c.version_id == version_id, column == picture)).scalar()
        if found is not None:
            return int(found)
    raise not_found(f"the dataset holds no picture `{picture}`")


def _upsert(conn: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    put = insert(conn, annotated)
    new = {column: put.excluded[column] for column in ("data", "image_qa", "digest", "objects", "duration", "updated")}
    conn.execute(put.on_conflict_do_update(index_elements=["version_id", "picture_id"], set_=new), list(rows))


def _row(version_id: int, picture_id: int, new: Prepared, now: str, duration: float | None = None) -> dict[str, Any]:
    return {
        "version_id": version_id,
        "picture_id": picture_id,
        "data": new.data,
        "image_qa": new.image_qa,
        "digest": new.digest,
        "objects": new.objects,
        "duration": None if duration is None else str(duration),
        "updated": now,
    }


def add(conn: Connection, version_id: int, picture_id: int, request: v2.AnnotationPut, now: str) -> str:
    """Add objects to a picture's annotation, which is made when there is none; return its digest.

    Raises:
        Refusal: 400, an object is not acceptable.
    """
    there = select(annotated).filter_by(version_id=version_id, picture_id=picture_id)
    row = conn.execute(there).one_or_none()
    data = msgspec.json.decode(row.data) if row else []
    image_qa = msgspec.json.decode(row.image_qa) if row else []
    try:
        new = prepare([*data, *request.data], [*image_qa, *(request.image_qa or [])])
    except ValueError as error:
        raise bad_request(str(error)) from error
    _upsert(conn, [_row(version_id, picture_id, new, now, request.duration)])
    return new.digest


def remove(conn: Connection, version_id: int, picture_id: int | None = None) -> int:
    """Delete the annotation of one picture, or all of a version; return how many there were."""
    gone = delete(annotated).where(annotated.c.version_id == version_id)
    return conn.execute(gone if picture_id is None else gone.where(annotated.c.picture_id == picture_id)).rowcount


def targets(conn: Connection, version_id: int, names: Collection[str]) -> dict[str, Target]:
    """Return those of some names that a version holds, with the digest each has now."""
    joined = (
        select(pictures.c.name, pictures.c.id, annotated.c.digest)
        .join(members, members.c.picture_id == pictures.c.id)
        .outerjoin(
            annotated,
            (annotated.c.version_id == members.c.version_id) & (annotated.c.picture_id == members.c.picture_id),
        )
        .where(members.c.version_id == version_id, one_of(pictures.c.name, names))
    )
    return {name: Target(picture, digest) for name, picture, digest in conn.execute(joined).all()}


def prepare_all(items: Sequence[extension.AnnotationItem]) -> list[Prepared | str]:
    """Return per item what is kept of it, or why it is refused. Needs no transaction."""
    prepared: list[Prepared | str] = []
    for item in items:
        try:
            prepared.append(prepare(item.data, item.image_qa))
        except ValueError as error:
            prepared.append(str(error))
    return prepared


def replace(
    conn: Connection,
    version_id: int,
    items: Sequence[extension.AnnotationItem],
    prepared: Sequence[Prepared | str],
    now: str,
) -> extension.AnnotationReplaceAnswer:
    """Put whole annotations, each when what is there is what the sender expects.

    Args:
        conn: An open write.
        version_id: Row of the version.
        items: What was sent.
        prepared: The answer of `prepare_all` to them.
        now: Time of change.
    """
    there = targets(conn, version_id, [item.name for item in items])
    answer = extension.AnnotationReplaceAnswer([], [], [])
    rows: dict[int, dict[str, Any]] = {}
    for item, new in zip(items, prepared, strict=True):
        target = there.get(item.name)
        status = _status(item, new, target)
        if status == "put" and target is not None and isinstance(new, Prepared):
            rows[target.picture_id] = _row(version_id, target.picture_id, new, now)
            there[item.name] = target = Target(target.picture_id, new.digest)
        answer.statuses.append(status)
        answer.digests.append(target.digest if target else None)
        answer.errors.append(_reason(status, new))
    _upsert(conn, list(rows.values()))
    return answer


def _status(item: extension.AnnotationItem, new: Prepared | str, target: Target | None) -> str:
    """Return what becomes of an item; one that is there already is `same` whatever was expected."""
    if isinstance(new, str):
        return "refused"
    if target is None:
        return "missing"
    if target.digest == new.digest:
        return "same"
    return "put" if item.expect is None or item.expect == (target.digest or "") else "stale"


def _reason(status: str, new: Prepared | str) -> str | None:
    if isinstance(new, str):
        return new
    return {"missing": "the dataset holds no such picture", "stale": "the annotation is not the expected one"}.get(
        status
    )


def lookup(conn: Connection, version_id: int, request: extension.AnnotationLookup) -> dict[str, Any]:
    """Return AnnotationColumns; stored objects are passed on as they are, never decoded."""
    mine = select(pictures.c.name, annotated).join(pictures, pictures.c.id == annotated.c.picture_id)
    mine = mine.where(annotated.c.version_id == version_id).order_by(pictures.c.name)
    if request.names is not None:
        rows = conn.execute(mine.where(one_of(pictures.c.name, request.names))).all()
        columns = _columns(rows, len(rows), None)
        columns["data"] = [msgspec.Raw(row.data.encode()) for row in rows]
        columns["image_qa"] = [msgspec.Raw(row.image_qa.encode()) for row in rows]
        return columns
    wanted = (pictures.c.name, annotated.c.digest, annotated.c.objects)
    page = mine.with_only_columns(*wanted).limit(request.limit + 1)
    rows = conn.execute(page if request.after is None else page.where(pictures.c.name > request.after)).all()
    shown = rows[: request.limit]
    total = count(conn, annotated, annotated.c.version_id == version_id)
    return _columns(shown, total, shown[-1].name if len(rows) > len(shown) else None)


def _columns(rows: Sequence[Any], total: int, following: str | None) -> dict[str, Any]:
    return {
        "names": [row.name for row in rows],
        "digests": [row.digest for row in rows],
        "counts": [row.objects for row in rows],
        "total": total,
        "next": following,
    }


def entries(
    conn: Connection, version_id: int, *, limit: int | None = None, offset: int = 0, picture_id: int | None = None
) -> list[dict[str, Any]]:
    """Return annotations as SDK v2 lists them, ordered by picture name, so that paging is stable."""
    chosen = (
        select(pictures.c.name, pictures.c.uuid, annotated.c.data, annotated.c.image_qa)
        .join(pictures, pictures.c.id == annotated.c.picture_id)
        .where(annotated.c.version_id == version_id)
        .order_by(pictures.c.name)
        .limit(limit)
        .offset(offset)
    )
    if picture_id is not None:
        chosen = chosen.where(annotated.c.picture_id == picture_id)
    return [
        {
            "picture_id": row.uuid,
            "external_picture_url": row.name,
            "data": msgspec.Raw(row.data.encode()),
            "image_qa": msgspec.Raw(row.image_qa.encode()),
        }
        for row in conn.execute(chosen).all()
    ]


def total(conn: Connection, version_id: int) -> int:
    """Return how many pictures of a version are annotated."""
    return count(conn, annotated, annotated.c.version_id == version_id)
