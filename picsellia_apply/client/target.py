"""Which platform a client talks to: a host, or the lake embedded in a data folder. Reads no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from picsellia_apply.errors import UsageError

EMBEDDED = "embedded"
"""The host that stands for the embedded lake."""
EMBEDDED_URL = "http://embedded.picsellia-apply/sdk/v2/"
"""Where the embedded lake answers, for its own client only: no resolver knows the name."""
DATA_FOLDER = ".picsellia"
_PROJECT = ".git"


@dataclass(frozen=True, slots=True)
class Remote:
    """A platform at `base_url`, which ends in `/`."""

    base_url: str


@dataclass(frozen=True, slots=True)
class Embedded:
    """The lake in this process, kept in `data_dir`."""

    data_dir: Path


def nearest_data_dir(folder: Path) -> Path:
    """Return the nearest `.picsellia` folder at or above `folder`, else where it would be made.

    It would be made at the root of the git checkout that holds `folder`, so that manifests in a subfolder and scripts
    at the root mean the same lake; outside of a checkout in `folder` itself. What lies above the checkout is another
    project's.
    """
    start = folder.resolve()
    upwards = (start, *start.parents)
    root = next((row for row, one in enumerate(upwards) if (one / _PROJECT).exists()), None)
    within = upwards if root is None else upwards[: root + 1]
    found = (one for one in within if (one / DATA_FOLDER).is_dir())
    return next(found, start if root is None else upwards[root]) / DATA_FOLDER


def choose(
    host: str | None, data_dir: Path | str | None, *, folder: Path, environ: Mapping[str, str]
) -> Remote | Embedded:
    """Decide which platform is meant.

    Args:
        host: An address, `embedded`, or None: PICSELLIA_HOST decides, else the embedded lake.
        data_dir: Where the embedded lake is kept; None looks for the nearest `.picsellia`.
        folder: Where that search starts.
        environ: The environment.

    Raises:
        UsageError: The host is not an http(s) address, or holds a user or a password.
    """
    wanted = host or environ.get("PICSELLIA_HOST") or EMBEDDED
    if wanted == EMBEDDED:
        return Embedded(Path(data_dir) if data_dir else nearest_data_dir(folder))
    address = urlsplit(wanted)
    if address.scheme not in {"http", "https"} or not address.hostname:
        told = "" if "@" in wanted else f" `{wanted}`"
        raise UsageError(f"the host{told} is no http or https address", "e.g. https://platform.example/sdk/v2/")
    if "@" in address.netloc or address.query or address.fragment:
        raise UsageError("the host may hold no user, password, query or fragment", "the token goes to PICSELLIA_TOKEN")
    return Remote(f"{address.scheme}://{address.netloc}{address.path.rstrip('/')}/")
