from __future__ import annotations

from typing import Any

import pytest

from mockserver.syntax import json_pointer

# The document of RFC 6901, section 5, and what its pointers lead to.
DOCUMENT = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6, " ": 7, "m~n": 8}
POINTERS = [
    ("", DOCUMENT), ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/c%d", 2), ("/e^f", 3),
    ("/g|h", 4), ("/i\\j", 5), ('/k"l', 6), ("/ ", 7), ("/m~0n", 8),
]  # fmt: skip


@pytest.mark.parametrize(("pointer", "value"), POINTERS)
def test_a_pointer_is_resolved_as_the_rfc_has_it(pointer: str, value: Any) -> None:
    assert json_pointer.resolve(DOCUMENT, pointer) == value


@pytest.mark.parametrize("pointer", [pointer for pointer, _ in POINTERS])
def test_a_pointer_is_written_from_its_tokens_and_as_a_fragment(pointer: str) -> None:
    assert json_pointer.join(json_pointer.split(pointer)) == pointer
    assert json_pointer.from_fragment(json_pointer.to_fragment(pointer)) == pointer


# Section 4: an index has no sign and no leading zeros; "-" is the item after the last, which does not exist.
@pytest.mark.parametrize("pointer", ["/foo/2", "/foo/-1", "/foo/01", "/foo/-", "/foo/²", "/foo/0/0", "/none", "/a/b"])
def test_a_pointer_to_nothing_raises_lookup_error(pointer: str) -> None:
    with pytest.raises(LookupError):
        json_pointer.resolve(DOCUMENT, pointer)


def test_an_escaped_tilde_before_a_digit_stays_a_tilde() -> None:
    assert json_pointer.split("/~01") == ["~1"]
    assert json_pointer.append("/a", "~1", 0) == "/a/~01/0"
