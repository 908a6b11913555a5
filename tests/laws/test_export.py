"""The law of export: a plan of what was exported has nothing to do, and its apply elsewhere makes the same lake.

On lakes with names that file systems, YAML, Markdown and our own variables take for something else.
"""

from __future__ import annotations

import hashlib
import json
import random
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from picsellia_apply.client.listing import Listing
from picsellia_apply.client.upload import PictureFile
from picsellia_apply.export import Wish, laid_out, read_content, write_export
from picsellia_apply.manifest import load
from picsellia_apply.model.plan import Policy
from picsellia_apply.pipeline import Planned, make_plan
from picsellia_apply.wire.extension import AnnotationItem
from tests.laws.profiles import bounded
from tests.laws.projects import picture_bytes
from tests.laws.rows import Rows
from tests.laws.worlds import World

HOSTILE = (
    "..", ".", "/", "...", "../../etc/passwd", "/etc/passwd", "a/b.jpg", "a", "a/b", "A.jpg", "a.jpg",
    "-rf.jpg", "--", "yes", "no", "null", "~", "1e3", "0x1F", "1:20", "010", "true.png", " a.jpg", "a.jpg ",
    "#c.jpg", "a: b", "- a", "caf\u00e9.png", "cafe\u0301.png", "CON", "nul.jpg", "x" * 255, "\u00e9" * 127,
    "z" * 1000, "a\\b.jpg", "*.jpg", "[a].png", "${var.x}", "$${var.x}", "${var ${var.x}", '"q".jpg', "'q'",
    "a|b`c`<b>@me.jpg", "{a: b}", "? a", "!!str", "&a", "%", "a\u2028b.jpg", "a\ufeff.png", "\U0001f600.jpg",
    "a~00000000.jpg", ".hidden.jpg", "a.yaml", "x.yml", "a.b.", "a ", "<<", "first", "README.md",
    "\u202egpj.exe",
)  # fmt: skip
"""Names that mean something to somebody."""

ordinary = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12)
names = st.one_of(st.sampled_from(HOSTILE), ordinary)
segments = names.map(lambda one: one.replace("/", "_")).filter(lambda one: one not in (".", "..", "latest"))
labels = st.tuples(
    names.filter(lambda one: one not in (".", "..")), st.sampled_from(["rectangle", "polygon", "classification"])
)
texts = st.one_of(names, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300))
keys = texts.filter(lambda one: "${" not in one)
"""Keys that a manifest can write: no variable can stand in one."""
numbers = st.one_of(
    st.integers(-(2**53), 2**53), st.floats(-1e6, 1e6), st.sampled_from([0.5, 1e-7, 1e20, 0.1 + 0.2, -0.0, 3.0])
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=6,
)
questions = st.builds(lambda question, answer: {"type": "text", "question": question, "answer": answer}, texts, texts)


@st.composite
def objects(draw: st.DrawFn) -> dict[str, Any]:
    label, kind = draw(labels)
    made: dict[str, Any] = {"type": kind, "label": label}
    if kind == "rectangle":
        made["rectangle"] = {side: draw(numbers) for side in ("top", "left", "width", "height")}
    if kind == "polygon":
        points = draw(st.lists(st.tuples(numbers, numbers), min_size=3, max_size=4))
        made["polygon"] = {"geometry": [{"x": x, "y": y} for x, y in [*points, points[0]]]}
    if draw(st.booleans()):
        made["confidence"] = draw(st.floats(0, 1))
    if draw(st.booleans()):
        made["qa"] = draw(st.lists(questions, max_size=2))
    return made


@dataclass(frozen=True)
class Held:
    """A version: which pictures (by row), which labels, and objects and questions by picture."""

    members: tuple[int, ...]
    labels: tuple[tuple[str, str], ...]
    objects: Mapping[int, tuple[list[dict[str, Any]], list[dict[str, Any]]]]


@dataclass(frozen=True)
class Content:
    """What is put on a lake."""

    pictures: tuple[tuple[str, int, tuple[str, ...]], ...]
    datasets: Mapping[str, tuple[str, bool, Mapping[str, Held]]] = field(default_factory=dict)
    networks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


