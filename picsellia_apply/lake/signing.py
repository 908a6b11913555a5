"""Signatures that stand for a token in object URLs and upload forms: each for one method, one key, one while.

HMAC-SHA256 over every claim, each with its length, so that no two sets of claims sign alike. The secret is the lake's
own, made with it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime

from picsellia_apply.lake.refusal import forbidden

LIFETIME_S = 24 * 3600
"""How long a URL holds: published clients ask for all part URLs before they send the first byte."""


class Signer:
    """Signs claims and checks what comes back."""

    def __init__(self, secret: bytes, clock: Callable[[], datetime]) -> None:
        """Keep the secret."""
        self._secret = secret
        self._clock = clock

    def sign(self, method: str, claims: Mapping[str, str]) -> dict[str, str]:
        """Return the claims with `expires` and `signature`."""
        expires = str(int(self._clock().timestamp()) + LIFETIME_S)
        dated = {**claims, "expires": expires}
        return {**dated, "signature": self._signature(method, dated)}

    def check(self, method: str, fields: Mapping[str, str]) -> None:
        """Accept what `sign` returned for the same method.

        Args:
            method: What is being done.
            fields: The claims as they came back, with `expires` and `signature`.

        Raises:
            Refusal: 403, altered or expired.
        """
        claims = {name: value for name, value in fields.items() if name != "signature"}
        stated = fields.get("signature", "").encode("utf-8", "replace")
        if not hmac.compare_digest(self._signature(method, claims).encode(), stated):
            raise forbidden("the signature does not fit")
        if int(claims["expires"]) < self._clock().timestamp():
            raise forbidden("the signature has expired")

    def _signature(self, method: str, claims: Mapping[str, str]) -> str:
        parts = [method, *(text for pair in sorted(claims.items()) for text in pair)]
        encoded = [part.encode("utf-8", "surrogateescape") for part in parts]
        message = b"".join(b"%d:%b" % (len(part), part) for part in encoded)
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()
