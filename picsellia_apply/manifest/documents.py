"""The documents of a manifest, typed: the one source of its JSON Schema, of the manual and of what is accepted.

Types are strict: `010` is a number and no name, and `no` is text (see `manifest.yaml`). A field that is absent is
unmanaged, so every optional field is looked up in `model_fields_set` (see `managed`), and null is never accepted.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from picsellia_apply.formats import FORMATS
from picsellia_apply.manifest.nodes import UNMANAGED, Absent, FilePath, Name, Node, Percent, Quantity, SegmentName, Text
from picsellia_apply.manifest.policy_spec import PolicySpec

API_VERSION = "picsellia-apply/v1"
PROTECT = "Nothing of it is ever deleted, not even when this document is gone; an explicit `false` ends that."


VARIABLES_SCHEMA = {
    "type": "object",
    "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]{0,63}$"},
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
}


def _not_latest(name: str) -> str:
    if name == "latest":
        raise PydanticCustomError("M016", "`latest` is not a name a manifest may use")
    return name


VersionName = Annotated[SegmentName, AfterValidator(_not_latest)]


def _web_address(host: str) -> str:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(host)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        secret = parts.username is not None or parts.password is not None
    except ValueError:
        usable = secret = False
    if secret:
        raise PydanticCustomError("M035", "a host must hold no user name and no password or token")
    if not usable:
        raise PydanticCustomError("M035", "the host is no address that begins with `https://` or `http://`")
    return host


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Paths = Annotated[
    list[FilePath],
    Field(min_length=1),
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]


def managed(node: Node, field: str) -> Any:
    """Return the field's value when the manifest mentions it, else None (unmanaged)."""
    return getattr(node, field) if field in node.model_fields_set else None


def unmanaged(node: Node, *fields: str) -> frozenset[str]:
    """Return those of the fields that the manifest does not mention."""
    return frozenset(fields) - node.model_fields_set


class Metadata(Node):
    """What names a document."""

    name: Name = Field(description="The name; unique among documents of this kind.")


class SegmentMetadata(Node):
    """What names a document whose name becomes part of a web address."""

    name: SegmentName = Field(description="The name; unique among documents of this kind, without `/`.")


class PictureSetSpec(Node):
    """Pictures the lake must hold."""

    from_: Paths = Field(alias="from", description="Folder, file, or a list of them, relative to this manifest.")
    include: Annotated[list[FilePath], Absent("every picture")] = Field(
        [], description="Globs or names, relative to `from`; without it every picture of a type we know."
    )
    exclude: list[FilePath] = Field([], description="Globs or names to leave out.")
    naming: Literal["basename", "path"] = Field(
        "basename", description="The picture's name in the lake: its base name, or its path relative to `from`."
    )
    names: FilePath = Field(
        "",
        description="File of pictures whose file is called otherwise: `# picsellia-apply/names v1`, then lines of two "
        'JSON texts, `"file.jpg" "what it is called"`; `export` writes such files.',
    )
    tags: Annotated[list[Name], UNMANAGED] = Field([], description="Tags that every one of the pictures carries.")
    restore: bool = Field(default=False, description="Upload again what a person deleted from the lake.")
    index: FilePath = Field(
        "",
        description="File that `picsellia-apply index` writes: it says what the set holds where pictures are not on a "
        "machine, be it some or all.",
    )
    protect: Annotated[bool, UNMANAGED] = Field(default=False, description=PROTECT)


class TagQuerySpec(Node):
    """A named selection of the lake; may also keep tags on what it selects."""

    tags: list[Name] = Field(min_length=1, description="A picture is selected when it carries all of them.")
    quantity: Quantity = Field(
        1.0,
        description="A stable share of the selection: a picture is in by the hash of its name, whatever else there is.",
    )
    add: Annotated[list[Name], UNMANAGED] = Field([], description="Tags to keep on what is selected.")
    remove: Annotated[list[Name], UNMANAGED] = Field(
        [], description="Tags to keep off what is selected, whoever put them there."
    )


class LabelSpec(Node):
    """A label; its key is name and type."""

    name: Name = Field(description="The label's name, in its own case.")
    type: Literal["rectangle", "polygon", "classification"] = Field(
        description="Which geometry of an object is sent; a classification has none."
    )


