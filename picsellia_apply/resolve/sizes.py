"""Sizes that annotation files state against those of pictures that are in the lake and in no set of the manifests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from picsellia_apply.errors import Diagnostic
from picsellia_apply.model.address import Address
from picsellia_apply.model.declaration import AnnotationSource, Declaration
from picsellia_apply.model.state import Resource, State
from picsellia_apply.quality.sizes import size_findings


def lake_size_findings(
    declaration: Declaration, observed: State, resources: Mapping[str, Resource]
) -> Iterator[Diagnostic]:
    """Yield a warning for each annotation file that states sizes which pictures of the lake do not have.

    Args:
        declaration: Pictures of its sets were compared when they were read.
        observed: Knows the sizes.
        resources: The desired ones: which pictures each version annotates.
    """
    if not observed.lake.sizes:
        return
    local = {name for one in declaration.picture_sets for name in one.pictures.names}
    pictures = {name: size for name, size in observed.lake.sizes.items() if name not in local}
    for source, members in _sources(declaration, resources) if pictures else ():
        yield from size_findings(source, pictures, members, where=" of the lake")


def _sources(
    declaration: Declaration, resources: Mapping[str, Resource]
) -> Iterator[tuple[AnnotationSource, frozenset[str]]]:
    """Yield each file that states sizes once, with the pictures that the versions annotate by it, and by others."""
    found: dict[int, tuple[AnnotationSource, set[str]]] = {}
    for dataset in declaration.datasets:
        for version in dataset.versions:
            members = resources.get(str(Address("annotations", dataset.name, version.name)), Resource()).members
            for source in version.annotations:
                if source.sizes_wh:
                    found.setdefault(id(source.sizes_wh), (source, set()))[1].update(members)
    yield from ((source, frozenset(members)) for source, members in found.values())
