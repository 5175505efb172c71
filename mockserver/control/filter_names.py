"""Names that the query filters by: one that the contract does not have would never match, and is a mistake."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import islice
from typing import Any

from mockserver.errors import Violation, unknown_name
from mockserver.refusals import InvalidRequest

# The unknown names that are explained.
EXPLAINED_LIMIT = 20


def check(query: Mapping[str, Any], declared: Mapping[str, Collection[str]]) -> None:
    """Refuse names that the contract does not have. `declared` has those that it has, by query parameter.

    Raises InvalidRequest.
    """
    unknown = (
        (parameter, name)
        for parameter, names in declared.items()
        for name in dict.fromkeys(query.get(parameter, ()))
        if name not in names
    )
    violations = [
        Violation("query", "", parameter, unknown_name(parameter, name, declared[parameter]), parameter)
        for parameter, name in islice(unknown, EXPLAINED_LIMIT)
    ]
    if violations:
        raise InvalidRequest(violations)