class SelectionSpec(Node):
    """Which pictures a version holds: exactly one of `query`, `tags`, `set`, `names`."""

    query: Name = Field("", description="A TagQuery's name.")
    tags: list[Name] = Field([], min_length=1, description="All of these tags.")
    quantity: Quantity = Field(1.0, description="With `tags`: a stable share, as a TagQuery's.")
    set: Name = Field("", description="A PictureSet's name.")
    names: FilePath = Field("", description="A text file with one picture name per line.")

    @model_validator(mode="after")
    def _one_way(self) -> SelectionSpec:
        ways = sorted(self.model_fields_set - {"quantity"})
        if len(ways) != 1:
            given = " and ".join(f"`{way}`" for way in ways) or "none"
            raise PydanticCustomError(
                "M023", "pictures are chosen by exactly one of `query`, `tags`, `set`, `names`, not by {given}",
                {"given": given},
            )  # fmt: skip
        if "quantity" in self.model_fields_set and ways != ["tags"]:
            raise PydanticCustomError("M023", "`quantity` goes with `tags` only")
        return self


class AnnotationSpec(Node):
    """An annotation file or folder."""

    path: FilePath = Field(description="File or folder, relative to this manifest.")
    format: Literal[FORMATS] = Field(description="How it is written: JSON, XML files, or JSON.")  # type: ignore[valid-type]
    policy: Literal["merge", "seed", "mirror"] = Field(
        "merge",
        description="`merge`: three ways, what people made is kept; `seed`: only where a picture has none; `mirror`: "
        "the platform as the file, what people made is deleted.",
    )
    coordinates: Literal["auto", "one-based", "zero-based"] = Field(
        "auto", description="Where the file's pixels begin to count; only PASCAL-VOC leaves that open."
    )
    ignore: list[Name] = Field([], description="Labels to leave out.")


class VersionSpec(Node):
    """A version: a snapshot that may grow."""

    name: VersionName = Field(description="The version's name; not `latest`.")
    from_: Annotated[VersionName, Absent("none")] = Field(
        "-",
        alias="from",
        description="An earlier version of this dataset: its pictures, labels and annotations are copied at creation, "
        "and not looked at again.",
    )
    pictures: Annotated[SelectionSpec, UNMANAGED] = Field(
        SelectionSpec.model_construct(), description="Which pictures it holds."
    )
    labels: Annotated[list[LabelSpec], Absent("the dataset's")] = Field([], description="Labels of this version.")
    annotations: Annotated[list[AnnotationSpec], UNMANAGED] = Field([], description="Where its annotations come from.")
    frozen: bool = Field(default=False, description="Never changes after it was created; what differs is drift.")
    protect: Annotated[bool, UNMANAGED] = Field(default=False, description=PROTECT)


class DatasetSpec(Node):
    """A dataset, its labels and its versions."""

    description: Annotated[Text, UNMANAGED] = Field("", description="What it is.")
    private: Annotated[bool, UNMANAGED] = Field(default=True, description="Whether only the organization sees it.")
    labels: Annotated[list[LabelSpec], UNMANAGED] = Field([], description="Labels of every version.")
    versions: Annotated[list[VersionSpec], UNMANAGED] = Field([], description="Created in this order.")
    protect: Annotated[bool, UNMANAGED] = Field(default=False, description=PROTECT)


class Readme(Node):
    """A text, or the file that holds it."""

    text: Text = ""
    file: FilePath = ""

    @model_validator(mode="after")
    def _one_way(self) -> Readme:
        if len(self.model_fields_set) != 1:
            raise PydanticCustomError("M023", "a readme is a text or `{file: PATH}`")
        return self


def _readme(value: Any) -> Any:
    if not isinstance(value, (str, dict)):
        raise PydanticCustomError("M011", "a readme must be a text or `{file: PATH}`")
    return {"text": value} if isinstance(value, str) else value


class NetworkSpec(Node):
    """A network's properties and files."""

    type: Name = Field(description="What it does: detection, segmentation, classification, ...")
    framework: Annotated[Text, UNMANAGED] = Field("", description="What it is written in: tensorflow2, pytorch, ...")
    description: Annotated[Text, UNMANAGED] = Field("", description="What it is.")
    private: Annotated[bool, UNMANAGED] = Field(default=True, description="Whether only the organization sees it.")
    tags: Annotated[list[Name], UNMANAGED] = Field([], description="The network's own tags.")
    labels: Annotated[dict[Name, Name], UNMANAGED] = Field({}, description="Class number to label.")
    base_parameters: Annotated[dict[str, Any], UNMANAGED] = Field(
        {}, description="Parameters as the network's code expects them."
    )
    readme: Annotated[
        Readme,
        BeforeValidator(_readme),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "string"},
                    {
                        "type": "object",
                        "properties": {"file": {"type": "string"}},
                        "required": ["file"],
                        "additionalProperties": False,
                    },
                ]
            }
        ),
        UNMANAGED,
    ] = Field(Readme.model_construct(), description="A text, or `{file: PATH}`.")
    files: Annotated[dict[Name, FilePath], UNMANAGED] = Field({}, description="Key to file, relative to this manifest.")
    thumbnail: Annotated[FilePath, UNMANAGED] = Field("", description="A picture of it.")
    protect: Annotated[bool, UNMANAGED] = Field(default=False, description=PROTECT)


