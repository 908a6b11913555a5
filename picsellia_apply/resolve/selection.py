"""Which pictures of the predicted lake a query or a version selects. Must not know how the lake is predicted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.model.declaration import PictureSet, Selection
from picsellia_apply.source import Place

Carriers = Callable[[str], Set[str]]
"""Tag to the names of the predicted pictures that carry it."""


def in_share(name: str, quantity: float) -> bool:
    """Return whether a picture is in a stable share of any selection.

    The picture's number is the first 8 bytes of the sha256 of its name (UTF-8), big-endian, over 2**64. A picture that
    is in one share is in every larger one, and adding pictures moves none.

    Args:
        name: The picture's name.
        quantity: The share, in (0, 1].
    """
    return quantity >= 1 or int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) < quantity * 2**64


def tagged(tags: Sequence[str], quantity: float, carriers: Carriers) -> frozenset[str]:
    """Return the names that carry all of `tags`, the stable share of them; no tag selects nothing."""
    if not tags:
        return frozenset()
    sets = sorted((carriers(tag) for tag in set(tags)), key=len)
    names = frozenset(sets[0]).intersection(*sets[1:])
    return names if quantity >= 1 else frozenset(name for name in names if in_share(name, quantity))


def selected(
    selection: Selection,
    *,
    pictures: Mapping[str, str | None],
    carriers: Carriers,
    queries: Mapping[str, frozenset[str]],
    sets: Mapping[str, PictureSet],
) -> frozenset[str]:
    """Return the names of the predicted pictures that a version selects.

    Args:
        selection: Exactly one of its four ways is not None.
        pictures: The predicted pictures.
        carriers: The predicted tags.
        queries: What each query selects.
        sets: The declared picture sets, by name.
    """
    if selection.query is not None:
        return queries[selection.query]
    if selection.tags is not None:
        return tagged(selection.tags, selection.quantity, carriers)
    names = sets[selection.picture_set].pictures.names if selection.picture_set is not None else selection.names or ()
    return frozenset(name for name in names if name in pictures and in_share(name, selection.quantity))


def sample(names: Iterable[str], limit: int = 3) -> str:
    """Return the first few names, sorted, as a message shows them."""
    ordered = sorted(names)
    more = f" and {len(ordered) - limit:,} more" if len(ordered) > limit else ""
    return ", ".join(f"`{name}`" for name in ordered[:limit]) + more


def empty_selection(what: str, place: Place) -> Diagnostic:
    """Return the finding that a selection holds no picture."""
    hint = "check the spelling of its tags, and that a PictureSet or the platform puts them on a picture"
    return Diagnostic("L003", Severity.warning, f"{what} selects no picture", place, hint)


def unknown_names(
    what: str, names: Iterable[str], place: Place, *, deleted: Set[str], dropped: Set[str]
) -> Iterator[Diagnostic]:
    """Yield the findings that names of a selection are not in the predicted lake, one for each reason.

    Args:
        what: Selects them, in words.
        names: Those that are not in the predicted lake.
        place: Of the selection.
        deleted: Declared pictures that a person deleted and nobody restores.
        dropped: Pictures that this plan would delete.
    """
    by_reason: dict[str, list[str]] = {}
    for name in names:
        reason = "deleted" if name in deleted else "dropped" if name in dropped else "absent"
        by_reason.setdefault(reason, []).append(name)
    for reason, alike in sorted(by_reason.items()):
        are = "is" if len(alike) == 1 else "are"
        it = "it" if len(alike) == 1 else "them"
        said, hint = {
            "absent": (f"{are} not in the lake", f"declare {it} in a PictureSet"),
            "deleted": (
                f"{'was' if len(alike) == 1 else 'were'} deleted on the platform",
                f"`restore: true` in the PictureSet uploads {it} again; else take {it} out of the list",
            ),
            "dropped": ("will not be in the lake, as this plan deletes " + it, f"declare {it} in a PictureSet"),
        }[reason]
        message = f"{len(alike):,} of the names that {what} lists {said}: {sample(alike)}"
        yield Diagnostic("L004", Severity.warning, message, place, hint, len(alike))
