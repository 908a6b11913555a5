"""`docs/sdk.md`, made from signatures and docstrings: `test_reference_page.py` keeps the two together."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

from picsellia_apply import errors
from picsellia_apply.client import datalake, dataset, network, objects, picture
from picsellia_apply.client.client import Client
from picsellia_apply.client.connected import Connected
from picsellia_apply.client.dataset_upload import Uploaded
from picsellia_apply.client.upload import Outcome

BEGIN = """# The SDK

Made from the docstrings by `pytest tests/sdk/test_reference_page.py --rewrite-golden`.

```python
from picsellia_apply.client import Client

client = Client(api_token="...", host="https://platform.example/sdk/v2/")  # without a host: the embedded lake
done = client.datalake.upload("BloodCells", imgdir="JPEGImages", ann_path="Annotations", ann_format="PASCAL-VOC")
pictures = client.datalake.picture.fetch(quantity=0.5, tags=["blood"])
client.datalake.dataset.create("Half", pictures=pictures)
client.datalake.dataset.download("Half/first")
```

- **Where to.** `host`, else `PICSELLIA_HOST`, else the lake embedded in the nearest `.picsellia` folder. The token is
  `api_token`, else `PICSELLIA_TOKEN`; the embedded lake needs none.
- **Parts.** `client.datalake`, `.datalake.picture`, `.datalake.dataset` and `.network` share one connection and one
  selection of pictures. Each can be opened alone: `Client.Datalake.Picture(api_token, organization, host)`. All are
  context managers and have `close()`.
- **What is given counts.** What was fetched or made last stands in only for what is left out.
- **Selection.** `picture.list()` and `picture.fetch()` select. `pictures` is a list of pictures or of their ids, or
  what `picture.list()` returned; left out or None it means the selection. An empty list of your own means no picture
  (for `create`, which cannot do without, the selection).
- **Values** are dicts as documented, whose keys are attributes as well: `picture.width` is `picture["width"]`.
- **Errors.** Every one is a `picsellia_apply.errors.PicselliaError` with `.message` and `.hint`. When some of many
  files fail the others are done all the same, and one `TransferError` lists every failure in `.failures` (file to
  reason).
- **Output.** Only `status()`, `dataset.list()` and the greeting of an interactive session print. Everything else is
  logged under `picsellia_apply`. On a terminal, work that takes longer than a second shows a bar on stderr.
- **Speed.** On our lake, pictures and annotations travel in batches; on a platform that speaks SDK v2 only, one by one.

## What is read differently from the published reference

| topic | here |
|---|---|
| `private` | True keeps a dataset to the organization (the reference states the opposite) |
| `tags` of `datalake.upload` | left out or None: the upload's day; an empty list of your own: none. Never searched by |
| `dataset.create` returns | the dataset, which equals its id |
| `version` after a fetch of `latest` | the version's real name |
| `dataset.new_version` | holds exactly the pictures given, with the origin's labels and their annotations |
| `add_annotation("a.jpg", True, ...)` | the flag of older releases is passed over |
| `quantity` | a share in (0, 1]; more than 1 is all |
| `nb_jobs=-1` | one batch at a time for each core, 32 at most |
| `network.list()` | a list |
| `data` of `add_annotation` | a list of objects, see below; px of the picture as it is shown |
| annotations sent again | an object that is there is not added again by `datalake.upload`; `add_annotation` appends |
| labels of `datalake.upload` | those that are used, with the type they are sent as |

One object of `data`, with an optional `qa`, is one of

