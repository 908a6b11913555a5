"""Addresses: the one name of every managed thing, in plans, inventories and on the command line.

    pictures/SET                   the pictures of a PictureSet
    pictures/SET/TAG               a tag that a PictureSet keeps on its pictures
    query/QUERY/TAG                a tag that a TagQuery keeps on (or off) what it selects
    dataset/NAME                   a dataset: description, private
    version/NAME@VERSION           a version: which pictures it holds
    label/NAME@VERSION/LABEL/TYPE  one label of one version; its key is name and type
    annotations/NAME@VERSION       the annotations of one version
    network/NAME                   a network's properties
    file/NETWORK/KEY               one file of a network
    thumbnail/NETWORK              a network's thumbnail
    workspace/NAME                 the workspace as a whole: only in refusals and in what lifts them
    policy/NAME                    a Policy document: only in refusals

`/`, `@`, `%` and control characters inside a name are percent-encoded (UTF-8), so an address splits in one way only.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

KINDS = (
    "pictures", "query", "dataset", "version", "label", "annotations", "network", "file", "thumbnail", "workspace",
    "policy",
)  # fmt: skip
"""Every kind an address may begin with."""
SHARED_KINDS = ("pictures", "query")
"""Kinds that several workspaces of an organization may manage at once: pictures, and tags on them."""

_QUOTED = {c: f"%{c:02X}" for c in (*range(32), 127)} | {ord(c): f"%{ord(c):02X}" for c in "/@%"}


def quote_name(name: str) -> str:
    """Return `name` as one segment of an address."""
    return name.translate(_QUOTED)


@dataclass(frozen=True, slots=True)
class Address:
    """An address taken apart.

    Attributes:
        kind: One of `KINDS`.
        name: The document's name: set, query, dataset or network.
        version: The version's name, for version, label and annotations.
        rest: What follows: a tag, a label and its type, a file's key.
    """

    kind: str
    name: str
    version: str = ""
    rest: tuple[str, ...] = ()

    def __str__(self) -> str:
        head = quote_name(self.name) + (f"@{quote_name(self.version)}" if self.version else "")
        return "/".join((self.kind, head, *map(quote_name, self.rest)))


_SHAPES = {
    "pictures": (False, (0, 1)), "query": (False, (1,)), "dataset": (False, (0,)), "version": (True, (0,)),
    "label": (True, (2,)), "annotations": (True, (0,)), "network": (False, (0,)), "file": (False, (1,)),
    "thumbnail": (False, (0,)), "workspace": (False, (0,)), "policy": (False, (0,)),
}  # fmt: skip


def parse_address(text: str) -> Address:
    """Take an address apart.

    Args:
        text: For example `version/cells@first`.

    Returns:
        The parts, percent-decoded.

    Raises:
        ValueError: The text is no address; the message says what is wrong.
    """
    kind, *segments = text.split("/")
    if kind not in _SHAPES:
        raise ValueError(f"`{text}` begins with no known kind: one of {', '.join(KINDS)}")
    versioned, lengths = _SHAPES[kind]
    if not segments or len(segments) - 1 not in lengths or not all(segments):
        raise ValueError(f"`{text}` is no complete address of kind `{kind}`")
    head, at, version = segments[0].partition("@")
    if versioned != bool(at) or (versioned and not version) or not head:
        raise ValueError(f"`{text}` {'needs' if versioned else 'takes no'} `@VERSION` after the name")
    return Address(kind, unquote(head), unquote(version), tuple(map(unquote, segments[1:])))