class GuardsSpec(Node):
    """Budgets of one apply, in percent of what the workspace manages."""

    delete_percent: Percent = Field(10.0, alias="deletePercent", description="How much it may delete.")
    update_percent: Percent = Field(50.0, alias="updatePercent", description="How much it may change.")


class MovedSpec(Node):
    """A rename: what was managed under one address is managed under another."""

    from_: Text = Field(alias="from", description="The old address: `pictures/SET`, `query/QUERY` or `network/NAME`.")
    to: Text = Field(description="The new one; it is declared.")


class WorkspaceSpec(Node):
    """Where and how."""

    host: Annotated[Text, AfterValidator(_web_address), Absent("the embedded lake")] = Field(
        "", description="The platform's address, where neither `--host` nor PICSELLIA_HOST names one."
    )
    organization: Annotated[Name, Absent("the token's")] = Field("", description="The organization's name or id.")
    guards: Annotated[GuardsSpec, Absent("their defaults")] = Field(
        GuardsSpec.model_construct(), description="Budgets of one apply."
    )
    prune: bool = Field(
        default=False,
        description="Delete what this workspace made and no manifest declares any more; `--prune`, `--no-prune` win.",
    )
    variables: Annotated[dict[str, Any], WithJsonSchema(VARIABLES_SCHEMA)] = Field(
        {}, description="Variables with their defaults, null for none: `${var.name}` in any value. No secrets."
    )
    moved: list[MovedSpec] = Field([], description="What was called otherwise before; what belongs to it moves along.")


class _Document(Node):
    apiVersion: Literal["picsellia-apply/v1"]  # noqa: N815 - Kubernetes' spelling


class PictureSetDocument(_Document):
    """Pictures the lake must hold."""

    kind: Literal["PictureSet"]
    metadata: Metadata
    spec: PictureSetSpec


class TagQueryDocument(_Document):
    """A named selection of the lake."""

    kind: Literal["TagQuery"]
    metadata: Metadata
    spec: TagQuerySpec


class DatasetDocument(_Document):
    """A dataset."""

    kind: Literal["Dataset"]
    metadata: SegmentMetadata
    spec: DatasetSpec


class NetworkDocument(_Document):
    """A network."""

    kind: Literal["Network"]
    metadata: SegmentMetadata
    spec: NetworkSpec


class WorkspaceDocument(_Document):
    """Where and how."""

    kind: Literal["Workspace"]
    metadata: SegmentMetadata
    spec: WorkspaceSpec = WorkspaceSpec.model_construct()


class PolicyDocument(_Document):
    """Checks that every plan must pass."""

    kind: Literal["Policy"]
    metadata: SegmentMetadata
    spec: PolicySpec


AnyDocument = (
    PictureSetDocument | TagQueryDocument | DatasetDocument | NetworkDocument | WorkspaceDocument | PolicyDocument
)

KINDS: dict[str, type[AnyDocument]] = {
    "PictureSet": PictureSetDocument,
    "TagQuery": TagQueryDocument,
    "Dataset": DatasetDocument,
    "Network": NetworkDocument,
    "Workspace": WorkspaceDocument,
    "Policy": PolicyDocument,
}
"""Every kind of document, in the order of the manual."""


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of one document of a manifest."""
    from pydantic import TypeAdapter

    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[AnyDocument, Field(discriminator="kind")])
    schema = _with_variables(adapter.json_schema(by_alias=True))
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "picsellia-apply manifest"}
    return {**head, **schema}


_REFERENCE_SCHEMA = {"type": "string", "pattern": r"^\$\{var\.[A-Za-z_][A-Za-z0-9_]{0,63}\}$"}
_FIXED = frozenset({"apiVersion", "kind"})


def _with_variables(schema: Any) -> Any:
    """Return a schema that takes a variable where a number, `true`, `false` or one of a few texts is wanted."""
    if isinstance(schema, list):
        return [_with_variables(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    filled = {key: item if key == "default" else _fields(item) if key == "properties" else _with_variables(item)
              for key, item in schema.items()}  # fmt: skip
    if schema.get("type") in ("number", "integer", "boolean") or "enum" in schema:
        about = {key: filled.pop(key) for key in ("title", "description", "default") if key in filled}
        return {**about, "anyOf": [filled, _REFERENCE_SCHEMA]}
    return filled


def _fields(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: one if name in _FIXED else _with_variables(one) for name, one in properties.items()}