- `{"type": "rectangle", "label": "car", "rectangle": {"top": 1, "left": 2, "width": 3, "height": 4}}`
- `{"type": "polygon", "label": "roof", "polygon": {"geometry": [{"x": 1, "y": 2}, ...]}}`
- `{"type": "classification", "label": "night"}`
"""

PARTS: list[tuple[str, type]] = [
    ("Client", Client),
    ("client.datalake", datalake.Datalake),
    ("client.datalake.picture", picture.Picture),
    ("client.datalake.dataset", dataset.Dataset),
    ("client.network", network.Network),
]
VALUES: list[type] = [objects.Picture, objects.Dataset, objects.Network, Outcome, Uploaded]
NOT_SHOWN = frozenset({"close", "reader", "writer", "before_write"})
"""Told above, or for the reconciler."""
_TYPES = {
    "Paths": "str | Path | Sequence[str | Path]",
    "Outcomes": "list[Outcome]",
    "Fetched": "list[Picture]",
    "PictureList": "list[Picture]",
    "Datasets": "list[Dataset]",
    "Networks": "list[Network]",
    "Files": "list[Path]",
}


def page() -> str:
    """Return the whole page."""
    lines = [BEGIN.rstrip()]
    for title, part in PARTS:
        lines += ["", f"## {title}", "", *_docstring(part)]
        if part is Client:
            lines += ["", "### `Client`", "", *_method("Client", Connected.__init__)]
        for name, member in _members(part):
            lines += ["", f"### `{title}.{name}`", "", *_member(name, member)]
    lines += ["", "## Values"]
    for value in VALUES:
        lines += ["", f"### `{value.__name__}`", "", *_docstring(value)]
    lines += ["", "## Errors", "", "```", *_tree(), "```", ""]
    return "\n".join(line.rstrip() for line in lines)


def _members(part: type) -> Iterator[tuple[str, Any]]:
    for name, member in vars(part).items():
        shown = inspect.isfunction(member) or isinstance(member, property)
        if shown and not name.startswith("_") and name not in NOT_SHOWN:
            yield name, member


def _member(name: str, member: Any) -> list[str]:
    return _docstring(member) if isinstance(member, property) else _method(name, member)


def _method(name: str, method: Callable[..., Any]) -> list[str]:
    signature = inspect.signature(method)
    written = [_parameter(one) for one in signature.parameters.values() if one.name not in {"self", "connection"}]
    first_keyword = next((n for n, one in enumerate(signature.parameters.values()) if one.kind is one.KEYWORD_ONLY), 0)
    if first_keyword:
        written.insert(first_keyword - 1, "*")
    returned = "" if name == "Client" else f" -> {_type(signature.return_annotation)}"
    line = f"{name}({', '.join(written)}){returned}"
    if len(line) > 100:
        line = f"{name}(\n    " + ",\n    ".join(written) + f",\n){returned}"
    return ["```python", line, "```", "", *_docstring(method)]


def _parameter(one: inspect.Parameter) -> str:
    star = "**" if one.kind is one.VAR_KEYWORD else ""
    default = "" if one.default is one.empty else f" = {one.default!r}"
    return f"{star}{one.name}: {_type(one.annotation)}{default}"


def _type(annotation: object) -> str:
    text = str(annotation).replace("objects.", "")
    return re.sub(r"\w+", lambda word: _TYPES.get(word[0], word[0]), text)


def _docstring(thing: object) -> list[str]:
    """Return a docstring as Markdown: its sections become lists."""
    lines = (inspect.getdoc(thing) or "").splitlines()
    result: list[str] = []
    section = ""
    for line in lines:
        heading = re.fullmatch(r"(Args|Returns|Raises|Attributes):", line)
        if heading:
            section = heading[1]
            result += [f"**{section}**", ""]
        elif not line.startswith(" ") or not section:
            result.append(line)
            section = section if not line else ""
        elif section == "Returns":
            result.append(line.strip())
        elif re.match(r"    \S", line):
            result.append(re.sub(r"^    (\S+?): ", r"- `\1`: ", line))
        else:
            result.append(f"  {line.strip()}")
    return [line for line in result if "connection`: Share this one" not in line]


def _tree() -> list[str]:
    return [line.strip("\n")[4:] for line in (errors.__doc__ or "").splitlines() if line.startswith("    ")]
