"""What the behaviours have in common that are about several records: the path and the query select them."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.engine.behaviours.calls import OperationCall
from mockserver.engine.behaviours.implementation import Implementation
from mockserver.engine.state.conditions import Compared, Condition, HasWords, OneOf, comparable, split_words
from mockserver.engine.state.state import State
from mockserver.errors import Violation
from mockserver.refusals import InvalidRequest


class SelectingImplementation(Implementation):
    """An operation about the records that the path and the query select."""

    def conditions(self, state: State, call: OperationCall) -> tuple[Condition, ...]:
        """What the records must meet.

        Raises UnknownRecord for a path that refers to none, and InvalidRequest for what is no instant.
        """
        conditions: list[Condition] = []
        if self._path_fields:
            values = self.path_values(call)
            self.require_references(state, values)
            conditions += [OneOf(field, (value,)) for field, value in values.items()]
        for name in self.behaviour.filters:
            if name in call.query:
                value = call.query[name]
                conditions.append(OneOf(name, tuple(value) if isinstance(value, list) else (value,)))
        conditions += self._comparisons(call)
        return tuple(conditions)

    def _comparisons(self, call: OperationCall) -> Iterator[Condition]:
        """The conditions of the parameters that compare or search. Raises InvalidRequest for what is no instant."""
        for comparison in self.behaviour.selection.comparisons:
            name = comparison.parameter
            if name not in call.query:
                continue
            value = call.query[name]
            if comparison.op == "in" and isinstance(value, str):
                value = value.split(",")
            operands = [
                comparable(item, as_instant=comparison.as_instants)
                for item in (value if isinstance(value, list) else [value])
            ]
            if comparison.as_instants and None in operands:
                message = "must be a date or a date-time (RFC 3339), such as 2026-01-15 or 2026-01-15T09:00:00Z"
                raise InvalidRequest([Violation("query", "", "format", message, name)])
            readable = tuple(operand for operand in operands if operand is not None)
            yield Compared(comparison.field, comparison.op, readable, comparison.as_instants)
        for search in self.behaviour.selection.searches:
            text = call.query.get(search.parameter, "")
            words = split_words(text if isinstance(text, str) else " ".join(str(part) for part in text))
            if words:
                yield HasWords(search.fields, words)
