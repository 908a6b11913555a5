"""Variables of manifests: declared, and given values, so that one repository serves staging and production.

The Workspace document that counts declares them, with a default or none; the environment, files and the command line
give others. `manifest.substitution` puts the values into documents. Variables hold no secrets.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from picsellia_apply.errors import Diagnostic
from picsellia_apply.manifest.faults import did_you_mean, fault, finding
from picsellia_apply.manifest.locate import key_of
from picsellia_apply.manifest.secrets import SECRET_HINT, is_secret
from picsellia_apply.source import Place

VALUE_LENGTH = 10_000
"""Most characters of one value."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
EXACT = re.compile(rf"\$\{{var\.({_NAME.pattern})\}}")
"""One variable and nothing else; its group is the name."""
NAME_HINT = "a name is a letter or `_`, then letters, digits and `_`, 64 at the most"


@dataclass(frozen=True, slots=True)
class Given:
    """A value that somebody gave a variable.

    Attributes:
        name: The variable's name, unchecked.
        value: Its text.
        origin: Who gave it, in a few words: "set by `--var`".
        place: Where, when that is a file.
        optional: Nobody minds when no such variable is declared: the environment serves many.
    """

    name: str
    value: str
    origin: str
    place: Place | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """A declared variable: its text, None for none yet; who gave it; where it is declared."""

    name: str
    text: str | None
    origin: str
    place: Place


@dataclass(frozen=True, slots=True)
class Declared:
    """What one Workspace document declares."""

    workspace: str
    variables: Mapping[str, Variable] = field(default_factory=dict)


def name_fault(name: str) -> tuple[str, str, str]:
    """Return code, message and hint of what is wrong with a variable's name; empty texts for nothing."""
    if not _NAME.fullmatch(name):
        return "M062", f"`{name[:80]}` is no name for a variable", NAME_HINT
    if is_secret(name):
        return "M064", f"a variable must not hold a secret, as `{name}` says it does", SECRET_HINT
    return "", "", ""


def value_text(value: Any) -> str | None:
    """Return the text of a scalar, None for what is none."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float() | str():
            return str(value)
        case _:
            return None


def declared_variables(value: Any, place: Place, workspace: str, diagnostics: list[Diagnostic]) -> Declared:
    """Return what `variables` of a Workspace document declares.

    Args:
        value: The node, unchecked; null stands for a variable without a default.
        place: Of the node.
        workspace: The document's name.
        diagnostics: Where to tell what is wrong.
    """
    if not isinstance(value, dict):
        return Declared(workspace)
    found: dict[str, Variable] = {}
    for name, default in value.items():
        code, message, hint = name_fault(name)
        if code:
            diagnostics.append(fault(code, message, key_of(place, name), hint))
            continue
        text = value_text(default)
        if default is not None:
            diagnostics += _value_faults(name, default, text, place.at(name))
        found[name] = Variable(name, text, f"the default of Workspace `{workspace}`", place.at(name))
    return Declared(workspace, found)


def _value_faults(name: str, value: Any, text: str | None, place: Place) -> Iterator[Diagnostic]:
    if text is None:
        kind = "a list" if isinstance(value, list) else "a map" if isinstance(value, dict) else "nothing"
        yield fault("M065", f"variable `{name}` must be text, a number, `true` or `false`, not {kind}", place)
    elif len(text) > VALUE_LENGTH:
        message = f"variable `{name}` has {len(text):,} characters; {VALUE_LENGTH:,} are the most"
        yield fault("M065", message, place)
    elif isinstance(value, str) and EXACT.search(text):
        hint = "write the value out, or give it with `--var`"
        yield fault("M061", f"a default is a value: no variable can stand in that of `{name}`", place, hint)


def given_values(body: Any, place: Place, origin: str) -> tuple[tuple[Given, ...], list[Diagnostic]]:
    """Return the values that a file of variables gives.

    Args:
        body: What the file holds, a map of names to scalars.
        place: Its root.
        origin: As in `Given`.
    """
    if not isinstance(body, dict):
        return (), [fault("M065", "a file of variables must be a map of names to values", place)]
    faults: list[Diagnostic] = []
    found = []
    for name, value in body.items():
        text = value_text(value)
        if text is None or len(text) > VALUE_LENGTH:
            faults += _value_faults(name, value, text, place.at(name))
        else:
            found.append(Given(name, text, origin, key_of(place, name)))
    return tuple(found), faults


def with_given(
    declared: Declared, given: Sequence[Given], elsewhere: Iterable[Declared]
) -> tuple[Declared, list[Diagnostic]]:
    """Return the variables with the values that were given, the last one winning, and what is wrong with those.

    Args:
        declared: Of the workspace that counts.
        given: The weakest first.
        elsewhere: Of the other workspaces, for hints.
    """
    variables = dict(declared.variables)
    faults = []
    for one in given:
        known = variables.get(one.name)
        if known is not None:
            variables[one.name] = replace(known, text=one.value, origin=one.origin)
        elif not one.optional:
            faults.append(_undeclared_value(one, declared, elsewhere))
        else:
            faults += _other_case(one, variables, {other.name for other in given})
    return Declared(declared.workspace, variables), faults


def _other_case(one: Given, variables: Mapping[str, Variable], given: Container[str]) -> list[Diagnostic]:
    """Return the warning that the environment names a variable in another case, which gives it no value."""
    meant = next((name for name in variables if name.casefold() == one.name.casefold() and name not in given), None)
    if meant is None:
        return []
    message = f"variable `{meant}` is not {one.origin}: case counts"
    return [finding("M066", message, variables[meant].place, f"its name there ends in `_VAR_{meant}`")]


def _undeclared_value(one: Given, declared: Declared, elsewhere: Iterable[Declared]) -> Diagnostic:
    code, message, hint = name_fault(one.name)
    if code:
        return fault(code, f"{message} ({one.origin})", one.place, hint)
    message = f"variable `{one.name}`, {one.origin}, is not declared by {workspace_named(declared)}"
    return fault("M060", message, one.place, undeclared_hint(one.name, declared, elsewhere))


def workspace_named(declared: Declared) -> str:
    """Return whose variables these are, in words."""
    return f"Workspace `{declared.workspace}`" if declared.workspace else "any Workspace document"


def undeclared_hint(name: str, declared: Declared, elsewhere: Iterable[Declared]) -> str:
    """Return who declares a variable, or which was probably meant, or how to declare it."""
    others = sorted(one.workspace for one in elsewhere if name in one.variables)
    if others:
        return f"Workspace `{others[0]}` declares it"
    near = did_you_mean(name, declared.variables)
    return (
        near or f"declare it in a Workspace document: `spec: {{variables: {{{name}: DEFAULT}}}}`, null for no default"
    )
