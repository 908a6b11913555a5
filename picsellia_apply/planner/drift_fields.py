"""Fields and files that people changed: three ways, as the plan compares them."""

from __future__ import annotations

from collections.abc import Iterator

from picsellia_apply.model.drift import Drift, Fate
from picsellia_apply.model.plan import FieldChange
from picsellia_apply.planner.drift_case import Ground, Seen, noun
from picsellia_apply.planner.fields import explained, same
from picsellia_apply.source import Place


def drifted_fields(seen: Seen, ground: Ground) -> Iterator[Drift]:
    """Yield what people changed of the managed fields; both sides to the same is nothing."""
    there = seen.observed.fields if seen.observed is not None else {}
    base = seen.record.fields
    for name, wanted in sorted(seen.desired.fields.items()):
        now = there.get(name)
        if name not in base or same(name, base[name], now) or same(name, wanted, now):
            continue
        changes = tuple(explained(name, base[name], now))
        if same(name, base[name], wanted):
            yield _field(seen, name, changes, ground)
        else:
            yield _conflict(seen, name, changes, wanted, ground)


def _field(seen: Seen, name: str, changes: tuple[FieldChange, ...], ground: Ground) -> Drift:
    rule = ground.blocked.get(seen.text, "")
    made = ground.is_made(seen.text)
    fate: Fate = "blocked" if rule else "reverted" if made else "kept"
    adopt = f"write the platform's `{name}` into the manifest"
    return Drift(
        seen.text,
        "fields",
        f"{name} changed",
        fate,
        rule,
        changes=changes,
        adopt=adopt,
        place=_field_place(seen, name),
    )


_WRITTEN = {"tag": "tags", "readme_text": "readme"}
"""Fields that a manifest calls otherwise than the platform does."""


def _field_place(seen: Seen, name: str) -> Place | None:
    place = seen.desired.place
    return place.at("spec", _WRITTEN.get(name, name)) if place is not None else None


def _conflict(seen: Seen, name: str, changes: tuple[FieldChange, ...], wanted: object, ground: Ground) -> Drift:
    """Return what both sides changed; a flag may have settled it already."""
    open_still = (seen.text, name) in ground.conflicts
    settled = "the manifest wins, as asked" if ground.is_made(seen.text) else "the platform wins, as asked"
    fate: Fate = "decision" if open_still else "reverted" if ground.is_made(seen.text) else "kept"
    commands = tuple(("apply", "--prefer", f"{side}:{seen.text}") for side in ("manifest", "remote"))
    return Drift(
        seen.text,
        "fields",
        f"{name} changed on the platform and in the manifest",
        fate,
        "" if open_still else settled,
        both=True,
        changes=changes,
        desired={name: wanted},
        commands=commands if open_still else (),
        place=_field_place(seen, name),
    )


def drifted_bytes(seen: Seen, ground: Ground) -> Iterator[Drift]:
    """Yield that people stored another file, where the platform tells digests."""
    base, wanted = seen.record.fields.get("sha256"), seen.desired.fields.get("sha256")
    now = seen.observed.fields.get("sha256") if seen.observed is not None else None
    if now is None or base is None or now in {base, wanted}:
        return
    change = (FieldChange("sha256", base, now),)
    if base != wanted:
        yield _conflict(seen, "sha256", change, wanted, ground)
        return
    fate: Fate = "reverted" if ground.is_made(seen.text) else "kept"
    adopt = "`picsellia-apply export --download` fetches the platform's file: commit that one"
    message = f"{noun(seen.address)} replaced by other bytes"
    place = seen.desired.place
    yield Drift(seen.text, "replaced", message, fate, "", changes=change, adopt=adopt, place=place)
