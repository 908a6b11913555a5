"""Names that say that a value is a secret: manifests, variables and plans hold none."""

from __future__ import annotations

import re

SECRET_HINT = "manifests, variables and plans are read by many: a token comes from PICSELLIA_TOKEN or `--token-file`"  # noqa: S105 - no secret

_WORDS = "tokens?|secrets?|passwords?|passwd|passphrase|credentials?|(?:api|access|private)_?key"
_SECRET = re.compile(f"(?:^|_)(?:{_WORDS})(?:_|$)|(?:token|secret|password|apikey)$")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def is_secret(name: str) -> bool:
    """Return whether a name says that its value is a secret: `api_token`, `dbPassword`; not `tokenizer`."""
    return _SECRET.search(_HUMP.sub("_", name).replace("-", "_").lower()) is not None
