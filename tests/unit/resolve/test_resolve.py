"""From a declaration and what is there to what should be there."""

from __future__ import annotations

import hashlib

import pytest

from picsellia_apply.errors import Diagnostic, InvalidInput, Severity
from picsellia_apply.model.declaration import Declaration, LocalFile, Network, Selection, TagQuery
from picsellia_apply.model.inventory import Inventory, Record
from picsellia_apply.model.queries import QueryCycle, query_edges, query_order
from picsellia_apply.model.state import Lake, Resource, State
from picsellia_apply.resolve import in_share, resolve
from tests.worlds import box, dataset, of_set, of_tags, picture_set, place, sha, source, version


def query(name: str, tags: tuple[str, ...], add: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> TagQuery:
    return TagQuery(name, place(), tags, 1.0, add, remove)


def declared(**parts: object) -> Declaration:
    return Declaration("root", **parts)  # type: ignore[arg-type]


def codes(state: State) -> list[str]:
    return [finding.code for finding in state.findings]


def test_a_query_sees_what_another_query_and_a_set_will_tag() -> None:
    sets = (picture_set("a", ["1.jpg", "2.jpg"], ["new"]),)
    queries = (query("late", ("marked", "old")), query("early", ("new",), add=("marked",)))
    versions = dataset("d", version("first", Selection(place(), query="late")))
    observed = State(Lake({"2.jpg": sha("2.jpg"), "3.jpg": None}, {"old": frozenset({"2.jpg", "3.jpg"})}))
    state = resolve(declared(picture_sets=sets, queries=queries, datasets=(versions,)), observed)
    assert state.resources["query/early/marked"].members == {"1.jpg": None, "2.jpg": None}
    assert state.resources["version/d@first"].members == {"2.jpg": None}
    assert state.lake.tags["marked"] == {"1.jpg", "2.jpg"}
    assert state.resources["query/early/marked"].needs == ("pictures/a/new",)
    assert state.resources["version/d@first"].needs == ("dataset/d", "query/early/marked")


def test_a_query_that_takes_a_tag_off_comes_before_those_that_select_by_it() -> None:
    queries = (query("drafts", ("draft",)), query("reviewed", ("ok",), remove=("draft",)))
    observed = State(
        Lake({"1.jpg": None, "2.jpg": None}, {"draft": frozenset({"1.jpg", "2.jpg"}), "ok": frozenset({"1.jpg"})})
    )
    versions = dataset("d", version("first", Selection(place(), query="drafts")))
    state = resolve(declared(queries=queries, datasets=(versions,)), observed)
    assert state.resources["version/d@first"].members == {"2.jpg": None}
    assert state.resources["query/reviewed/draft"].options == {"absent": True}
    assert state.resources["query/reviewed/draft"].members == {"1.jpg": None}


@pytest.mark.parametrize(
    "queries",
    [
        (query("self", ("x",), add=("x",)),),
        (query("self", ("x",), remove=("x",)),),
        (query("a", ("x",), add=("y",)), query("b", ("y",), add=("x",))),
        (query("a", ("x",), add=("y",)), query("b", ("y",), add=("z",)), query("c", ("z",), remove=("x",))),
    ],
)
def test_queries_that_wait_for_each_other_are_an_error(queries: tuple[TagQuery, ...]) -> None:
    with pytest.raises(InvalidInput) as raised:
        resolve(declared(queries=queries), State())
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "L002"
    assert diagnostic.position is not None


def test_the_order_of_queries_does_not_depend_on_that_of_the_documents() -> None:
    queries = (query("c", ("y",)), query("b", ("x",), add=("y",)), query("a", ("z",)))
    assert query_order(queries) == query_order(tuple(reversed(queries)))
    assert query_edges(queries) == {"a": frozenset(), "b": frozenset(), "c": frozenset({"b"})}
    with pytest.raises(QueryCycle, match="l -> l"):
        query_order((query("l", ("x",), add=("x",)),))


def test_tags_at_war_name_both_documents_and_the_pictures() -> None:
    sets = (picture_set("flight", ["1.jpg", "2.jpg"], ["draft", "new"]),)
    with pytest.raises(InvalidInput) as raised:
        resolve(declared(picture_sets=sets, queries=(query("clean", ("new",), remove=("draft",)),)), State())
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "L001"
    assert diagnostic.count == 2
    for word in ("PictureSet `flight`", "TagQuery `clean`", "`draft`", "`1.jpg`"):
        assert word in diagnostic.message


def test_tags_kept_on_and_off_different_pictures_are_at_peace() -> None:
    sets = (picture_set("a", ["1.jpg"], ["draft"]), picture_set("b", ["2.jpg"], ["done"]))
    state = resolve(declared(picture_sets=sets, queries=(query("clean", ("done",), remove=("draft",)),)), State())
    assert state.lake.tags["draft"] == {"1.jpg"}


def test_a_share_is_the_hash_of_the_name() -> None:
    names = [f"{number}.jpg" for number in range(200)]
    expected = {n for n in names if int.from_bytes(hashlib.sha256(n.encode()).digest()[:8], "big") / 2**64 < 0.3}
    assert {name for name in names if in_share(name, 0.3)} == expected
    assert 30 < len(expected) < 90
    sets = (picture_set("a", names, ["x"]),)
    state = resolve(
        declared(picture_sets=sets, datasets=(dataset("d", version("v", of_tags("x", quantity=0.3))),)), State()
    )
    assert state.resources["version/d@v"].members.keys() == expected


def test_what_a_person_deleted_is_not_predicted_unless_it_is_restored() -> None:
    inventory = Inventory("demo", 1, {"pictures/a": Record(members={"1.jpg": sha("1.jpg")})})
    version_of_all = (dataset("d", version("first", of_set("a"))),)
    for restore, expected in ((False, {"2.jpg"}), (True, {"1.jpg", "2.jpg"})):
        sets = (picture_set("a", ["1.jpg", "2.jpg"], ["x"], restore=restore),)
        state = resolve(declared(picture_sets=sets, datasets=version_of_all), State(), inventory)
        assert state.resources["version/d@first"].members.keys() == expected
        assert state.resources["pictures/a/x"].members.keys() == expected
        assert state.lake.pictures.keys() == expected


def test_what_would_be_pruned_is_not_predicted() -> None:
    inventory = Inventory(
        "demo",
        1,
        {
            "pictures/a": Record(members={"1.jpg": "", "2.jpg": ""}, fields={"adopted": ["2.jpg"]}),
            "pictures/a/x": Record(members={"1.jpg": None, "3.jpg": None}),
        },
    )
    observed = State(Lake(dict.fromkeys(["1.jpg", "2.jpg", "3.jpg"]), {"x": frozenset({"1.jpg", "2.jpg", "3.jpg"})}))
    versions = (dataset("d", version("first", of_tags("x"))),)
    kept = resolve(declared(datasets=versions), observed, inventory)
    assert kept.resources["version/d@first"].members.keys() == {"1.jpg", "2.jpg", "3.jpg"}
    pruned = resolve(declared(datasets=versions), observed, inventory, prune=True)
    assert pruned.resources["version/d@first"].members.keys() == {"2.jpg"}


def test_a_new_version_takes_over_its_origin_and_an_old_one_does_not() -> None:
    sets = (picture_set("a", ["1.jpg", "2.jpg"]), picture_set("b", ["3.jpg"]))
    versions = (dataset("d", version("first", of_set("a")), version("second", of_set("b"), origin="first")),)
    fresh = resolve(declared(picture_sets=sets, datasets=versions), State()).resources["version/d@second"]
    assert fresh.members.keys() == {"1.jpg", "2.jpg", "3.jpg"}
    assert fresh.options["inherited"] == {"1.jpg", "2.jpg"}
    assert "version/d@first" in fresh.needs
    there = State(resources={"version/d@second": Resource()})
    later = resolve(declared(picture_sets=sets, datasets=versions), there).resources["version/d@second"]
    assert later.members.keys() == {"3.jpg"}


def test_an_origin_that_only_the_platform_knows_counts_too() -> None:
    there = State(resources={"version/d@gold": Resource(members={"9.jpg": None})})
    state = resolve(declared(datasets=(dataset("d", version("next", None, origin="gold")),)), there)
    assert state.resources["version/d@next"].members == {"9.jpg": None}


def test_empty_selections_and_unknown_names_are_findings() -> None:
    versions = dataset(
        "d",
        version("none", of_tags("nothing")),
        version("names", Selection(place(), names=("1.jpg", "gone.jpg"))),
    )
    observed = State(Lake({"1.jpg": None}))
    state = resolve(declared(queries=(query("q", ("nothing",)),), datasets=(versions,)), observed)
    assert codes(state) == ["L003", "L003", "L004"]
    assert state.findings[2].count == 1
    assert state.findings[2].message.endswith(
        "1 of the names that version `names` of `d` lists is not in the lake: `gone.jpg`"
    )


def test_names_that_a_person_or_this_plan_deletes_are_told_as_such() -> None:
    names = Selection(place(), names=("1.jpg", "2.jpg", "3.jpg", "gone.jpg"))
    declaration = declared(
        picture_sets=(picture_set("a", ["1.jpg", "2.jpg"]),), datasets=(dataset("d", version("v", names)),)
    )
    record = Record(created=True, fields={}, members={"1.jpg": "x", "2.jpg": "x", "3.jpg": "x"})
    inventory = Inventory("w", 1, {"pictures/a": record})
    observed = State(Lake({"1.jpg": "x", "3.jpg": "x"}))
    found = resolve(declaration, observed, inventory, prune=True).findings
    absent, deleted, dropped = (one for one in found if one.code == "L004")
    what = "1 of the names that version `v` of `d` lists"
    assert absent.message == f"{what} is not in the lake: `gone.jpg`"
    assert absent.hint == "declare it in a PictureSet"
    assert deleted.message == f"{what} was deleted on the platform: `2.jpg`"
    assert "`restore: true`" in deleted.hint
    assert dropped.message == f"{what} will not be in the lake, as this plan deletes it: `3.jpg`"


def test_findings_of_the_declaration_are_handed_on() -> None:
    finding = Diagnostic("Q003", Severity.warning, "2 boxes without area")
    assert resolve(declared(findings=(finding,)), State()).findings == (finding,)


NAMES = ("a/1.jpg", "2.jpg", "x/3.jpg", "y/3.jpg")


def annotated(objects: dict[str, list[str]], *more: object) -> State:
    sets = (picture_set("in", NAMES), picture_set("out", ["z/9.jpg"]))
    one = version("first", of_set("in"), source(objects), *more)  # type: ignore[arg-type]
    return resolve(declared(picture_sets=sets, datasets=(dataset("d", one),)), State())


def test_file_names_match_exactly_or_by_a_base_name_that_fits_one_picture() -> None:
    state = annotated({"2.jpg": [box("car")], "1.jpg": [box("van")], "elsewhere/9.jpg": [], "z/9.jpg": []})
    assert state.resources["annotations/d@first"].members == {"2.jpg": (box("car"),), "a/1.jpg": (box("van"),)}
    (note,) = state.findings
    assert (note.code, note.severity, note.count) == ("L008", Severity.info, 2)
    assert state.resources["annotations/d@first"].needs == ("label/d@first/car/rectangle", "version/d@first")


def test_file_names_that_fit_nothing_or_too_much_are_one_finding_each() -> None:
    state = annotated({"3.jpg": [box("car")], "b/1.jpg": [], "c/1.jpg": [], "nowhere.jpg": [], "never.jpg": []})
    assert state.resources["annotations/d@first"].members == {}
    assert [(one.code, one.count) for one in state.findings] == [("L005", 2), ("L009", 3)]


def test_a_base_name_never_hides_an_exact_one() -> None:
    state = annotated({"a/1.jpg": [box("car")], "b/1.jpg": [box("van")]})
    assert state.resources["annotations/d@first"].members == {"a/1.jpg": (box("car"),)}
    assert codes(state) == ["L009"]


def test_two_sources_on_one_picture_are_united_and_equal_objects_count_once() -> None:
    state = annotated({"2.jpg": [box("car"), box("car", 5)]}, source({"2.jpg": [box("car"), box("van")]}))
    assert state.resources["annotations/d@first"].members["2.jpg"] == tuple(
        sorted([box("car"), box("car", 5), box("van")])
    )
    assert [(one.code, one.count) for one in state.findings] == [("L006", 1)]
    assert state.findings[0].message == "1 object stands in several sources of version `first`; each counts once"


def test_two_policies_on_one_picture_are_an_error() -> None:
    with pytest.raises(InvalidInput) as raised:
        annotated({"2.jpg": [box("car")]}, source({"2.jpg": []}, "mirror", "other.json"))
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "L007"
    assert "`other.json`" in diagnostic.message


def test_policies_of_sources_on_different_pictures_stand_side_by_side() -> None:
    state = annotated({"2.jpg": [box("car")]}, source({"a/1.jpg": []}, "mirror"))
    options = state.resources["annotations/d@first"].options
    assert options["policy"] == {"2.jpg": "merge", "a/1.jpg": "mirror"}
    assert options["default_policy"] == "seed"


def test_one_source_that_matches_exactly_is_handed_on_as_it_is() -> None:
    told = source({"2.jpg": [box("car")]})
    sets = (picture_set("in", NAMES),)
    state = resolve(declared(picture_sets=sets, datasets=(dataset("d", version("v", of_set("in"), told)),)), State())
    assert state.resources["annotations/d@v"].members is told.objects


def test_networks_bring_their_files() -> None:
    file = LocalFile("/here/config", "./config", sha("config"), 6)
    network = Network("net", place(), {"type": "detection"}, {"config": file}, file)
    resources = resolve(declared(networks=(network,)), State()).resources
    assert resources["network/net"].fields == {"type": "detection"}
    assert resources["file/net/config"].fields == {"sha256": sha("config"), "size": 6}
    assert resources["thumbnail/net"].needs == ("network/net",)


def test_sets_that_share_a_picture_need_the_first_of_them() -> None:
    sets = (picture_set("b", ["1.jpg"]), picture_set("a", ["1.jpg", "2.jpg"]))
    resources = resolve(declared(picture_sets=sets), State()).resources
    assert resources["pictures/a"].needs == ("pictures/b",)
    assert resources["pictures/b"].needs == ()
