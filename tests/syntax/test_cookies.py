from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.syntax.http.cookies import split_cookies


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("a=1; b=2", [("a", "1"), ("b", "2")]),
        ("a=1;b=2;;  ; c=3;", [("a", "1"), ("b", "2"), ("c", "3")]),
        ("a = 1 \t; b=\t2", [("a", "1"), ("b", "2")]),
        ("a=1; a=2", [("a", "1"), ("a", "2")]),
        ("a=; b==x==", [("a", ""), ("b", "=x==")]),
        ("name=Ada Lovelace; b=2", [("name", "Ada Lovelace"), ("b", "2")]),
        ("a=x, b=y", [("a", "x, b=y")]),
        ('prefs={"theme": "dark", "size": 2}; b=2', [("prefs", '{"theme": "dark", "size": 2}'), ("b", "2")]),
        ('a=x"y"; b="', [("a", 'x"y"'), ("b", '"')]),
        ('a="x y"; b=""', [("a", "x y"), ("b", "")]),
        (r'a="x\054y\"\303\253"', [("a", 'x,y"ë')]),
        (r"a=x\054y", [("a", r"x\054y")]),
        ('a="x;y"', [("a", '"x')]),
        ("nameless; =1; b=2", [("b", "2")]),
        ("name=ZoÃ«; Ã«=1", [("name", "Zoë"), ("ë", "1")]),
        ("name=Zo\xeb", [("name", "Zoë")]),
        ("", []),
    ],
)
def test_a_header_is_read_as_clients_write_it(header: str, expected: list[tuple[str, str]]) -> None:
    assert split_cookies(header) == expected


@given(st.text(st.characters(max_codepoint=255)))
def test_every_header_is_read(header: str) -> None:
    assert all(name and ";" not in name for name, _ in split_cookies(header))
