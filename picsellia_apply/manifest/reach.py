"""How far the paths of a manifest reach: whoever edits a manifest must not read files of the machine that plans it.

A readme stands in the plan, names stand in messages, files of a network go to the platform. So these files lie in the
project: below the git checkout that holds the manifest, outside of one below the current folder; below the folder that
the manifests share, or below a folder that somebody typed: on the command line, or in the environment for disks that
projects share. Pictures (thumbnails too) and annotations may lie anywhere: of them only what was parsed is told.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "PICSELLIA_FILES"
"""Names folders, as PATH does, below which manifests may name files too."""
_KERNEL = (Path("/proc"), Path("/sys"), Path("/dev"))
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - a disk like any other


@dataclass(frozen=True, slots=True)
class Reach:
    """What the paths of one manifest are relative to, and how far they may lead.

    Attributes:
        folder: What they are relative to.
        roots: Folders without links; what a manifest names lies below one of them.
    """

    folder: Path
    roots: tuple[Path, ...]

    def outside(self, written: str) -> Path | None:
        """Return where a path leads, links followed, when that is out of reach; else None.

        Raises:
            ValueError: It can be no path.
        """
        real = Path(os.path.realpath(self.folder / written))
        return None if any(real.is_relative_to(root) for root in self.roots) and not of_kernel(real) else real


def of_kernel(path: Path) -> bool:
    """Return whether a path leads to what is no file of a disk: of processes, of the system, of devices."""
    real = Path(os.path.realpath(path))
    return any(real.is_relative_to(one) for one in _KERNEL) and not real.is_relative_to(_SHARED_MEMORY)


def common_roots(typed: Iterable[Path], manifests: Sequence[Path], environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the folders below which every manifest may name files.

    Args:
        typed: Files and folders that somebody gave.
        manifests: The folders that manifests lie in.
        environ: Environment variables.
    """
    folders = [os.path.realpath(path) for path in typed if os.path.isdir(path)]  # noqa: PTH112 - a path that is none raises nothing
    if manifests:
        folders.append(os.path.commonpath([os.path.realpath(folder) for folder in manifests]))
    folders += [os.path.realpath(one) for one in environ.get(VARIABLE, "").split(os.pathsep) if one]
    return tuple(Path(one) for one in dict.fromkeys(folders))


def reach_of(folder: Path, common: tuple[Path, ...]) -> Reach:
    """Return how far the manifests of a folder reach: the git checkout that holds it counts too.

    Outside of a checkout the current folder does, where it holds the manifests and is not as wide as a home.
    """
    real = Path(os.path.realpath(folder))
    checkout = next((one for one in (real, *real.parents) if (one / ".git").exists()), None)
    here, home = Path(os.path.realpath(os.curdir)), Path(os.path.realpath(Path("~").expanduser()))
    if checkout is None and real.is_relative_to(here) and not home.is_relative_to(here):
        checkout = here
    return Reach(folder, common if checkout is None else (*common, checkout))
