"""Every code that reading manifests and pictures can give stands in the manual, once."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[3]
CODE = re.compile(r'"([MP]\d{3}|A1\d\d|Q00[67])"')
MANUAL = [ROOT / "docs/codes" / name for name in ("manifests.md", "sdk.md")]


def test_every_code_is_in_the_manual() -> None:
    sources = [path for part in ("manifest", "local") for path in (ROOT / "picsellia_apply" / part).glob("*.py")]
    used = {code for path in sources for code in CODE.findall(path.read_text())}
    rows = Counter(
        line.split("|")[1].strip() for path in MANUAL for line in path.read_text().splitlines() if line.startswith("| ")
    )
    assert len(used) > 60
    assert sorted(used - rows.keys()) == []
    assert [code for code, count in rows.items() if count > 1 and code not in ("code", "---")] == []
