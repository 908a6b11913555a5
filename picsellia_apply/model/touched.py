"""What a saved plan touches: all that is read again before it is applied, and all that it may change."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from picsellia_apply.model.address import Address, parse_address

VersionKey = tuple[str, str]
"""A dataset's and a version's name."""


@dataclass(frozen=True, slots=True)
class Touched:
    """The part of the world that a saved plan is about.

    Attributes:
        names: Address to the members of it that count: those that an operation changes, that are blocked or in
            conflict, or of which the inventory is to say something else. What has no members has none here.
        origins: Versions from which the plan creates others: all of what they hold counts.
        created: Versions that the plan creates: whatever they hold already counts.
        fresh: Versions whose annotations come under management: whatever people annotated there counts.
        wide: Something is deleted: what goes along is anywhere, so that no version is taken as last applied.
    """

    names: Mapping[str, Set[str]] = field(default_factory=dict)
    origins: frozenset[VersionKey] = frozenset()
    created: frozenset[VersionKey] = frozenset()
    fresh: frozenset[VersionKey] = frozenset()
    wide: bool = False

    @property
    def addresses(self) -> Set[str]:
        """Return every address that counts."""
        return self.names.keys()

    @property
    def pictures(self) -> frozenset[str]:
        """Return every picture that counts anywhere."""
        kinds = ("pictures/", "query/", "version/", "annotations/")
        return frozenset().union(*(names for text, names in self.names.items() if text.startswith(kinds)))

    @property
    def datasets(self) -> frozenset[str]:
        """Return the datasets of which something counts."""
        addresses = map(parse_address, self.names)
        found = {one.name for one in addresses if one.kind in ("dataset", "version", "label", "annotations")}
        return frozenset(found | {name for name, _ in self.origins})

    @property
    def versions(self) -> frozenset[VersionKey]:
        """Return the versions of which something counts, origins with them."""
        addresses = map(parse_address, self.names)
        return frozenset({(one.name, one.version) for one in addresses if one.version} | self.origins)

    @property
    def annotated(self) -> frozenset[VersionKey]:
        """Return the versions whose annotations count."""
        addresses = map(parse_address, self.names)
        return frozenset({(one.name, one.version) for one in addresses if one.kind == "annotations"} | self.origins)

    @property
    def networks(self) -> frozenset[str]:
        """Return the networks of which something counts."""
        addresses = map(parse_address, self.names)
        return frozenset(one.name for one in addresses if one.kind in ("network", "file", "thumbnail"))

    @property
    def planned(self) -> frozenset[str]:
        """Return the addresses to plan: parts of a version are planned with it."""
        parts = (one for one in map(parse_address, self.names) if one.kind in ("label", "annotations"))
        wholes = {str(Address("version", one.name, one.version)) for one in parts}
        return frozenset(self.names.keys() | wholes)

    def whole(self, key: VersionKey) -> bool:
        """Return whether all annotations of a version are read, not just those of the members that count."""
        return self.wide or key in self.origins or key in self.fresh

    def whole_version(self, key: VersionKey) -> bool:
        """Return whether all pictures of a version are read, not just the members that count."""
        return self.whole(key) or key in self.created
