"""`datalake.upload`: a folder of pictures and an annotation file become a version of a dataset, or more of one.

Everything that can be refused is refused before the first byte is sent. Pictures are known by the ids that their upload
answered, never by a search: a version holds what was uploaded for it and nothing else.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from picsellia_apply.client import objects
from picsellia_apply.client.annotation_files import AnnotationFile, Objects, read_annotation_file
from picsellia_apply.client.dataset import FIRST, LATEST, Dataset
from picsellia_apply.client.picture_files import PictureFiles, read_folder
from picsellia_apply.client.progress import Bar
from picsellia_apply.client.selection import UNTAGGED, texts_given
from picsellia_apply.errors import (
    Diagnostic,
    PicselliaError,
    ResourceNotFoundError,
    Severity,
    TransferError,
    TyperError,
)
from picsellia_apply.formats import FORMATS
from picsellia_apply.model.annotation import labels_of
from picsellia_apply.source import Position, shown_path

if TYPE_CHECKING:
    from picsellia_apply.client.upload import Outcome

_log = logging.getLogger(__name__)
MOST_JOBS = 32
"""More batches on their way at once help nobody: it is the size of the connection pool."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What `datalake.upload` did.

    Attributes:
        dataset: The version, as it is now.
        pictures: One outcome per picture file: `created`; `same` where it was in the lake already; `there` where one of
            its name was, on a platform that does not tell its bytes.
        annotated: How many pictures the file annotates.
        objects: How many objects it holds for them.
        findings: What was noticed: objects that could not be carried, names that fit nothing, files passed over.
    """

    dataset: objects.Dataset
    pictures: tuple[Outcome, ...] = field(default=(), repr=False)
    annotated: int = 0
    objects: int = 0
    findings: tuple[Diagnostic, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Order:
    """The arguments of `datalake.upload`, checked."""

    name: str
    version: str | None
    imgdir: Path | None
    ann_path: Path | None
    ann_format: str
    tags: tuple[str, ...]
    jobs: int
    rectangle: bool


def checked_order(
    *,
    name: str | None,
    version: str | None,
    imgdir: str | Path | None,
    ann_path: str | Path | None,
    ann_format: str | None,
    tags: Sequence[str] | None,
    nb_jobs: int,
    rectangle: bool,
    today: date,
) -> Order:
    """Return the arguments as they are meant.

    Raises:
        TyperError: Something is missing or wrong.
    """
    if not name or "/" in name or "/" in (version or ""):
        raise TyperError("a dataset needs a name; neither it nor a version's holds a `/`")
    if imgdir is None and ann_path is None:
        raise TyperError("nothing to upload", "give `imgdir`, `ann_path` or both")
    if (ann_path is None) != (ann_format is None):
        raise TyperError(f"`ann_path` and `ann_format` belong together; formats: {', '.join(FORMATS)}")
    if ann_format is not None and ann_format not in FORMATS:
        raise TyperError(f"`{ann_format}` is none of the formats {', '.join(FORMATS)}")
    dated = tags is None or tags is UNTAGGED
    return Order(
        name,
        version or None,
        None if imgdir is None else Path(imgdir),
        None if ann_path is None else Path(ann_path),
        ann_format or "",
        (today.isoformat(),) if dated else tuple(texts_given(tags, "tag")),
        workers(nb_jobs),
        rectangle,
    )


def workers(nb_jobs: int) -> int:
    """Return how many batches are sent at once; -1 is one for each core.

    Raises:
        TyperError: It is neither -1 nor positive.
    """
    if isinstance(nb_jobs, bool) or not isinstance(nb_jobs, int) or (nb_jobs < 1 and nb_jobs != -1):
        raise TyperError("`nb_jobs` is a number of workers, or -1 for one for each core")
    return min(MOST_JOBS, (os.cpu_count() or 1) if nb_jobs == -1 else nb_jobs)


def upload(dataset: Dataset, order: Order) -> Uploaded:
    """Do what was ordered; see `Datalake.upload`."""
    file = None
    if order.ann_path is not None:
        file = read_annotation_file(order.ann_path, order.ann_format, rectangle=order.rectangle)
    return _Upload(dataset, order, file).run()


_ARRIVED = frozenset({"created", "same", "there"})


class _Upload:
    """One upload, and what went wrong in it so far."""

    def __init__(self, dataset: Dataset, order: Order, file: AnnotationFile | None) -> None:
        self._dataset = dataset
        self._order = order
        self._file = file
        self._writer = dataset.connection.writer
        self._reader = dataset.connection.reader
        self._failures: dict[str, str] = {}
        self._findings = list(file.findings) if file else []

    def run(self) -> Uploaded:
        """Upload, and raise what failed at the end."""
        if self._order.imgdir is None:
            done = self._annotate_only()
        else:
            done = self._with_pictures(self._order.imgdir)
        self._raise_failures(f"`{done.dataset.dataset_name}/{done.dataset.version}` holds the rest")
        for one in done.findings:
            level = logging.INFO if one.severity is Severity.note else logging.WARNING
            _log.log(level, "%s: [%s] %s", one.position, one.code, one.message)
        return done

    def _raise_failures(self, outcome: str) -> None:
        if self._failures:
            number = len(self._failures)
            raise TransferError(f"{number} file{'s' * (number != 1)} could not be uploaded; {outcome}", self._failures)

    # Annotations only

    def _annotate_only(self) -> Uploaded:
        target = self._dataset.fetch(self._order.name, self._order.version)
        members = frozenset(self._reader.version_members(target.dataset_id))
        return self._annotate(target, members, (), ())

    # Pictures, with or without annotations

    def _with_pictures(self, imgdir: Path) -> Uploaded:
        existing = self._existing()
        found = self._read_pictures(imgdir)
        names = frozenset(file.name for file in found.files)
        if self._file is not None and existing is None:
            self._file.fitted(names, _base_names(found))
        outcomes = self._send(found)
        ids = [str(one.picture_id) for one in outcomes]
        if not ids:
            self._raise_failures("no dataset was made")
        try:
            target = self._hold(existing, ids)
            arrived = frozenset(one.name for one in outcomes)
            if existing is not None:
                arrived |= frozenset(self._reader.version_members(target.dataset_id))
            return self._annotate(target, arrived, outcomes, [*_base_names(found), *(names - arrived)])
        except PicselliaError as error:
            if self._failures:
                self._failures[f"dataset `{self._order.name}`"] = error.message
                self._raise_failures("run it again")
            raise

    def _existing(self) -> objects.Dataset | None:
        """Return the version to add to, None when one is to be made.

        Raises:
            TyperError: The name is taken and no version is given, or the version cannot have this name.
        """
        name, version = self._order.name, self._order.version
        found = self._find(name, version or LATEST)
        if found is None and version == LATEST:
            raise TyperError(f"there is no dataset `{name}`, so it has no latest version", "leave `version` out")
        free = version in {None, FIRST} or self._writer.free_version_names
        if found is None and not free and self._find(name, LATEST) is None:
            raise TyperError(f"on this platform the first version of a dataset is called `{FIRST}`")
        if found is not None and version is None:
            hint = "give `version`: one it has, to add to it, or a new one"
            raise TyperError(f"there is a dataset `{name}` already", hint)
        return found

    def _find(self, name: str, version: str) -> objects.Dataset | None:
        connection = self._dataset.connection
        path = ("dataset", connection.organization_id, name, version)
        try:
            answer = connection.transport.ask("GET", *path, answer=dict[str, Any], repeat_safe=True)
        except ResourceNotFoundError:
            return None
        return objects.Dataset.of(answer.get("dataset"))

    def _read_pictures(self, imgdir: Path) -> PictureFiles:
        found = read_folder(imgdir, self._order.tags)
        if not found.files and not found.failures:
            raise TyperError(f"the folder `{imgdir}` holds no picture")
        self._failures.update(found.failures)
        if found.passed_over:
            number, first = len(found.passed_over), ", ".join(f"`{name}`" for name in found.passed_over[:3])
            message = f"passed over: {number:,} that {'is' if number == 1 else 'are'} no picture file: {first}"
            position = Position(shown_path(imgdir))
            self._findings.append(Diagnostic("P020", Severity.warning, message, position, count=number))
        return found

    def _send(self, found: PictureFiles) -> tuple[Outcome, ...]:
        with Bar("uploading pictures", len(found.files)) as bar:

            def on_done(some: Sequence[Outcome]) -> None:
                bar.advance(len(some))

            outcomes = self._writer.upload_pictures(found.files, parallelism=self._order.jobs, on_done=on_done)
        found.note_outcomes(one for one in outcomes if one.status != "there")
        self._note_unknown(sum(one.status == "there" for one in outcomes))
        self._failures.update(found.failures)
        self._failures.update({one.name: "the platform does not list it" for one in outcomes if _is_lost(one)})
        return tuple(one for one in outcomes if one.status in _ARRIVED and one.picture_id)

    def _note_unknown(self, number: int) -> None:
        """Tell how many pictures are those of the lake, so that a second upload adds to the version all the same."""
        if number:
            message = f"{number:,} of the pictures are in the lake by name; this platform does not tell whether their "
            hint = "give a picture whose bytes changed a new name"
            self._findings.append(
                Diagnostic("P016", Severity.warning, f"{message}bytes are the same", None, hint, number)
            )

    def _hold(self, existing: objects.Dataset | None, ids: Sequence[str]) -> objects.Dataset:
        """Make a version of exactly these pictures, or add them to one."""
        name, version = self._order.name, self._order.version
        if existing is not None:
            self._writer.add_pictures(existing.dataset_id, ids)
            return self._dataset.fetch(name, existing.version)
        if version is None or (version == FIRST and self._find(name, LATEST) is None):
            return self._dataset.create(name, pictures=ids)
        if self._find(name, LATEST) is not None:
            return self._dataset.new_version(name, version, LATEST, ids)
        self._writer.create_version(name, version, ids)
        return self._dataset.fetch(name, version)

    def _annotate(
        self, target: objects.Dataset, members: frozenset[str], outcomes: Sequence[Outcome], others: Sequence[str]
    ) -> Uploaded:
        """Add the file's labels and objects to a version."""
        if self._file is None:
            return Uploaded(target, tuple(outcomes), findings=tuple(self._findings))
        sent, findings = self._file.fitted(members, others)
        self._findings += findings
        number = self._put_labels(target.dataset_id, sent)
        with Bar("annotating pictures", len(sent)) as bar:
            failures = self._writer.add_objects(
                target.dataset_id, sent, parallelism=self._order.jobs, on_done=bar.advance
            )
        self._failures.update((f"annotation of {name}", why) for name, why in failures.items())
        self._writer.write_statistics(target.dataset_id)
        return Uploaded(target, tuple(outcomes), len(sent), number, tuple(self._findings))

    def _put_labels(self, dataset_id: str, sent: Objects) -> int:
        """Declare every label that is used and return the number of objects."""
        labels = [label for texts in sent.values() for label in labels_of(texts)]
        for name, kind in sorted(set(labels)):
            self._writer.create_label(dataset_id, name, kind)
        return len(labels)


def _is_lost(outcome: Outcome) -> bool:
    return outcome.status in _ARRIVED and outcome.picture_id is None


def _base_names(found: PictureFiles) -> list[str]:
    return [Path(path).name for path in found.failures]
