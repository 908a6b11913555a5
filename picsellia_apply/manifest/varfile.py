"""Files of variables: one YAML or JSON map of names to values."""

from __future__ import annotations

from pathlib import Path

from picsellia_apply.errors import Diagnostic, Severity
from picsellia_apply.manifest.faults import fault
from picsellia_apply.manifest.locate import positioned
from picsellia_apply.manifest.variables import Given, given_values
from picsellia_apply.manifest.yaml import parse
from picsellia_apply.source import Place, Position, shown_path


def read_variables(path: Path) -> tuple[tuple[Given, ...], tuple[Diagnostic, ...]]:
    """Read a file of variables.

    Returns:
        What it gives, and every fault, with positions. Whether the names are declared is seen with the manifests.
    """
    file = shown_path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"the file of variables cannot be read: {error.strerror}"
        return (), (Diagnostic("M031", Severity.error, message, Position(file)),)
    parsed = parse(data, file)
    faults = [*(one for document in parsed.documents for one in document.faults)]
    if parsed.syntax is not None:
        return (), (*faults, parsed.syntax)
    if len(parsed.documents) > 1:
        faults.append(fault("M065", "a file of variables is one document", Place(file, 1)))
    value = parsed.documents[0].value if parsed.documents else {}
    if faults or value is None:  # an empty file gives nothing
        return (), positioned(faults)
    given, wrong = given_values(value, Place(file), f"set by `{file}`")
    return () if wrong else given, positioned(wrong)