@st.composite
def contents(draw: st.DrawFn) -> Content:
    tags = draw(st.lists(names, unique=True, max_size=3))
    called = draw(st.lists(names, unique=True, max_size=6))
    some = st.lists(st.sampled_from(tags), unique=True).map(tuple) if tags else st.just(())
    pictures = tuple((name, draw(st.integers(0, 2)), draw(some)) for name in called)
    datasets = draw(st.dictionaries(segments, st.tuples(texts, st.booleans(), versions(len(pictures))), max_size=2))
    networks = draw(st.dictionaries(segments, properties, max_size=2))
    called_so = segments.filter(lambda one: "${" not in one and one.isprintable())
    files = draw(st.dictionaries(called_so, st.binary(max_size=20), max_size=3)) if networks else {}
    return Content(pictures, datasets, networks, files)


def versions(pictures: int) -> st.SearchStrategy[dict[str, Held]]:
    rows = st.lists(st.integers(0, pictures - 1), unique=True).map(tuple) if pictures else st.just(())
    return st.dictionaries(segments, rows.flatmap(held), min_size=1, max_size=2)


@st.composite
def held(draw: st.DrawFn, members: tuple[int, ...]) -> Held:
    annotation = st.tuples(st.lists(objects(), max_size=3), st.lists(questions, max_size=1))
    annotated = draw(st.dictionaries(st.sampled_from(members), annotation, max_size=2)) if members else {}
    declared = draw(st.lists(labels, unique=True, max_size=2))
    used = {(one["label"], one["type"]) for data, _ in annotated.values() for one in data}
    if draw(st.booleans()):
        declared += sorted(used - set(declared))
    return Held(members, tuple(declared), annotated)


properties = st.fixed_dictionaries(
    {
        "type": names,
        "description": texts,
        "framework": texts,
        "private": st.booleans(),
        "tag": st.lists(names, unique=True, max_size=2),
        "labels": st.dictionaries(names.filter(lambda one: "${" not in one), names, max_size=2),
        "base_parameters": st.dictionaries(keys, values, max_size=3),
        "readme_text": st.one_of(texts, texts.map(lambda one: one * 30)),
    }
)


def fill(world: World, content: Content, order: random.Random | None = None) -> None:
    """Put content on a lake; versions of a dataset in their order, everything else in any."""

    def mixed(some: Sequence[Any]) -> list[Any]:
        shuffled = list(some)
        if order is not None:
            order.shuffle(shuffled)
        return shuffled

    folder = world.root / "source"
    folder.mkdir()
    with world.client() as client:
        files = [_file(folder, row, *content.pictures[row]) for row in mixed(range(len(content.pictures)))]
        assert all(one.status == "created" for one in client.writer.upload_pictures(files)) or not files
        ids = client.writer.picture_ids([name for name, *_ in content.pictures]) if files else {}
        for name in mixed(list(content.datasets)):
            description, private, made = content.datasets[name]
            for version, one in made.items():
                _make_version(client, name, version, one, content, ids, description, private=private, mixed=mixed)
        for name in mixed(list(content.networks)):
            fields = content.networks[name]
            model = client.writer.create_network(name, fields["type"])
            client.writer.update_network(model, {key: value for key, value in fields.items() if key != "type"})
            for number, key in enumerate(mixed(list(content.files))):
                path = folder / f"file-{number}"
                path.write_bytes(content.files[key])
                client.writer.store_file(model, key, path)


def _file(folder: Path, row: int, name: str, variant: int, tags: tuple[str, ...]) -> PictureFile:
    data = picture_bytes(str(row), variant)
    path = folder / f"picture-{row}"
    path.write_bytes(data)
    return PictureFile(name, path, hashlib.sha256(data).hexdigest(), len(data), 16, 12, tags=tags)


