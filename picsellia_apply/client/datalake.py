"""`client.datalake`: the lake, with its pictures and datasets."""

from __future__ import annotations

from functools import cached_property

from picsellia_apply.client import dataset as _dataset
from picsellia_apply.client import picture as _picture
from picsellia_apply.client.connected import Connected


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
