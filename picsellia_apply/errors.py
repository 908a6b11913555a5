"""What can go wrong, as one tree, and how a fault of the user's input is told.

    PicselliaError                      anything this package raises on purpose; has .message
     +- InvalidInput                    manifests, annotation or picture files are at fault; carries diagnostics
     +- UsageError                      the command line or the arguments are at fault
     +- RefusedError                    a guard refused; carries the refusals
     +- StalePlan                       what a plan rests on has moved
     +- LeaseHeld                       somebody else is applying
     +- AuthenticationError             no token, or one nobody knows
     |   +- UnauthorizedError           401: the token is not accepted
     |   +- ForbiddenError              403: the token may not do this
     +- ResourceNotFoundError           404
     +- InvalidQueryError               400 and 422: the platform refused the request
     |   +- TyperError                  the request was refused before it was sent
     +- ConflictError                   409 and 412: what we expected to be there is not what is there
     +- NetworkError                    no connection, no answer in time, or an answer cut short
     +- ApiLimitError                   429, after the retries
     +- UnsufficientRessourcesError     402 (the published spelling)
     +- ProcessingError                 the platform failed (5xx), or its answer makes no sense
     +- TransferError                   several files failed; lists each with its reason

The middle names are those of the published SDK. A user's fault is a `Diagnostic`; ours crashes with "this is a bug".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal

from picsellia_apply.source import Place, Position


class Severity(IntEnum):
    """How grave a diagnostic is; errors stop the run, the others are findings. The names are what people are shown."""

    note = 0
    info = 0  # another name of `note`, as plans saved before wrote it
    warning = 1
    error = 2


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault or finding about the user's input.

    Attributes:
        code: Stable, listed in `docs/codes.md`: a letter and three digits.
        severity: Errors stop the run.
        message: One sentence without a final period, backticks round literals.
        position: Where; a `Place` until it is reported, None for the whole input.
        hint: What to do about it, or empty.
        count: How many such cases this one stands for, at least 1.
    """

    code: str
    severity: Severity
    message: str
    position: Position | Place | None = None
    hint: str = ""
    count: int = 1


class PicselliaError(Exception):
    """Anything this package raises on purpose.

    Attributes:
        message: What went wrong, without a token and without a final period.
        hint: What to do about it, or empty.
        partly: Requests before the one that failed did a part of the same work, or may have.
    """

    partly = False

    def __init__(self, message: str, hint: str = "") -> None:
        """Keep the message and the hint."""
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidInput(PicselliaError):  # noqa: N818 - it names what is wrong, not that something is
    """The input is at fault; every diagnostic found in one run is in `diagnostics`."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Keep all diagnostics; the message counts the errors."""
        self.diagnostics = tuple(diagnostics)
        errors = sum(d.severity is Severity.error for d in self.diagnostics)
        super().__init__(f"{errors:,} error{'s' * (errors != 1)} in the input")

    def __str__(self) -> str:
        """Return the count and the first ten errors, for who sees no more of it than this."""
        faults = [one for one in self.diagnostics if one.severity is Severity.error]
        shown = [f"  {one.position or 'input'}: [{one.code}] {one.message}" for one in faults[:10]]
        more = [f"  and {len(faults) - 10:,} more"] if len(faults) > 10 else []
        return "\n".join([self.message, *shown, *more])


class UsageError(PicselliaError):
    """The command line, the environment or the arguments are at fault."""


class RefusedError(PicselliaError):
    """A guard refused; nothing was written."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One reason why a saved plan no longer holds.

    Attributes:
        address: What moved: an address, or `plan`, `inventory`.
        field: Which field or member of it; empty for the thing itself.
        planned: The value that the plan rests on.
        now: The value now.
        where: On which side it moved: platform, manifests, files (bytes on this machine), inventory, plan.
    """

    address: str
    field: str
    planned: Any
    now: Any
    where: Literal["platform", "manifests", "files", "inventory", "plan"] = "platform"


class StalePlan(PicselliaError):  # noqa: N818 - the field's own word
    """What the plan rests on has moved since it was made; nothing was written.

    Attributes:
        reasons: Everything that moved, in the order in which it is told.
    """

    def __init__(self, message: str, hint: str = "", reasons: Iterable[Moved] = ()) -> None:
        """Keep the message, the hint and all reasons."""
        super().__init__(message, hint)
        self.reasons = tuple(reasons)


class LeaseHeld(PicselliaError):  # noqa: N818 - the field's own word
    """Another apply holds this workspace."""


class AuthenticationError(PicselliaError):
    """No token, or one that nobody knows."""


class UnauthorizedError(AuthenticationError):
    """The platform does not accept the token (401)."""


class ForbiddenError(AuthenticationError):
    """The token may not do this (403)."""


class ResourceNotFoundError(PicselliaError):
    """The platform knows no such thing (404)."""


class InvalidQueryError(PicselliaError):
    """The platform refused the request (400, 413, 422)."""


class TyperError(InvalidQueryError):
    """The request was refused before it was sent."""


class ConflictError(PicselliaError):
    """What was expected to be there is not what is there (409, 412)."""


class NetworkError(PicselliaError):
    """No connection, no answer in time, or an answer cut short."""


class ApiLimitError(PicselliaError):
    """The platform asks to slow down (429), and the retries are used up."""


class UnsufficientRessourcesError(PicselliaError):
    """The organization's quota is used up (402)."""


class ProcessingError(PicselliaError):
    """The platform failed (5xx), or its answer makes no sense."""


class TransferError(PicselliaError):
    """Some files could not be sent or fetched; the others were.

    Attributes:
        failures: File or picture name to reason.
    """

    def __init__(self, message: str, failures: Mapping[str, str]) -> None:
        """Keep every failure; the message shows the first ten."""
        self.failures = dict(failures)
        shown = [f"  {name}: {reason}" for name, reason in list(self.failures.items())[:10]]
        more = [f"  and {len(self.failures) - 10:,} more"] if len(self.failures) > 10 else []
        super().__init__("\n".join([message, *shown, *more]))
