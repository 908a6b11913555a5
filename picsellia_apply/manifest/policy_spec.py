"""What a Policy document may say: named checks, each of them absent unless it is written."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from picsellia_apply.manifest.nodes import VISIBLE, Absent, Name, Node, Percent
from picsellia_apply.model.policy import EVERY

_SCOPES = frozenset({"versions", "ignoreFindings", "timeout"})
"""Fields that check nothing by themselves."""

NO_LIMIT = Absent("no limit")
NO_CHECK = Absent("not checked")
Count = Annotated[int, Field(ge=0, le=10**12)]
Word = Annotated[str, StringConstraints(max_length=4096, pattern=VISIBLE)]
FindingCode = Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{3}$")]


def _for_every_label(value: Any) -> Any:
    """Take one number as the number for every label."""
    if isinstance(value, int) and not isinstance(value, bool):
        return {EVERY: value}
    if not isinstance(value, dict):
        raise PydanticCustomError("M011", "`minObjectsPerLabel` must be a number, or a map of label to number")
    return value


class MaxDeleteSpec(Node):
    """How much one apply may delete, counted with everything that goes along; what is absent has no limit."""

    pictures: Annotated[Count, NO_LIMIT] = Field(0, description="Pictures of the lake.")
    tags: Annotated[Count, NO_LIMIT] = Field(0, description="Tags on pictures.")
    members: Annotated[Count, NO_LIMIT] = Field(0, description="Pictures taken out of versions.")
    objects: Annotated[Count, NO_LIMIT] = Field(0, description="Annotation objects.")
    addresses: Annotated[Count, NO_LIMIT] = Field(0, description="Whole things: versions, labels, networks, files, ...")


class PolicySpec(Node):
    """Checks that every plan must pass: on what it does, and on the data as they are after its apply."""

    versions: list[Name] = Field(
        [EVERY],
        min_length=1,
        description="Which declared versions the checks on data judge: globs over `DATASET@VERSION`.",
    )
    max_delete: Annotated[MaxDeleteSpec, NO_CHECK] = Field(
        MaxDeleteSpec.model_construct(), alias="maxDelete", description="How much one apply may delete."
    )
    min_objects_per_label: Annotated[
        dict[Name, Count],
        Field(min_length=1),
        BeforeValidator(_for_every_label),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "integer", "minimum": 0},
                    {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}, "minProperties": 1},
                ]
            }
        ),
        NO_CHECK,
    ] = Field(
        {},
        alias="minObjectsPerLabel",
        description="Fewest objects of each label in each version: a number, or label to number with `*` for the rest.",
    )
    required_labels: Annotated[list[Name], NO_CHECK] = Field(
        [], min_length=1, alias="requiredLabels", description="Labels that every version must have, of any type."
    )
    max_unannotated_percent: Annotated[Percent, NO_CHECK] = Field(
        100.0,
        alias="maxUnannotatedPercent",
        description="Largest share of a version's pictures without annotation; a background picture has one.",
    )
    max_imbalance: Annotated[float, Field(ge=1, allow_inf_nan=False), NO_CHECK] = Field(
        1.0,
        alias="maxImbalance",
        description="In each version, the label with most objects has at most so many times those of the one with "
        "fewest.",
    )
    no_finding_above: Annotated[Literal["none", "note", "warning"], NO_CHECK] = Field(
        "warning",
        alias="noFindingAbove",
        description="`note` lets no warning pass, `none` not even a note; errors end every plan anyway.",
    )
    ignore_findings: list[FindingCode] = Field(
        [], min_length=1, alias="ignoreFindings", description="Codes that `noFindingAbove` passes over."
    )
    exec: Annotated[list[Word], NO_CHECK] = Field(
        [],
        min_length=1,
        description="A program and its arguments: gets the plan as JSON on stdin, refuses with an exit code other "
        "than 0. With a `/` relative to this manifest, else on the PATH; runs in this manifest's folder. A saved plan "
        "binds the bytes of the files of the project that it names.",
    )
    timeout: Annotated[int, Field(ge=1, le=3600)] = Field(60, description="Seconds that `exec` may take.")

    @model_validator(mode="after")
    def _checks_something(self) -> PolicySpec:
        given = self.model_fields_set
        if not given - _SCOPES:
            raise PydanticCustomError("M045", "the policy checks nothing: give it `maxDelete`, `exec` or another check")
        if "ignore_findings" in given and "no_finding_above" not in given:
            raise PydanticCustomError("M023", "`ignoreFindings` goes with `noFindingAbove` only")
        if self.exec and not self.exec[0]:
            raise PydanticCustomError("M015", "the program of `exec` must not be empty")
        if "timeout" in given and "exec" not in given:
            raise PydanticCustomError("M023", "`timeout` goes with `exec` only")
        return self
