"""What pydantic refuses, told in our own words with a code, a place and a hint."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.manifest.locate import key_of
from picsellia_apply.manifest.secrets import SECRET_HINT, is_secret
from picsellia_apply.model.names import NAME_LENGTH
from picsellia_apply.source import Place

_WANTED = {
    "string_type": "text",
    "bool_type": "`true` or `false`",
    "int_type": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
}


def fault(code: str, message: str, place: Place | None, hint: str = "", *, count: int = 1) -> Diagnostic:
    """Return an error at a place of a manifest."""
    return Diagnostic(code, Severity.error, message, place, hint, count)


def finding(code: str, message: str, place: Place | None, hint: str = "", *, count: int = 1) -> Diagnostic:
    """Return a warning at a place of a manifest."""
    return Diagnostic(code, Severity.warning, message, place, hint, count)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the hint `did you mean ...?` when `word` is like a known one, else an empty text."""
    near = nearest(word, known)
    return f"did you mean `{near}`?" if near else ""


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return the known word most like `word`, by `cutoff` (0 to 1) or more, or an empty text."""
    by_folded = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=cutoff)
    return by_folded[near[0]] if near else ""


def faults_of(
    error: ValidationError, model: type[BaseModel], place: Place, *, pass_over_null: bool
) -> list[Diagnostic]:
    """Return each thing pydantic refused about a document.

    Args:
        error: What validation raised.
        model: The document's model.
        place: The document's root.
        pass_over_null: Say nothing about values that are null.
    """
    details = error.errors(include_url=False)
    meant = _meant(details, model)
    told = [one for one in details if not (pass_over_null and one["input"] is None) and one["loc"] not in meant]
    return [_fault(one, model, place) for one in told]


def _meant(details: Sequence[ErrorDetails], model: type[BaseModel]) -> set[tuple[int | str, ...]]:
    """Return where a field is missing that stands there under a name much like its own: that is one fault, not two."""
    missing = {one["loc"] for one in details if one["type"] == "missing"}
    unknown = [one["loc"] for one in details if one["type"] == "extra_forbidden"]
    near = ((*loc[:-1], nearest(str(loc[-1]), _fields(type_at(model, [*map(str, loc[:-1])])))) for loc in unknown)
    return missing.intersection(near)


def _fault(  # noqa: PLR0911 - one line per kind of refusal
    detail: ErrorDetails, model: type[BaseModel], root: Place
) -> Diagnostic:
    kind = detail["type"]
    loc = [str(step) for step in detail["loc"] if step != "[key]"]
    place, name = root.at(*loc), _field(loc)
    if "[key]" in detail["loc"]:
        place, name = key_of(root.at(*loc[:-1]), loc[-1]), f"a key of {_field(loc[:-1])}"
    value = detail["input"]
    context = detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown(loc, model, root)
    if kind == "missing":
        where = f" of {_field(loc[:-1])}" if len(loc) > 1 else ""
        return fault("M010", f"field `{loc[-1]}`{where} is missing", root.at(*loc[:-1]))
    if kind in _WANTED:
        return fault("M011", f"{name} must be {_WANTED[kind]}, not {_shown(value)}", place, _type_hint(kind, value))
    if kind == "literal_error":
        return _choice(name, value, _choices(model, loc), place)
    if kind in _RANGES:
        return fault("M013", f"{name} must be {_RANGES[kind].format(**context)}, not {_shown(value)}", place)
    if kind in ("too_short", "string_too_short"):
        return fault("M015", f"{name} must not be empty", place)
    if kind in ("string_too_long", "string_pattern_mismatch", "string_unicode"):
        return fault("M016", f"{name} {_name_fault(value)}", place)
    if len(kind) == 4 and kind[0] == "M":  # raised by our own validators
        return fault(kind, detail["msg"], place)
    return fault("M011", f"{name} is not acceptable: {_shown(value)}", place)


_RANGES = {
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than": "less than {lt:g}",
    "less_than_equal": "at most {le:g}",
    "finite_number": "a finite number",
}


def _field(loc: Sequence[str]) -> str:
    """Return the field as a person would call it: `tags[0]`."""
    steps = [step for step in loc if step != "spec" or len(loc) == 1]
    text = ""
    for step in steps[-2:] if steps and steps[-1].isdecimal() else steps[-1:]:
        text += f"[{step}]" if step.isdecimal() and text else step
    return f"`{text}`"


def _shown(value: Any) -> str:  # noqa: PLR0911 - one line per type
    """Return a value in a few words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"`{str(value).lower()}`"
        case int() | float():
            return f"the number `{value}`"
        case str():
            return f"the text `{value if len(value) <= 40 else value[:37] + '...'}`"
        case list():
            return "a list"
        case dict():
            return "a map"
        case _:
            return "this"


def _type_hint(kind: str, value: Any) -> str:
    if value is None:
        empty = {"string_type": '""', "list_type": "[]", "dict_type": "{}", "model_type": "{}"}.get(kind)
        return f"write `{empty}` for an empty one, or leave the field out" if empty else "leave the field out"
    if kind == "string_type" and isinstance(value, (bool, int, float)):
        shown = str(value).lower() if isinstance(value, bool) else value
        return f'put it in quotes: `"{shown}"`'
    if kind == "bool_type" and isinstance(value, str) and value.lower() in ("yes", "on", "no", "off"):
        return f"write `{'true' if value.lower() in ('yes', 'on') else 'false'}`"
    if kind == "list_type" and isinstance(value, str):
        return f"write `[{value}]`"
    return ""


def _choice(name: str, value: Any, known: Sequence[str], place: Place) -> Diagnostic:
    listed = ", ".join(f"`{one}`" for one in known)
    hint = did_you_mean(value, known) if isinstance(value, str) else ""
    return fault("M014", f"{name} must be one of {listed}, not {_shown(value)}", place, hint)


def _name_fault(value: Any) -> str:
    text = str(value)
    if len(text) > NAME_LENGTH:
        return f"has {len(text):,} characters; {NAME_LENGTH:,} are the most"
    if any(ord(c) < 32 or ord(c) == 127 for c in text):
        return "holds a control character"
    if any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        return "holds half a character (a lone surrogate)"
    return "must not hold `/`"


def _unknown(loc: Sequence[str], model: type[BaseModel], root: Place) -> Diagnostic:
    known = _fields(type_at(model, loc[:-1]))
    where = f" in {_field(loc[:-1])}" if len(loc) > 1 else ""
    hint = did_you_mean(loc[-1], known) or f"known here: {', '.join(known)}"
    hint = SECRET_HINT if is_secret(loc[-1]) else hint
    return fault("M009", f"unknown field `{loc[-1]}`{where}", key_of(root.at(*loc[:-1]), loc[-1]), hint)


def _fields(annotation: Any) -> tuple[str, ...]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return tuple(field.alias or name for name, field in annotation.model_fields.items())
    return ()


def _choices(model: type[BaseModel], loc: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(str, get_args(type_at(model, loc))))


def type_at(annotation: Any, loc: Sequence[str]) -> Any:
    """Return the type declared at a path of fields, keys and indexes."""
    annotation = _bare(annotation)
    if not loc:
        return annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
        return type_at(fields.get(loc[0], Any), loc[1:])
    items = get_args(annotation)
    return type_at(items[-1] if items else Any, loc[1:])


def _bare(annotation: Any) -> Any:
    while get_origin(annotation) in (Annotated, Union, types.UnionType):
        annotation = get_args(annotation)[0]
    return annotation
