"""The manual of every field, as Markdown, made of the models: `docs/manifests.md` is what this returns."""

from __future__ import annotations

import inspect
import json
import types
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from picsellia_apply.manifest.documents import KINDS
from picsellia_apply.manifest.examples import EXAMPLES, HEAD
from picsellia_apply.manifest.nodes import Absent

_HEAD = """\
# Manifests: every field

`picsellia-apply schema --markdown` writes this page; `picsellia-apply schema` is the same for editors, as JSON Schema.

A manifest is YAML with one or more documents, `---` between them. Each has `apiVersion: picsellia-apply/v1`, a `kind`,
`metadata: {name: NAME}` and a `spec`. A folder is searched for `*.yaml` and `*.yml`; documents of others are passed
over. A name is unique among the documents of its kind and holds no control character; those of a Dataset, a version,
a Network, a Workspace and a Policy hold no `/` either. An unknown field is an error, and so is null. Paths are relative
to the manifest that names them. Numbers and texts are those of YAML 1.2: `no` is a text, `010` a number and no name.

**What is absent is not managed**, unless its column says otherwise: it is left as it is on the platform. An empty value
(`[]`, `""`, `false`) is one like any other, and managed.
"""
_VARIABLES = """\
## Variables

`${var.NAME}` stands in any value of any document for what the Workspace document declares under `variables`; names are
letters, digits and `_`, up to 64. The value is that of `--var NAME=VALUE`, else of `--var-file`, else of
`PICSELLIA_VAR_NAME`, else the default; null is for those that have none and must be given. A field that is one variable
and nothing else takes the type of its text where a number, `true` or `false` is wanted. `$${var.NAME}` is that text
itself. More in [environments.md](environments.md).

```yaml
apiVersion: picsellia-apply/v1
kind: Workspace
metadata: {name: staging}
spec:
  variables: {share: 0.5, prefix: staging}
---
apiVersion: picsellia-apply/v1
kind: Dataset
metadata: {name: "${var.prefix}-cells"}
spec:
  versions:
    - name: first
      pictures: {tags: [blood], quantity: "${var.share}"}
```
"""
_TEXTS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "null": "null",
}
_ROWS = "| field | type | when absent | meaning |\n|---|---|---|---|\n"


def reference_markdown() -> str:
    """Return the manual: every kind with an example, and every field with type, default and meaning."""
    parts = [_HEAD]
    for kind, document in KINDS.items():
        spec = document.model_fields["spec"].annotation
        parts += _kind(kind, spec, document) if _is_model(spec) else ()
    return "\n".join([*parts, _VARIABLES])


def _kind(kind: str, spec: type[BaseModel], document: type[BaseModel]) -> Iterator[str]:
    definitions = document.model_json_schema(by_alias=True)["$defs"]
    yield f"## {kind}\n"
    yield f"{inspect.getdoc(spec)}\n"
    yield f"```yaml\n{HEAD.format(kind)}{EXAMPLES[kind]}```\n"
    yield table_of(spec, definitions)
    for part in dict.fromkeys(parts_of(spec)):
        yield f"### {_title(part)}\n"
        yield f"{inspect.getdoc(part)}\n"
        yield table_of(part, definitions)


def _is_model(kind: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def parts_of(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield the models that the fields of a model hold, each before those within it."""
    for field in model.model_fields.values():
        for part in _models(field.annotation):
            if not _writes_itself(field):
                yield part
                yield from parts_of(part)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if _is_model(annotation):
        yield annotation
    elif get_origin(annotation) in (list, dict, Union, types.UnionType):
        for one in get_args(annotation):
            yield from _models(one)


def _writes_itself(field: FieldInfo) -> bool:
    """Return whether a field's schema is written by hand: what it takes is more than its model."""
    return any(type(one).__name__ == "WithJsonSchema" for one in field.metadata)


def _title(model: type[BaseModel]) -> str:
    return model.__name__.removesuffix("Spec")


def table_of(model: type[BaseModel], definitions: Mapping[str, Any]) -> str:
    """Return a row for each field of a model; `definitions` are those of a JSON Schema that holds it."""
    properties = definitions[model.__name__]["properties"]
    rows = [
        _row(field.alias or name, field, properties[field.alias or name]) for name, field in model.model_fields.items()
    ]
    return _ROWS + "".join(rows)


def _row(name: str, field: FieldInfo, schema: Mapping[str, Any]) -> str:
    cells = (f"`{name}`", _type(schema), _absent(field), field.description or "")
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _absent(field: FieldInfo) -> str:  # noqa: PLR0911 - one line per kind of value
    if field.is_required():
        return "**required**"
    meaning = [one.meaning for one in field.metadata if isinstance(one, Absent)]
    if meaning:
        return meaning[0]
    match field.default:
        case bool() as value:
            return f"`{str(value).lower()}`"
        case "" | [] | {}:
            return "none"
        case str() | int() | float() as value:
            return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"
        case [*values]:
            return f"`{json.dumps(values)}`"
        case _:
            return "none"


def _type(schema: Mapping[str, Any]) -> str:  # noqa: PLR0911 - one line per kind of schema
    match schema:
        case {"$ref": str(ref)}:
            title = ref.rpartition("/")[2].removesuffix("Spec")
            return f"[{title}](#{title.lower()})"
        case {"anyOf": list(ways)}:
            return ", or ".join(map(_type, ways))
        case {"enum": list(values)}:
            return " or ".join(f"`{one}`" for one in values)
        case {"type": "array", "items": dict(items)}:
            return f"list of {_type(items)}"
        case {"type": "object", "properties": dict(properties)}:
            return "`{" + ", ".join(f"{name}: {_type(one).upper()}" for name, one in properties.items()) + "}`"
        case {"type": "object"}:
            return f"map of text to {_type(_values(schema))}"
        case {"type": list(types)}:
            return ", ".join(_TEXTS[one] for one in types)
        case {"type": str(one)}:
            return _TEXTS[one] + _range(schema)
        case _:
            return "anything"


def _values(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the values of a map are."""
    patterns = list(schema.get("patternProperties", {}).values())
    values = patterns[0] if patterns else schema.get("additionalProperties")
    return values if isinstance(values, dict) else {}


def _range(schema: Mapping[str, Any]) -> str:
    bounds = (("minimum", "at least {:g}"), ("exclusiveMinimum", "over {:g}"), ("maximum", "at most {:g}"))
    said = [words.format(schema[key]) for key, words in bounds if key in schema and schema[key] < 10**9]
    return f", {', '.join(said)}" if said else ""
