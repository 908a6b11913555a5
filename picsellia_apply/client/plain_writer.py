"""Bulk writing to a platform that speaks SDK v2 only: three requests per picture, one or two per annotation.

What v2 cannot do is refused by name; a plan lists it as blocked, so that an apply never asks for it.
"""

# ruff: noqa: ARG002 - what is refused takes its arguments all the same

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import msgspec

from picsellia_apply.client import merging, network_files
from picsellia_apply.client.repeats import once
from picsellia_apply.client.sending import read_verified
from picsellia_apply.client.upload import Outcome, PictureFile, announced, in_turn, new_key, upload
from picsellia_apply.client.writer import Writer
from picsellia_apply.errors import (
    ConflictError,
    InvalidQueryError,
    LeaseHeld,
    PicselliaError,
    ProcessingError,
    ResourceNotFoundError,
)
from picsellia_apply.model.annotation import annotation_digest, labels_of, texts_of, wire_of
from picsellia_apply.wire import extension as ext
from picsellia_apply.wire import ownership, v2

_log = logging.getLogger(__name__)
CONNECTIONS = 32
"""Most requests on their way at once: the connections that are kept."""
FIRST = "first"
"""The name that SDK v2 gives to the first version of a dataset."""
PICTURES_AT_ONCE = 8
"""Pictures that one thread sends in a row."""
STAGES = 3
"""Requests that a picture takes: while one is being prepared, another is sent and a third created."""


class _Made(msgspec.Struct):
    dataset: v2.Dataset | None = None
    pk: str = ""