def _make_version(  # noqa: PLR0917 - one call
    client: Any,
    name: str,
    version: str,
    one: Held,
    content: Content,
    ids: Mapping[str, str],
    description: str,
    *,
    private: bool,
    mixed: Any,
) -> None:
    called = [content.pictures[row][0] for row in mixed(one.members)]
    made = client.writer.create_version(
        name, version, [ids[name] for name in called], description=description, private=private
    )
    for label, kind in mixed(one.labels):
        client.writer.create_label(made, label, kind)
    items = [AnnotationItem(content.pictures[row][0], mixed(data), qa) for row, (data, qa) in one.objects.items()]
    if items:
        answer = client.writer.replace_annotations(made, items)
        assert set(answer.statuses) <= {"put", "same"}, answer.errors


def export(world: World, out: Path, *, download: bool = False) -> dict[str, bytes]:
    """Export a lake, and return the files."""
    wish = Wish(download=download)
    with world.client(read_only=True) as client:
        made = laid_out(read_content(client, wish, world.folder), client, wish)
        write_export(made, out, Listing(client), download=download)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def planned(world: World, manifests: Path) -> Planned:
    declaration = load([manifests])
    with world.client(read_only=True) as client:
        return make_plan(declaration, client, Policy())


def assert_nothing_to_do(world: World, manifests: Path) -> None:
    plan = planned(world, manifests).plan
    assert plan.operations == ()
    assert plan.outcome in {"no_changes", "changes"}
    assert set(plan.recorded.values()) <= {"adopted"}


@given(contents())
@bounded(30)
def test_a_plan_of_an_export_is_empty_and_the_same_lake_gives_the_same_bytes(content: Content) -> None:
    with World() as world:
        fill(world, content)
        first = export(world, world.folder / "one")
        assert_nothing_to_do(world, world.folder / "one")
        assert export(world, world.folder / "one") == first
    with World() as other:
        fill(other, content, random.Random(7))  # noqa: S311 - an order, no secret
        assert export(other, other.folder / "two") == first


@given(contents())
@bounded(20)
def test_an_export_with_its_bytes_applied_to_an_empty_lake_makes_the_same_lake(content: Content) -> None:
    with World() as world:
        fill(world, content)
        files = export(world, world.folder / "one", download=True)
        assert_nothing_to_do(world, world.folder / "one")
        with World() as fresh:
            for path, data in files.items():
                target = fresh.folder / "one" / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
            assert fresh.execute(planned(fresh, fresh.folder / "one")).complete
            assert comparable(fresh.rows()) == comparable(world.rows())


@given(contents())
@bounded(15)
def test_an_export_of_a_platform_that_shows_little_plans_nothing_either(content: Content) -> None:
    with World() as world:
        fill(world, content)
        world.close()
        world.plain = True
        for download in (False, True):
            export(world, world.folder / str(download), download=download)
            assert_nothing_to_do(world, world.folder / str(download))


@given(contents())
@bounded(12)
def test_no_file_of_an_export_can_be_confused_with_another_on_any_system(content: Content) -> None:
    with World() as world:
        fill(world, content)
        paths = export(world, world.folder / "out", download=True)
        keys = [unicodedata.normalize("NFKC", path).casefold() for path in paths]
        assert len(set(keys)) == len(keys)
        assert not {key for key in keys if any(other.startswith(f"{key}/") for other in keys)}
        assert all(len(part.encode()) <= 255 for path in paths for part in path.split("/"))
        manifests = {path for path in paths if path.endswith((".yaml", ".yml"))}
        fetched = {path for path in paths if path.startswith("pictures/") or "/files/" in path}
        assert not manifests & fetched


def comparable(rows: Rows) -> Rows:
    """Return rows as an apply can make them: without where a picture came from; networks' fields are values."""
    pictures = {name: row[:-1] for name, row in rows.pictures.items()}
    networks = {name: (_fields(fields), *rest) for name, (fields, *rest) in rows.networks.items()}
    return replace(rows, pictures=pictures, networks=networks)


def _fields(fields: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(fields)
    for name in ("tag", "labels", "base_parameters"):
        found[name] = json.loads(found[name]) if found[name] else found[name]
    return {name: value or None for name, value in found.items()}
