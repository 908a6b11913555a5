"""Variables put into documents: `${var.name}` in a value becomes the variable's.

Values are put into YAML's nodes after the text was read, so that no value can change the structure. A scalar that is
one variable and nothing else takes the type that its text has in YAML where the field wants a number, or `true` or
`false`, or takes anything (`base_parameters`). Positions stay those of the text. `$${var.x}` is the text
`${var.x}` itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from picsellia_apply.errors import Diagnostic
from picsellia_apply.manifest.faults import fault, type_at
from picsellia_apply.manifest.locate import Locator, key_of
from picsellia_apply.manifest.variables import (
    EXACT,
    NAME_HINT,
    Declared,
    Variable,
    name_fault,
    undeclared_hint,
    workspace_named,
)
from picsellia_apply.manifest.yaml import plain_value
from picsellia_apply.source import Place

GROWTH_LIMIT = 10_000_000
"""Most characters that values may put into the manifests of one run."""

_REFERENCE = re.compile(r"\$?\$\{\s*vars?\b[^{}\n]*\}?")
"""What is a variable, or was meant to be one."""
_DEFAULTS = ("spec", "variables")
_FIXED = frozenset({("apiVersion",), ("kind",)})
_FIXED_IN_WORKSPACE = frozenset({("metadata",), _DEFAULTS})
"""What decides which variables there are, so that none can stand in it."""


class Substitution:
    """Puts values into documents, and keeps in mind what went where.

    Attributes:
        used: Name to text of every variable that a manifest used.
        sites: Place of a scalar to the variables in it.
        faults: What is wrong, apart from what `finish` tells.
    """

    def __init__(self, declared: Declared, elsewhere: Sequence[Declared] = ()) -> None:
        """Begin with nothing used.

        Args:
            declared: The variables with their values.
            elsewhere: Of the other workspaces, for hints.
        """
        self._declared, self._elsewhere = declared, elsewhere
        self.used: dict[str, str] = {}
        self.sites: dict[Place, tuple[Variable, ...]] = {}
        self.faults: list[Diagnostic] = []
        self._unknown: dict[str, list[Place]] = {}
        self._unset: dict[str, list[Place]] = {}
        self._well = True
        self._growth = 0

    def document(self, value: dict[str, Any], model: type[Any], place: Place) -> tuple[dict[str, Any], bool]:
        """Return a document with its variables' values, and whether all is well with them.

        Args:
            value: Plain values; stays as it is. Where a variable is at fault stands None afterwards.
            model: What the document must be.
            place: Its root.
        """
        self._well = True
        fixed = _FIXED | (_FIXED_IN_WORKSPACE if value.get("kind") == "Workspace" else frozenset())
        filled = {key: self._fill(item, place.at(key), model, fixed) for key, item in value.items()}
        return filled, self._well

    def _fill(self, value: Any, place: Place, model: type[Any], fixed: frozenset[tuple[str, ...]]) -> Any:
        if place.path in fixed:
            return self._refuse(value, place)
        match value:
            case str():
                return self._text(value, place, model) if "${" in value else value
            case dict():
                self._check_keys(value, place)
                return {
                    key: item if _is_plain(item) else self._fill(item, place.at(key), model, fixed)
                    for key, item in value.items()
                }
            case list():
                return [
                    item if _is_plain(item) else self._fill(item, place.at(number), model, fixed)
                    for number, item in enumerate(value)
                ]
            case _:
                return value

    def _refuse(self, value: Any, place: Place) -> Any:
        """Return what must be known before any variable is; tell of a variable in it."""
        if isinstance(value, dict) and place.path != _DEFAULTS:
            return {key: self._refuse(item, place.at(key)) for key, item in value.items()}
        if isinstance(value, str) and has_reference(value):
            where = " of a Workspace" if len(place.path) > 1 else ""
            self._tell("M061", f"no variable can stand in `{place.path[-1]}`{where}", place, "write the value out")
        return value

    def _check_keys(self, value: dict[str, Any], place: Place) -> None:
        for key in value:
            if "${" in key and has_reference(key):
                hint = "variables stand in values: write the key out"
                self._tell("M061", f"no variable can stand in a key: `{key[:80]}`", key_of(place, key), hint)

    def _text(self, value: str, place: Place, model: type[Any]) -> Any:
        """Return a scalar with its values, None when one of them is at fault."""
        found: list[Variable] = []
        text, end, well = "", 0, True
        for match in _REFERENCE.finditer(value):
            text, end = text + value[end : match.start()], match.end()
            if match[0].startswith("$$"):
                text += match[0][1:]
                continue
            variable = self._variable(match[0], place)
            if variable is None:
                well = False
            else:
                found.append(variable)
                text += variable.text or ""
        if not well:
            self._well = False
            return None
        return self._filled(value, text + value[end:], found, place, model)

    def _filled(self, written: str, text: str, found: Sequence[Variable], place: Place, model: type[Any]) -> Any:
        if not found:
            return text
        self._growth += len(text)
        if self._growth > GROWTH_LIMIT:
            hint = "use fewer or shorter values"
            self._tell("M065", f"variables put more than {GROWTH_LIMIT:,} characters into the manifests", place, hint)
            return None
        self.used.update((one.name, one.text or "") for one in found)
        self.sites[place] = tuple(dict.fromkeys(found))
        wanted = type_at(model, place.path) if EXACT.fullmatch(written) else str
        if wanted in (bool, int, float, Any):
            typed = plain_value(text)
            return typed if isinstance(typed, (bool, int, float)) else text
        return text

    def _variable(self, reference: str, place: Place) -> Variable | None:
        exact = EXACT.fullmatch(reference)
        if exact is None:
            hint = "write `${var.name}`; `$${var.name}` stands for the text itself"
            self._tell("M062", f"`{reference[:80]}` is no variable: {NAME_HINT}", place, hint)
            return None
        variable = self._declared.variables.get(exact[1])
        if variable is None:
            self._unknown.setdefault(exact[1], []).append(place)
        elif variable.text is None:
            self._unset.setdefault(exact[1], []).append(place)
            return None
        return variable

    def _tell(self, code: str, message: str, place: Place, hint: str) -> None:
        self._well = False
        self.faults.append(fault(code, message, place, hint))

    def finish(self, locator: Locator) -> Iterator[Diagnostic]:
        """Yield an error for each variable that is used and not declared, or has no value, at its first use."""
        for name, places in sorted(self._unknown.items()):
            code, message, hint = name_fault(name)
            if not code:
                code, message = "M060", f"variable `{name}` is not declared by {workspace_named(self._declared)}"
                hint = undeclared_hint(name, self._declared, self._elsewhere)
            yield fault(code, message + _also(places), min(places), hint, count=len(places))
        for name, places in sorted(self._unset.items()):
            declared = locator.position(self._declared.variables[name].place)
            hint = f"give it `--var {name}=VALUE`; declared without a default at {declared}"
            yield fault("M063", f"variable `{name}` has no value{_also(places)}", min(places), hint, count=len(places))

    def named(self, diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
        """Yield diagnostics; one about a scalar that a variable filled says which, and who gave the value."""
        for one in diagnostics:
            place = one.position
            found = self.sites.get(place, ()) if isinstance(place, Place) else ()
            if not found and isinstance(place, Place) and place.path[-1:] and place.path[-1].isdecimal():
                found = self.sites.get(Place(place.file, place.document, place.path[:-1]), ())
            told = ", ".join(f"variable `{variable.name}`: {variable.origin}" for variable in found)
            yield replace(one, message=f"{one.message} ({told})") if told else one


def _is_plain(value: Any) -> bool:
    """Return whether a value is a text without variables, as most are: its place need not be made."""
    return isinstance(value, str) and "${" not in value


def has_reference(text: str) -> bool:
    """Return whether a text holds what is, or was meant to be, a variable."""
    return any(not match[0].startswith("$$") for match in _REFERENCE.finditer(text))


def literal(text: str) -> str:
    """Return how a value is written that means this very text, whatever variables it seems to hold."""
    return _REFERENCE.sub(lambda found: f"${found[0]}", text)


def holds_reference(value: Any) -> bool:
    """Return whether a variable stands in any value of a document."""
    match value:
        case str():
            return "${" in value and has_reference(value)
        case dict():
            return any(map(holds_reference, value.values()))
        case list():
            return any(map(holds_reference, value))
        case _:
            return False


def without_references(value: Any) -> Any:
    """Return a Workspace document that does not count without the fields that hold variables: those are not its own."""
    if not isinstance(value, dict):
        return value
    return {
        key: without_references(item)
        for key, item in value.items()
        if not (isinstance(item, (str, list)) and holds_reference(item))
    }


def _also(places: Sequence[Place]) -> str:
    more = len(places) - 1
    return f", and {more:,} more time{'s' * (more != 1)}" if more else ""
