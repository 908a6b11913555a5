"""The reference page says what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from picsellia_apply.client import Client
from tests.sdk.reference_page import page

PAGE = Path(__file__).parents[2] / "docs" / "sdk.md"

embedded = pytest.mark.parametrize("platform", ["embedded"], indirect=True)


@embedded
def test_the_page_is_what_the_docstrings_say(platform: str, rewrite_golden: bool) -> None:
    written = page()
    if rewrite_golden:
        PAGE.write_text(written)
    assert PAGE.read_text() == written, "run pytest tests/sdk/test_reference_page.py --rewrite-golden"


@embedded
def test_every_public_method_is_on_it(client: Client) -> None:
    text = PAGE.read_text()
    parts = {
        "client.datalake": client.datalake,
        "client.datalake.picture": client.datalake.picture,
        "client.datalake.dataset": client.datalake.dataset,
        "client.network": client.network,
    }
    for title, part in parts.items():
        for name in vars(type(part)):
            if not name.startswith("_") and callable(getattr(part, name)) and name[0].islower():
                if name in {"picture", "dataset"}:
                    continue
                assert f"### `{title}.{name}`" in text
