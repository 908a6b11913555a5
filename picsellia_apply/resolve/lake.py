"""The predicted lake: what is observed, plus uploads and tag changes that the declaration plans before any selection.

A tag's carriers are settled when the first selection asks for them; `model.queries` sees to it that every query that
changes a tag was evaluated by then. Where deletes are on, pictures and tags that we put there and nobody declares any
more are taken off the prediction, so that the plan after the apply finds nothing left to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field

from picsellia_apply.model.address import Address
from picsellia_apply.model.declaration import Declaration
from picsellia_apply.model.inventory import Record
from picsellia_apply.model.ownership import Ours, compare_bytes
from picsellia_apply.model.state import Lake
from picsellia_apply.source import Place

Names = Set[str]


@dataclass(frozen=True, slots=True)
class Keeper:
    """A document that keeps a tag on pictures, or off them."""

    document: str
    place: Place
    names: Names


@dataclass(frozen=True, slots=True)
class Pictures:
    """The predicted pictures.

    Attributes:
        sha256: Name to digest; None where the platform cannot say.
        kept_deleted: Declared names that a person deleted and nobody restores.
        dropped: Names that would be deleted: ours, and no longer declared.
        held_back: Declared names under which other bytes are there: these pictures lose nothing by it, and get no tag,
            no version and no annotation, for what is declared is another picture.
    """

    sha256: Mapping[str, str | None]
    kept_deleted: frozenset[str]
    dropped: frozenset[str]
    held_back: frozenset[str] = frozenset()


def predict_pictures(
    declaration: Declaration,
    observed: Lake,
    ours: Ours,
    records: Mapping[str, Record],
    pinned: Set[str] = frozenset(),
    *,
    prune: bool,
) -> Pictures:
    """Return the observed pictures with those that would be uploaded, without those that would be deleted.

    Pictures that are `pinned`, being held by a frozen version or managed by other workspaces too, are not deleted.
    """
    held_back: set[str] = set()
    declared: dict[str, str | None] = {}
    restored: set[str] = set()
    for one in reversed(declaration.picture_sets):
        declared.update(zip(one.pictures.names, one.pictures.sha256, strict=True))
        if one.restore:
            restored.update(one.pictures.names)
        members = dict(zip(one.pictures.names, one.pictures.sha256, strict=True))
        record = records.get(str(Address("pictures", one.name)))
        held_back |= compare_bytes(members, observed.pictures, record)[0].keys()
    kept_deleted = frozenset((declared.keys() & ours.recorded) - observed.pictures.keys() - restored)
    predicted = {**declared, **observed.pictures}
    dropped = frozenset((ours.pictures - declared.keys()) & predicted.keys()) - pinned if prune else frozenset()
    for name in kept_deleted | dropped:
        del predicted[name]
    return Pictures(predicted, kept_deleted, dropped, frozenset(held_back))


@dataclass(slots=True)
class PredictedTags:
    """Tags while queries are evaluated; `carriers` settles a tag for good."""

    pictures: Names
    observed: Mapping[str, frozenset[str]]
    ours: Mapping[str, Names]
    prune: bool
    held_back: Names = frozenset()
    adding: dict[str, list[Keeper]] = field(default_factory=dict)
    removing: dict[str, list[Keeper]] = field(default_factory=dict)
    _settled: dict[str, frozenset[str]] = field(default_factory=dict)

    def carriers(self, tag: str) -> frozenset[str]:
        """Return the predicted pictures that carry `tag` after everything that is declared about it."""
        if tag not in self._settled:
            added = _names(self.adding.get(tag, ()))
            there = self.observed.get(tag, frozenset())
            if self.prune:
                there = there - (self.ours.get(tag, frozenset()) - added)
            settled = (there | added) - _names(self.removing.get(tag, ()))
            self._settled[tag] = frozenset(settled if settled <= self.pictures else settled & self.pictures)
        return self._settled[tag]

    def keepable(self, tag: str, names: frozenset[str]) -> frozenset[str]:
        """Return the pictures on which a document keeps `tag`: not those held back that do not carry it now."""
        without = self.held_back - self.observed.get(tag, frozenset())
        return names - without if without else names

    def lake(self, pictures: Mapping[str, str | None]) -> Lake:
        """Return the predicted lake; nothing may be added afterwards."""
        tags = sorted({*self.observed, *self.adding, *self.removing})
        return Lake(pictures, {tag: self.carriers(tag) for tag in tags})


def _names(keepers: Iterable[Keeper]) -> frozenset[str]:
    return frozenset().union(*(keeper.names for keeper in keepers))


def keep_set_tags(declaration: Declaration, tags: PredictedTags, kept_deleted: frozenset[str]) -> dict[str, Keeper]:
    """Note the tags that PictureSets keep.

    Returns:
        Address of each such tag to its keeper.
    """
    kept: dict[str, Keeper] = {}
    for one in declaration.picture_sets:
        if not one.tags:
            continue
        names = frozenset(one.pictures.names) - kept_deleted
        for index, tag in enumerate(one.tags):
            place = one.place.at("spec", "tags", index)
            keeper = Keeper(f"PictureSet `{one.name}`", place, tags.keepable(tag, names))
            tags.adding.setdefault(tag, []).append(keeper)
            kept[str(Address("pictures", one.name, rest=(tag,)))] = keeper
    return kept
