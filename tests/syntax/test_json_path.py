from __future__ import annotations

from typing import Any

import pytest

from mockserver.syntax import json_path

STORE = {
    "name": "shop",
    "books": [
        {"title": "Emma", "price": 8, "tags": ["classic", "novel"]},
        {"title": "Ulysses", "price": 12.5, "isbn": "x"},
        {"title": "Dune", "price": 9, "isbn": None, "tags": []},
    ],
    "x-team": {"a b": {"é": 1}, "yes": True, "one": 1},
}


def values(query: str, document: Any = STORE) -> list[Any]:
    return [node.value for node in json_path.find(query, document)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("$.name", ["shop"]),
        ("$['name']", ["shop"]),
        ('$["name"]', ["shop"]),
        ("$ .name", ["shop"]),
        ("$.x-team['a b'].é", [1]),
        (r"$['x-team']['\u0061 b']", [{"é": 1}]),
        ("$.absent", []),
        ("$.name.absent", []),
        ("$.books[0].title", ["Emma"]),
        ("$.books[-1].title", ["Dune"]),
        ("$.books[3]", []),
        ("$.books[1:].title", ["Ulysses", "Dune"]),
        ("$.books[::-1].title", ["Dune", "Ulysses", "Emma"]),
        ("$.books[0, 2].title", ["Emma", "Dune"]),
        ("$.books[0, 0].title", ["Emma"]),
        ("$.books.*.title", ["Emma", "Ulysses", "Dune"]),
        ("$..title", ["Emma", "Ulysses", "Dune"]),
        ("$..[0]", [STORE["books"][0], "classic"]),
        ("$..['price', 'isbn']", [8, 12.5, "x", 9, None]),
        ("$.books[?@.price < 10].title", ["Emma", "Dune"]),
        ("$.books[?(@.price >= 9 && @.isbn)].title", ["Ulysses", "Dune"]),
        ("$.books[?@.isbn == null].title", ["Dune"]),
        ("$.books[?!@.isbn].title", ["Emma"]),
        ("$.books[?@.title == 'Emma' || @.price > 12].title", ["Emma", "Ulysses"]),
        ("$.books[?@.tags[?@ == 'novel']].title", ["Emma"]),
        ("$.books[?@.tags].title", ["Emma", "Dune"]),
        ("$.books[?length(@.tags) == 0].title", ["Dune"]),
        ("$.books[?count(@.*) == 3].title", ["Emma", "Ulysses"]),
        ("$.books[?match(@.title, 'U.*')].title", ["Ulysses"]),
        ("$.books[?search(@.title, 'mm')].title", ["Emma"]),
        ("$.books[?value(@..price) == 9].title", ["Dune"]),
        ("$.books[?@.price < $.books[1].price].title", ["Emma", "Dune"]),
        ("$['x-team'][?@ == true]", [True]),
        ("$['x-team'][?@ == 1]", [1]),
        ("$.books[?@.title > 'E'].title", ["Emma", "Ulysses"]),
        ("$.books[?@.price == @.absent].title", []),
        ("$.books[?@.gone == @.absent].title", ["Emma", "Ulysses", "Dune"]),
    ],
)
def test_a_query_selects_values(query: str, expected: list[Any]) -> None:
    assert values(query) == expected


def test_the_document_itself_is_a_node() -> None:
    assert json_path.find("$", 5) == [json_path.PathNode((), 5)]


def test_a_node_knows_what_leads_to_it() -> None:
    assert [node.tokens for node in json_path.find("$..isbn", STORE)] == [("books", 1, "isbn"), ("books", 2, "isbn")]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("name", 'what follows 0 characters, "name", should be $'),
        ("$.", "what follows its end should be a name or *"),
        ("$.books[", "should be a name in quotes, an index, a slice, * or a filter"),
        ("$.books[0", "should be ]"),
        ("$.books[?@.price <]", "should be a query, a literal or a function"),
        ("$.books[?length(@.a, @.b) == 1]", "should follow 1 arguments of length"),
        ("$.name x", 'what follows 7 characters, "x", is not expected here'),
        ("$[?" + "(" * 100 + "@", "is nested more than 50 deep"),
    ],
)
def test_a_malformed_query_is_explained(query: str, message: str) -> None:
    with pytest.raises(json_path.MalformedPath) as caught:
        json_path.find(query, STORE)
    assert message in str(caught.value)
