"""What is on a platform, read whole: the value that an export is made of. Annotations are read as they are written."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from picsellia_apply.client.listing import Listing
from picsellia_apply.errors import UsageError
from picsellia_apply.model.address import Address
from picsellia_apply.model.names import NAME_LENGTH

if TYPE_CHECKING:
    from picsellia_apply.client import Client
    from picsellia_apply.wire.extension import DatasetInfo, NetworkInfo, PictureColumns, VersionInfo

Label = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be exported.

    Attributes:
        datasets: By name; () for all.
        tags: Pictures that carry all of them; () for all pictures.
        download: The bytes as well.
        workspace: What the exported manifests call their workspace; empty for the one that owns what is exported.
    """

    datasets: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    download: bool = False
    workspace: str = ""

    @property
    def everything(self) -> bool:
        """Return whether nothing is left out."""
        return not self.datasets and not self.tags


@dataclass(frozen=True, slots=True)
class Version:
    """A version: its pictures in order, its labels in order (None where the platform does not show them)."""

    info: VersionInfo
    members: tuple[str, ...]
    labels: tuple[Label, ...] | None


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset with its versions, oldest first."""

    info: DatasetInfo
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """What is exported of a platform.

    Attributes:
        pictures: Columns of every picture of the platform.
        chosen: Rows of those that are exported, in order of name.
        tags: Picture to its tags, sorted, for those that carry any.
        datasets: By name.
        networks: By name.
        sees: Parts of the extension that the platform offers.
        owners: The workspaces that own datasets or networks of it, sorted.
        left_out: What an export of this platform cannot hold, in words.
    """

    pictures: PictureColumns
    chosen: tuple[int, ...]
    tags: Mapping[int, tuple[str, ...]]
    datasets: tuple[Dataset, ...]
    networks: tuple[NetworkInfo, ...]
    sees: Collection[str]
    owners: tuple[str, ...] = ()
    left_out: tuple[str, ...] = field(default=())


def is_sayable(name: str, *, segment: bool = False) -> bool:
    """Return whether a manifest can write a name; a platform that is not ours may have others.

    Args:
        name: Of anything.
        segment: Whether it is a dataset's, a version's or a network's: these hold no `/`.
    """
    if not 0 < len(name) <= NAME_LENGTH or (segment and "/" in name):
        return False
    return name.isprintable() or not any(unicodedata.category(character) in ("Cc", "Cs") for character in name)


def read_content(client: Client, wish: Wish, root: Path) -> Content:
    """Read what is to be exported.

    Args:
        client: May be one that only reads.
        wish: What is to be exported.
        root: Where to look for who owns what, where the platform keeps no owners.

    Raises:
        ProcessingError: A listing of the platform does not add up.
        UsageError: There is no such dataset, or no picture carries the tags.
    """
    listing = Listing(client)
    sees = client.features
    pictures = listing.pictures()
    unsayable = _Unsayable()
    datasets = _datasets(listing, wish, unsayable, shows_labels="labels" in sees)
    networks = tuple(
        one
        for one in (listing.networks() if wish.everything else ())
        if unsayable.keeps(one.network.network_name, segment=True)
    )
    return Content(
        pictures=pictures,
        chosen=tuple(row for row in _chosen(pictures, wish, datasets) if unsayable.keeps(pictures.names[row])),
        tags=_tags(pictures, unsayable),
        datasets=datasets,
        networks=networks,
        sees=sees,
        owners=_owners(client, datasets, networks, root),
        left_out=(*_left_out(wish, sees), *unsayable.told()),
    )


@dataclass(slots=True)
class _Unsayable:
    """Names that no manifest can write, as they are met."""

    names: dict[str, None] = field(default_factory=dict)

    def keeps(self, name: str, *, segment: bool = False) -> bool:
        """Return whether a manifest can write a name; keep in mind one that it cannot."""
        if is_sayable(name, segment=segment):
            return True
        self.names[name] = None
        return False

    def told(self) -> Iterator[str]:
        """Yield what is to be said of them."""
        if self.names:
            shown = ", ".join(ascii(name[:40]) for name in sorted(self.names)[:3])
            yield f"what is called as no manifest can write it: {len(self.names):,} names: {shown}"


def _datasets(listing: Listing, wish: Wish, unsayable: _Unsayable, *, shows_labels: bool) -> tuple[Dataset, ...]:
    if wish.tags and not wish.datasets:
        return ()
    infos = listing.datasets(wish.datasets)
    unknown = sorted(set(wish.datasets) - {info.name for info in infos})
    if unknown:
        raise UsageError(f"there is no dataset `{unknown[0]}`", hint="without --dataset all of them are exported")
    infos = tuple(info for info in infos if unsayable.keeps(info.name, segment=True))
    return tuple(Dataset(info, tuple(_versions(listing, info, unsayable, shows_labels=shows_labels))) for info in infos)


def _versions(listing: Listing, info: DatasetInfo, unsayable: _Unsayable, *, shows_labels: bool) -> Iterator[Version]:
    for one in info.versions:
        if one.name == "latest":
            unsayable.names["latest"] = None
        elif unsayable.keeps(one.name, segment=True):
            yield Version(one, listing.members(one), _labels(one, unsayable) if shows_labels else None)


def _owners(
    client: Client, datasets: Collection[Dataset], networks: Collection[NetworkInfo], root: Path
) -> tuple[str, ...]:
    from picsellia_apply.inventory.owners import foreign_owners

    addresses = [str(Address("dataset", one.info.name)) for one in datasets]
    addresses += [
        str(Address("version", one.info.name, version.info.name)) for one in datasets for version in one.versions
    ]
    addresses += [str(Address("network", one.network.network_name)) for one in networks]
    return tuple(sorted(set(foreign_owners(client, "", addresses, root=root).values())))


def _labels(version: VersionInfo, unsayable: _Unsayable) -> tuple[Label, ...]:
    return tuple(sorted((label.name, label.type) for label in version.labels if unsayable.keeps(label.name)))


def _chosen(pictures: PictureColumns, wish: Wish, datasets: Collection[Dataset]) -> Iterator[int]:
    held = {name for one in datasets for version in one.versions for name in version.members}
    carriers = [set(pictures.tags.get(tag, ())) for tag in wish.tags]
    if wish.tags and not set.intersection(*carriers):
        raise UsageError(f"no picture carries {' and '.join(f'`{tag}`' for tag in wish.tags)}")
    for row, name in enumerate(pictures.names):
        if (not wish.datasets or name in held) and all(row in rows for rows in carriers):
            yield row


def _tags(pictures: PictureColumns, unsayable: _Unsayable) -> dict[int, tuple[str, ...]]:
    found: dict[int, list[str]] = {}
    for tag in filter(unsayable.keeps, sorted(pictures.tags)):
        for row in pictures.tags[tag]:
            found.setdefault(row, []).append(tag)
    return {row: tuple(dict.fromkeys(tags)) for row, tags in found.items()}


def _left_out(wish: Wish, sees: Collection[str]) -> Iterator[str]:
    if not wish.everything:
        parts = ["networks"] + (["datasets"] if wish.tags and not wish.datasets else [])
        yield f"{' and '.join(parts)}: not asked for (--dataset, --tag)"
    if not wish.download:
        yield "bytes of pictures and files of networks: `--download` fetches them"
    if "digest" not in sees and not wish.download:
        yield "pictures and their tags: this server tells no digest, so that only `--download` can know them"
    if "digest" not in sees and wish.download and wish.everything:
        yield "files of networks, but for a comment: this server tells no digest, so that every plan would send them"
    if "labels" not in sees:
        yield "labels: this server does not list them, so that they stay unmanaged"
