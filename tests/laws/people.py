"""What other people do to a lake, by the SDK, at any moment: random edits that find their own targets.

An edit is plain data, so that it can be drawn before anybody knows what will be there; what it is about is chosen among
what is there when it is done. Where there is nothing to choose from, nothing happens.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import strategies as st

from picsellia_apply.client import Client
from picsellia_apply.errors import ConflictError, InvalidQueryError, ResourceNotFoundError, TransferError, TyperError
from picsellia_apply.wire.extension import Label
from tests.laws.projects import PICTURES, picture_bytes
from tests.laws.rows import Rows
from tests.laws.worlds import World

TAGS = ("sky", "night", "seen", "draft", "theirs")
SHAPES: tuple[dict[str, Any], ...] = (
    {"type": "rectangle", "label": "car", "rectangle": {"top": 2, "left": 1, "width": 4, "height": 3}},
    {"type": "rectangle", "label": "car", "rectangle": {"top": 5, "left": 5, "width": 2, "height": 2}},
    {"type": "rectangle", "label": "person", "rectangle": {"top": 1, "left": 9, "width": 3, "height": 4}},
    {"type": "classification", "label": "sunny"},
)
_REFUSALS = (InvalidQueryError, ConflictError, ResourceNotFoundError, TransferError, TyperError)
T = TypeVar("T")


@dataclass(frozen=True)
class Edit:
    """One thing that somebody does: what, and numbers that choose among what is there."""

    what: str
    which: tuple[int, ...]


def edits(*, plain: bool) -> st.SearchStrategy[Edit]:
    """Return edits that a platform of this kind can do."""
    numbers = st.tuples(*[st.integers(0, 5)] * 3)
    return st.builds(Edit, st.sampled_from([*_PLAIN, *([] if plain else _EXTENDED)]), numbers)


def do(edit: Edit, world: World) -> None:
    """Do an edit; what the platform refuses does not happen."""
    rows = world.rows()
    with world.client() as client, contextlib.redirect_stdout(io.StringIO()):
        hands = _Hands(client, rows, world.root, edit.which)
        with contextlib.suppress(LookupError, *_REFUSALS):
            {**_PLAIN, **_EXTENDED}[edit.what](hands)


@dataclass(frozen=True)
class _Hands:
    client: Client
    rows: Rows
    folder: Path
    which: tuple[int, ...]

    def one(self, among: Sequence[T], number: int = 0) -> T:
        """Choose; raises LookupError where there is nothing."""
        if not among:
            raise LookupError
        return among[self.which[number] % len(among)]

    def picture(self, number: int = 0) -> str:
        return self.one(sorted(self.rows.pictures), number)

    def picture_id(self, name: str) -> str:
        return self.client.writer.picture_ids([name])[name]

    def version(self, number: int = 0) -> tuple[str, str, str]:
        dataset, version = self.one(sorted(self.rows.versions), number)
        return dataset, version, self.client.datalake.dataset.fetch(dataset, version).dataset_id

    def member(self) -> tuple[str, str]:
        """Choose a version's id and one of its pictures."""
        dataset, version, dataset_id = self.version()
        held = sorted(name for *key, name in self.rows.members if tuple(key) == (dataset, version))
        return dataset_id, self.one(held, 1)

    def network(self) -> Any:
        return self.client.network.get(self.one(sorted(self.rows.networks)))


def _upload(hands: _Hands) -> None:
    tag = hands.one([*TAGS, ""], 2)
    _send(hands, hands.one(PICTURES), int(hands.one([0, 0, 0, 1], 1)), [tag] if tag else [])


def _replace(hands: _Hands) -> None:
    """Delete a picture and upload another under its name, which nothing but its bytes may tell."""
    name = hands.picture()
    hands.client.datalake.picture.delete([hands.picture_id(name)])
    _send(hands, name, hands.which[1] % 2, [])


def _send(hands: _Hands, name: str, variant: int, tags: list[str]) -> None:
    path = hands.folder / "theirs" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(picture_bytes(name, variant))
    hands.client.datalake.picture.upload(path, tags=tags)


def _delete_picture(hands: _Hands) -> None:
    hands.client.datalake.picture.delete([hands.picture_id(hands.picture())])


def _tag(hands: _Hands) -> None:
    hands.client.datalake.picture.add_tags([hands.picture_id(hands.picture())], [hands.one(TAGS, 1)])