class PlainWriter(Writer):
    """Writes what an organization has, by SDK v2 alone."""

    free_version_names = False
    chooses_keys = True

    def upload_pictures(
        self,
        files: Sequence[PictureFile],
        *,
        parallelism: int = 4,
        on_done: Callable[[Sequence[Outcome]], None] | None = None,
        on_send: Callable[[Sequence[str]], None] | None = None,
        source: str = "sdk",
    ) -> tuple[Outcome, ...]:
        """Send picture files that the lake has no name of; v2 cannot compare bytes, so the others are `there`."""
        known = self.picture_ids([file.name for file in files])
        new = [file for file in files if file.name not in known]
        there = [Outcome(file.name, "there", known[file.name]) for file in files if file.name in known]
        if there and on_done is not None:
            on_done(there)

        def send(some: Sequence[PictureFile]) -> list[Outcome]:
            return in_turn(some, lambda one: [self._send_picture(one[0], source)], 1)

        threads = min(STAGES * parallelism, CONNECTIONS)
        told = announced(send, on_send)
        sent = upload(new, told, parallelism=threads, on_done=on_done, pictures_at_once=PICTURES_AT_ONCE)
        untold = [one.name for one in sent if one.status != "failed" and one.picture_id is None]
        made = self.picture_ids(untold)
        done = {one.name: replace(one, picture_id=one.picture_id or made.get(one.name)) for one in sent}
        done.update((one.name, one) for one in there)
        return tuple(done[file.name] for file in files)

    def _send_picture(self, file: PictureFile, source: str) -> Outcome:
        content = read_verified(file)
        if isinstance(content, str):
            return Outcome(file.name, "failed", error=content)
        key = file.key or new_key(file.name)
        width, height = file.displayed_wh
        body = v2.PictureUpload(key, file.name, height, width, list(file.tags), source)
        try:
            network_files.send_form(self.transport, key, content, model=False)
            path = ("picture", "upload", self.organization_id)
            made = self.transport.ask("PUT", *path, answer=dict[str, Any], repeat_safe=True, body=body)
        except ConflictError:
            # Somebody's of this name, or ours whose first answer was lost: the object that it has tells.
            return self._who_made(file.name, key)
        except InvalidQueryError as error:
            return Outcome(file.name, "failed", error=error.message)
        return Outcome(file.name, "created", _id_told(made, file.name))

    def _who_made(self, name: str, key: str) -> Outcome:
        """Return whether the picture that is there is the one we sent; uncertain where the platform cannot list it."""
        try:
            ours = self.reader.object_keys([name]).get(name) == key
        except ResourceNotFoundError as error:
            return Outcome(name, "failed", error=error.message, uncertain=True)
        return Outcome(name, "created" if ours else "there")

    def create_version(
        self,
        name: str,
        version: str,
        picture_ids: Sequence[str],
        *,
        origin: str | None = None,
        description: str | None = None,
        private: bool | None = None,
    ) -> str:
        """Make a version; without an origin it can only be the first of a new dataset, and must hold a picture."""
        if origin is not None:
            return super().create_version(name, version, picture_ids, origin=origin)
        if version != FIRST or not picture_ids:
            _unsupported(f"a version without an origin that is not `{FIRST}`, or is empty")
        body = v2.DatasetCreate(name, list(picture_ids), description or "", private is not False)

        def send() -> str:
            path = ("dataset", self.organization_id)
            made = self.transport.ask("PUT", *path, answer=_Made, repeat_safe=False, body=body)
            return made.dataset.dataset_id if made.dataset is not None else made.pk

        return once(send, lambda: self.find_version(name, version, set(picture_ids)))

    def replace_annotations(self, dataset_id: str, items: Sequence[ext.AnnotationItem]) -> ext.AnnotationReplaceAnswer:
        """Put whole annotations, each deleted and added again where it differs: not atomic in v2."""
        names = [item.name for item in items]
        members = self.reader.pictures_of(dataset_id)
        ids = dict(zip(members.names, members.picture_ids, strict=True))
        there = self.reader.annotations(dataset_id, names)
        answer = ext.AnnotationReplaceAnswer([], [], [])
        for item in items:
            status, error = self._replace(dataset_id, item, ids.get(item.name), there.get(item.name))
            done = status in {"put", "same"}
            answer.statuses.append(status)
            answer.digests.append(annotation_digest(texts_of(item.data, item.image_qa)) if done else None)
            answer.errors.append(error)
        return answer

    def _replace(
        self, dataset_id: str, item: ext.AnnotationItem, picture_id: str | None, there: tuple[str, ...] | None
    ) -> tuple[str, str | None]:
        wanted = texts_of(item.data, item.image_qa)
        if picture_id is None:
            return "missing", "the picture is not in the version"
        if there == wanted:
            return "same", None
        if item.expect is not None and item.expect != (annotation_digest(there) if there is not None else ""):
            return "stale", "the annotation is not what was expected"
        if there is not None:
            self._ask("DELETE", "annotation", dataset_id, picture_id)
        try:
            self._put_once(dataset_id, item, wanted)
        except (ConflictError, LeaseHeld):
            raise  # somebody else's is there now, and ours would be appended to it; or somebody else writes now
        except PicselliaError as error:
            if there is not None:
                self._put_back(dataset_id, item.name, there, error)
            if isinstance(error, InvalidQueryError):
                return "refused", error.message
            raise
        return "put", None

    def _put_back(self, dataset_id: str, name: str, old: tuple[str, ...], why: PicselliaError) -> None:
        """Put a deleted annotation back, unless something is there; whether a lost request arrived is looked up.

        Raises:
            ProcessingError: That failed too; the picture is named.
        """
        try:
            if self._is_put(dataset_id, name, old) is None:
                self._put_once(dataset_id, ext.AnnotationItem(name, *wire_of(old)), old)
        except PicselliaError as error:
            message = f"`{name}`: its annotation was deleted to be replaced, the new one was not taken ({why.message})"
            hint = "its objects are no longer on the platform: apply again, or restore them from the annotation file"
            raise ProcessingError(f"{message}, and the old one could not be put back: {error.message}", hint) from why

    def _put_once(self, dataset_id: str, item: ext.AnnotationItem, wanted: tuple[str, ...]) -> None:
        once(lambda: self._put(dataset_id, item), lambda: self._is_put(dataset_id, item.name, wanted))

    def _put(self, dataset_id: str, item: ext.AnnotationItem) -> bool:
        body = {"data": item.data, "image_qa": item.image_qa}
        path = ("annotation", "new", dataset_id, item.name)
        self.transport.ask("PUT", *path, answer=dict[str, Any], repeat_safe=False, body=body)
        return True

    def _is_put(self, dataset_id: str, name: str, wanted: tuple[str, ...]) -> bool | None:
        there = self.reader.annotations(dataset_id, [name]).get(name)
        if there is not None and there != wanted:
            raise ConflictError(f"somebody else annotated `{name}`")
        return True if there == wanted else None

    def add_objects(
        self,
        dataset_id: str,
        objects: Mapping[str, tuple[str, ...]],
        *,
        parallelism: int = 4,
        on_done: Callable[[int], None] | None = None,
    ) -> dict[str, str]:
        """Add the objects that a picture has not got: v2 itself appends, so what is there is read first."""
        there = self.reader.annotations(dataset_id, list(objects))

        def add(dataset_id: str, some: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
            failures = {}
            for name, texts in some.items():
                try:
                    self._add(dataset_id, name, there.get(name), texts)
                except (InvalidQueryError, ResourceNotFoundError, ConflictError) as error:
                    failures[name] = error.message
            return failures

        at_once = PICTURES_AT_ONCE
        return merging.add_all(add, dataset_id, objects, parallelism=parallelism, on_done=on_done, at_once=at_once)

    def _add(self, dataset_id: str, name: str, before: tuple[str, ...] | None, texts: tuple[str, ...]) -> None:
        wanted = merging.merged(before or (), texts)
        if wanted == before:
            return
        missing = tuple((Counter(wanted) - Counter(before or ())).elements())
        item = ext.AnnotationItem(name, *wire_of(missing))

        def is_added() -> bool | None:
            now = self.reader.annotations(dataset_id, [name]).get(name)
            if now not in (before, wanted):
                raise ConflictError(f"somebody else annotated `{name}`")
            return True if now == wanted else None

        once(lambda: self._put(dataset_id, item), is_added)

    def write_statistics(self, dataset_id: str) -> None:
        """Send what the published clients send after an upload: the platform counts nothing by itself.

        Source: WIRE_V2.md 4.10.
        """
        texts = self.reader.annotations(dataset_id, self.reader.version_members(dataset_id))
        found = Counter(label for one in texts.values() for label, _ in labels_of(one))
        body = {"repartition": found, "nb_annotations": len(texts), "nb_objects": found.total()}
        try:
            self._ask("POST", "dataset", dataset_id, "update_stats", body=body)
        except ResourceNotFoundError:
            _log.info("this platform keeps no statistics of datasets")

    def patch_dataset(
        self,
        name: str,
        *,
        description: str | None = None,
        private: bool | None = None,
        expect: ext.DatasetFields | None = None,
    ) -> None:
        """Refuse: v2 cannot change a dataset."""
        _unsupported("changing a dataset's fields")

    def remove_pictures(self, dataset_id: str, picture_ids: Sequence[str]) -> None:
        """Refuse: v2 cannot take pictures out of a version."""
        _unsupported("taking pictures out of a version")

    def remove_labels(self, dataset_id: str, labels: Sequence[ext.Label]) -> None:
        """Refuse: v2 cannot remove labels."""
        _unsupported("removing labels")

    def write_workspace(self, name: str, body: ownership.WorkspaceWrite) -> None:
        """Refuse: v2 keeps no inventory."""
        _unsupported("keeping an inventory")


def _id_told(answer: Mapping[str, Any], name: str) -> str | None:
    """Return the id of a picture that was made, where the platform tells it: v2 does not ask it to."""
    match answer.get("picture"):
        case {"picture_id": str(picture_id), "external_url": stated} if stated == name:
            return picture_id or None
    return None


def _unsupported(what: str) -> NoReturn:
    raise PicselliaError(f"this platform does not support {what}")
