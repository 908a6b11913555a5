"""`client.datalake`: the lake, with its pictures and datasets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from picsellia_apply.client import dataset as _dataset
from picsellia_apply.client import picture as _picture
from picsellia_apply.client.connected import Connected
from picsellia_apply.client.selection import UNTAGGED

if TYPE_CHECKING:
    from picsellia_apply.client.dataset_upload import Uploaded


class Datalake(Connected):
    """The lake."""

    Picture = _picture.Picture
    Dataset = _dataset.Dataset

    @cached_property
    def picture(self) -> _picture.Picture:
        """Its pictures."""
        return _picture.Picture(connection=self.connection)

    @cached_property
    def dataset(self) -> _dataset.Dataset:
        """Its datasets; they share the selection of pictures."""
        return _dataset.Dataset(connection=self.connection)

    def upload(  # noqa: PLR0917 - as documented
        self,
        name: str | None = None,
        version: str | None = None,
        imgdir: str | Path | None = None,
        ann_path: str | Path | None = None,
        ann_format: str | None = None,
        tags: Sequence[str] | None = UNTAGGED,
        nb_jobs: int = 5,
        rectangle: bool = False,
    ) -> Uploaded:
        """Upload a dataset: pictures and annotations, pictures only, or annotations only.

        With `imgdir` its pictures become a version that holds exactly them:

        - `name` is new: a dataset is made, whose version is called `version`, or `first`.
        - `name` and `version` are there: the pictures are added to that version.
        - `name` is there, `version` is not: a new version is made as by `dataset.new_version`, from the latest one.
        - `name` is there and no `version` is given: refused, nothing is sent.

        Without `imgdir` the annotations go to the version `version` (None: the latest) of `name`. Either way a picture
        keeps the objects it has and gets those of the file that it has not: the same upload again changes nothing.

        Args:
            name: The dataset.
            version: See above.
            imgdir: Folder of the pictures. Folders in it are not entered; what is no picture file is passed over and
                told among the findings.
            ann_path: Annotation file; for PASCAL-VOC a folder of XML files.
            ann_format: COCO, PASCAL-VOC or PICSELLIA.
            tags: Put on every picture; left out or None means the upload's day (`2024-05-31`, UTC), an empty list of
                your own none.
            nb_jobs: Batches sent at once; -1 means one for each core. 32 are the most.
            rectangle: Where an object has an outline and a box, send the box. Otherwise the outline is sent; of an
                object with several parts, which the platform cannot carry, the box.

        Returns:
            The version, an outcome for every picture, and what was noticed (which is logged as well).

        Raises:
            TyperError: The arguments are not acceptable, or the name is taken; nothing was sent.
            InvalidInput: The annotation file cannot be used, with every fault's place; nothing was sent.
            ResourceNotFoundError: Annotations only, and there is no such version.
            TransferError: Some files failed, each with its reason; the others are in the version.
        """
        from datetime import UTC, datetime

        from picsellia_apply.client import dataset_upload

        today = datetime.now(UTC).date()
        order = dataset_upload.checked_order(
            name=name,
            version=version,
            imgdir=imgdir,
            ann_path=ann_path,
            ann_format=ann_format,
            tags=tags,
            nb_jobs=nb_jobs,
            rectangle=rectangle,
            today=today,
        )
        return dataset_upload.upload(self.dataset, order)
