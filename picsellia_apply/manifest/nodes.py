"""What every map of a manifest is made of: the strict model, and the texts and numbers that fields hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from picsellia_apply.model.names import NAME_LENGTH

VISIBLE = r"^[^\x00-\x1f\x7f]*$"
_SEGMENT = r"^[^\x00-\x1f\x7f/]*$"

Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=NAME_LENGTH, pattern=VISIBLE)]
SegmentName = Annotated[str, StringConstraints(min_length=1, max_length=NAME_LENGTH, pattern=_SEGMENT)]
FilePath = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=VISIBLE)]
Quantity = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class Absent:
    """Says in the manual what it means that a field is absent, where that is not the field's default."""

    meaning: str


UNMANAGED = Absent("not managed")
"""The field is left as it is on the platform, whatever that is."""


class Node(BaseModel):
    """Any map of a manifest: unknown fields are errors, values are never converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
