"""Random numbers that depend on a purpose alone, so that they are the same everywhere and in any order of draws."""

from __future__ import annotations

import hashlib


def draw_between(least: int, most: int, *purpose: object) -> int:
    """A whole number from `least` to `most`, both included; always the same one for a purpose."""
    if least == most:
        return least
    text = "/".join(map(str, purpose)).encode()
    return least + int.from_bytes(hashlib.blake2b(text, digest_size=16).digest()) % (most - least + 1)
