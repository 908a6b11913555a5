"""Pictures, as the clients 5.0 send and read them."""

from __future__ import annotations

from typing import Any

from tests.published.scene import UUID4, Scene, told

ODD_NAMES = ("two words.jpg", "naïve café.png", "日本.jpg", "a+b&c=d.jpg", "50%.jpg", "a#b?.jpg", "no_extension")


def _pictures(scene: Scene) -> Any:
    return scene.seen["client"].datalake.picture


def uploads_a_picture(scene: Scene) -> None:
    _pictures(scene).upload(scene.picture("pictures/one.jpg", (31, 17)), tags=["drone", "night"], source="camera")
    listed = _pictures(scene).list()["pictures"]
    assert listed == _pictures(scene).fetched_pictures
    (one,) = listed
    assert UUID4.fullmatch(one["picture_id"])
    assert UUID4.fullmatch(one["internal_key"].removesuffix(".jpg"))
    assert one["external_url"] == "one.jpg"
    assert (one["width"], one["height"]) == (31, 17)
    assert sorted(one["tag"]) == ["drone", "night"]
    assert len(one["creation_date"]) == len("2022-01-31")


def uploads_pictures_with_odd_names(scene: Scene) -> None:
    for name in ODD_NAMES:
        _pictures(scene).upload(scene.picture(f"pictures/{name}"), tags=["odd"])
    assert sorted(one["external_url"] for one in _pictures(scene).fetch(tags=["odd"])) == sorted(ODD_NAMES)


def uploads_more_pictures(scene: Scene) -> None:
    for number in range(4):
        _pictures(scene).upload(scene.picture(f"pictures/more{number}.jpg"), tags=["more", f"number{number}"])
    assert len(_pictures(scene).fetch(tags=["more"])) == 4


def leaves_a_picture_whose_name_is_taken(scene: Scene) -> None:
    before = scene.lake()
    scene.picture("elsewhere/one.jpg", (5, 5))
    _pictures(scene).upload(str(scene.folder / "elsewhere/one.jpg"), tags=["again"])
    assert scene.lake() == before
    assert (
        scene.stored(before["one.jpg"]["internal_key"], model=False) == (scene.folder / "pictures/one.jpg").read_bytes()
    )


def tells_of_a_name_that_is_taken(scene: Scene) -> None:
    """From 5.0.6 on, which take 208 for it."""
    with told() as text:
        _pictures(scene).upload(str(scene.folder / "elsewhere/one.jpg"))
    assert "already has this name" in text.getvalue()


def reads_back_what_it_sent(scene: Scene) -> None:
    for name, one in scene.lake().items():
        assert scene.stored(one["internal_key"], model=False) == (scene.folder / "pictures" / name).read_bytes(), name


def searches_by_all_tags(scene: Scene) -> None:
    pictures = _pictures(scene)
    assert [one["external_url"] for one in pictures.fetch(tags=["drone", "night"])] == ["one.jpg"]
    assert [one["external_url"] for one in pictures.fetch(1, ["more", "number2"])] == ["more2.jpg"]
    assert len(pictures.fetch(6, ["more"])) == 4
    assert len(pictures.fetch(tags=[])) == len(scene.lake())
    with told() as text:
        assert pictures.fetch(tags=["drone", "more"]) == []
    assert "No assets found" in text.getvalue()


def tags_what_is_selected(scene: Scene) -> None:
    pictures = _pictures(scene)
    pictures.fetch(tags=["more"])
    pictures.add_tags(tags=["reviewed", "more"])
    assert sorted(scene.lake()["more1.jpg"]["tag"]) == ["more", "number1", "reviewed"]
    pictures.remove_tags(tags=["reviewed", "never there"])
    assert sorted(scene.lake()["more1.jpg"]["tag"]) == ["more", "number1"]
    assert pictures.fetch(tags=["reviewed"]) == []


def tags_by_id(scene: Scene) -> None:
    pictures, one = _pictures(scene), scene.lake()["more0.jpg"]
    pictures.add_tags([one["picture_id"]], ["by id"])
    assert [found["external_url"] for found in pictures.fetch(tags=["by id"])] == ["more0.jpg"]
    pictures.remove_tags([one], ["by id"])
    assert pictures.fetch(tags=["by id"]) == []


def sends_nothing_for_an_empty_selection(scene: Scene) -> None:
    pictures, before = _pictures(scene), scene.lake()
    pictures.fetch(tags=["nothing at all"])
    pictures.status()
    pictures.delete()
    pictures.add_tags(tags=["x"])
    pictures.remove_tags(tags=["x"])
    pictures.fetch(tags=["more"])
    pictures.add_tags()
    assert scene.lake() == before


def deletes_pictures(scene: Scene) -> None:
    """By what was fetched and by id; runs last."""
    pictures, before = _pictures(scene), scene.lake()
    pictures.fetch(tags=["more"])
    pictures.delete()
    left = scene.lake()
    assert set(before) - set(left) == {f"more{number}.jpg" for number in range(4)}
    pictures.delete([left["one.jpg"]["picture_id"]])
    assert "one.jpg" not in scene.lake()
    pictures.upload(str(scene.folder / "elsewhere/one.jpg"))
    again = scene.lake()["one.jpg"]
    assert again["picture_id"] != left["one.jpg"]["picture_id"]
    assert (again["tag"], again["width"]) == ([], 5)


STEPS = (
    uploads_a_picture,
    uploads_pictures_with_odd_names,
    uploads_more_pictures,
    leaves_a_picture_whose_name_is_taken,
    reads_back_what_it_sent,
    searches_by_all_tags,
    tags_what_is_selected,
    tags_by_id,
    sends_nothing_for_an_empty_selection,
)