def _untag(hands: _Hands) -> None:
    tag, name = hands.one(sorted(hands.rows.tags))
    hands.client.datalake.picture.remove_tags([hands.picture_id(name)], [tag])


def _create_dataset(hands: _Hands) -> None:
    ids = [hands.picture_id(hands.picture(number)) for number in (1, 2)]
    hands.client.datalake.dataset.create(hands.one(["cells", "theirs"]), "Theirs", pictures=sorted(set(ids)))


def _new_version(hands: _Hands) -> None:
    dataset, version, _ = hands.version()
    ids = [hands.picture_id(hands.picture(2))]
    name = hands.one(["second", "third", "their own"], 1)
    hands.client.datalake.dataset.new_version(dataset, name, version, pictures=ids)


def _delete_version(hands: _Hands) -> None:
    dataset, version, _ = hands.version()
    hands.client.datalake.dataset.delete(dataset, version)


def _add_member(hands: _Hands) -> None:
    dataset, version, _ = hands.version()
    hands.client.datalake.dataset.add_data(dataset, version, pictures=[hands.picture_id(hands.picture(1))])


def _annotate(hands: _Hands) -> None:
    dataset_id, name = hands.member()
    hands.client.datalake.dataset.add_annotation(name, dataset_id, data=[hands.one(SHAPES, 2)])


def _delete_annotation(hands: _Hands) -> None:
    dataset_id, name = hands.member()
    hands.client.datalake.dataset.delete_annotations(dataset_id, hands.picture_id(name))


def _redraw(hands: _Hands) -> None:
    """Delete an annotation and draw another: what somebody does who corrects a box."""
    _delete_annotation(hands)
    _annotate(hands)


def _label(hands: _Hands) -> None:
    hands.version()
    hands.client.datalake.dataset.create_labels(*hands.one([("car", "rectangle"), ("person", "rectangle")], 1))


def _create_network(hands: _Hands) -> None:
    hands.client.network.create(hands.one(["net", "theirs"]), "detection")


def _update_network(hands: _Hands) -> None:
    hands.network()
    choices: list[dict[str, Any]] = [{"description": "Theirs"}, {"tag": ["theirs"]}, {"labels": {"7": "person"}}]
    hands.client.network.update(**hands.one(choices, 1))


def _store_file(hands: _Hands) -> None:
    hands.network()
    path = hands.folder / "their file"
    path.write_text(hands.one(["one", "their own"], 2))
    hands.client.network.store(hands.one(["config", "theirs"], 1), path)


def _drop_file(hands: _Hands) -> None:
    network = hands.network()
    key = hands.one(sorted(network.files), 1)
    hands.client.network.update(files={name: place for name, place in network.files.items() if name != key})


def _delete_network(hands: _Hands) -> None:
    hands.client.network.delete(hands.network().model_id)


def _describe(hands: _Hands) -> None:
    text = hands.one(["Theirs", "Cells"], 1)
    hands.client.writer.patch_dataset(hands.one(sorted(hands.rows.datasets)), description=text)


def _remove_member(hands: _Hands) -> None:
    dataset_id, name = hands.member()
    hands.client.writer.remove_pictures(dataset_id, [hands.picture_id(name)])


def _remove_label(hands: _Hands) -> None:
    dataset, version, name, kind = hands.one(sorted(hands.rows.labels))
    dataset_id = hands.client.datalake.dataset.fetch(dataset, version).dataset_id
    hands.client.writer.remove_labels(dataset_id, [Label(name, kind)])


_PLAIN: dict[str, Callable[[_Hands], None]] = {
    "upload": _upload,
    "replace picture": _replace,
    "delete picture": _delete_picture,
    "tag": _tag,
    "untag": _untag,
    "create dataset": _create_dataset,
    "new version": _new_version,
    "delete version": _delete_version,
    "add member": _add_member,
    "annotate": _annotate,
    "delete annotation": _delete_annotation,
    "redraw": _redraw,
    "label": _label,
    "create network": _create_network,
    "update network": _update_network,
    "store file": _store_file,
    "drop file": _drop_file,
    "delete network": _delete_network,
}
_EXTENDED: dict[str, Callable[[_Hands], None]] = {
    "describe": _describe,
    "remove member": _remove_member,
    "remove label": _remove_label,
}
