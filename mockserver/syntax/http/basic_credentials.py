"""The credentials of an address as the header `Authorization` has them."""

from __future__ import annotations

import base64
from urllib.parse import unquote_to_bytes


def basic_credentials(user: str | None, password: str | None) -> str | None:
    """Basic credentials (RFC 7617), in UTF-8, of a percent-encoded user and password; None without a user."""
    if user is None:
        return None
    pair = unquote_to_bytes(user) + b":" + unquote_to_bytes(password or "")
    return f"Basic {base64.b64encode(pair).decode('ascii')}"
