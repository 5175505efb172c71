"""How a list is selected and paged beyond equal fields: comparisons, searches and cursors of `resources.yaml`."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from mockserver.syntax.member_path import MemberPath

Operator = Literal["eq", "ne", "gt", "gte", "lt", "lte", "in", "prefix"]
OPERATORS: tuple[Operator, ...] = ("eq", "ne", "gt", "gte", "lt", "lte", "in", "prefix")
# Those that compare with one value; an array parameter gives several.
ORDERING: tuple[Operator, ...] = ("gt", "gte", "lt", "lte")


class Comparison(Struct, frozen=True):
    """A query parameter that selects the records whose field compares with its value as `op` says.

    With `as_instants`, both sides are dates or date-times, whatever their notation. With `as_numbers`, the parameter is
    a text that lists integers.
    """

    parameter: str
    field: MemberPath
    op: Operator
    as_instants: bool = False
    as_numbers: bool = False


class Search(Struct, frozen=True):
    """A query parameter whose words are looked for in the text of some fields."""

    parameter: str
    fields: tuple[MemberPath, ...]


class CursorPaging(Struct, frozen=True):
    """The query parameters and members of the envelope that page a list by cursor.

    With a member `next`, cursors are opaque. Without one, the cursor is the key of the last record of a page, and in
    the parameter `before` that of the first. `more` is the member that says whether there are further records.
    """

    parameter: str | None = None
    before: str | None = None
    next: MemberPath | None = None
    more: MemberPath | None = None

    @property
    def by_key(self) -> bool:
        """Whether a cursor is a record's key."""
        return self.next is None


class ListSelection(Struct, frozen=True):
    """What selects and pages the records of a list; empty where `resources.yaml` has nothing of the kind."""

    comparisons: tuple[Comparison, ...] = ()
    searches: tuple[Search, ...] = ()
    cursor: CursorPaging | None = None

    @property
    def parameters(self) -> frozenset[str]:
        """The query parameters that compare and search."""
        compared = [comparison.parameter for comparison in self.comparisons]
        return frozenset([*compared, *(search.parameter for search in self.searches)])
