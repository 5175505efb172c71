"""What the behaviours have in common that are about several records: the path and the query select them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver.contract.behaviour import Behaviour
from mockserver.contract.model import Contract
from mockserver.contract.records import fit_key
from mockserver.contract.selecting_parameters import selecting_parameters, wildcards_of
from mockserver.engine.behaviours.calls import OperationCall
from mockserver.engine.behaviours.implementation import Implementation
from mockserver.engine.state.row_conditions import Compared, Condition, HasWords, OneOf, comparable, split_words
from mockserver.engine.state.state import State
from mockserver.errors import Violation
from mockserver.openapi.model import Operation
from mockserver.refusals import InvalidRequest
from mockserver.schemas.member_shapes import member_shape
from mockserver.syntax.member_path import MemberPath

INTEGER = frozenset({"integer"})


class SelectingImplementation(Implementation):
    """An operation about the records that the path and the query select."""

    def __init__(self, contract: Contract, operation: Operation, behaviour: Behaviour) -> None:
        super().__init__(contract, operation, behaviour)
        paths: dict[str, MemberPath] = {name: (name,) for name in behaviour.filters}
        paths |= {comparison.parameter: comparison.field for comparison in behaviour.selection.comparisons}
        # The values of parameters that select all records.
        self._wildcards = {
            name: wildcards_of(parameter.notation.shape, member_shape(self.resource.shape, paths[name]))
            for name, parameter in selecting_parameters(operation).items()
            if name in paths
        }

    def conditions(self, state: State, call: OperationCall) -> tuple[Condition, ...]:
        """What the records must meet.

        Raises UnknownRecord for a path that refers to none, and InvalidRequest for what is not an instant.
        """
        conditions: list[Condition] = []
        if self._path_fields:
            values = self.path_values(call)
            self.require_references(state, values)
            conditions += [OneOf(field, (value,)) for field, value in values.items()]
        for name in self.behaviour.filters:
            if name in call.query and not self._is_wildcard(name, call.query[name]):
                conditions.append(OneOf.of(name, call.query[name]))
        conditions += self._comparisons(call)
        return tuple(conditions)

    def _is_wildcard(self, name: str, value: Any) -> bool:
        wildcards = self._wildcards.get(name, frozenset())
        return bool(wildcards) and not wildcards.isdisjoint(map(str, value if isinstance(value, list) else [value]))

    def _comparisons(self, call: OperationCall) -> Iterator[Condition]:
        """The conditions of the parameters that compare or search. Raises InvalidRequest for what is not an instant."""
        for comparison in self.behaviour.selection.comparisons:
            name = comparison.parameter
            if name not in call.query or self._is_wildcard(name, call.query[name]):
                continue
            value = call.query[name]
            if comparison.op == "in" and isinstance(value, str):
                value = value.split(",")
            if comparison.as_numbers:
                value = [fit_key(INTEGER, item) for item in value]
            operands = [
                comparable(item, as_instant=comparison.as_instants)
                for item in (value if isinstance(value, list) else [value])
            ]
            if comparison.as_instants and None in operands:
                message = "must be a date or a date-time (RFC 3339), such as 2026-01-15 or 2026-01-15T09:00:00Z"
                raise InvalidRequest([Violation("query", "", "format", message, name)])
            readable = [operand for operand in operands if operand is not None]
            yield Compared.of(comparison.field, comparison.op, readable, comparison.as_instants)
        for search in self.behaviour.selection.searches:
            text = call.query.get(search.parameter, "")
            words = split_words(text if isinstance(text, str) else " ".join(str(part) for part in text))
            if words:
                yield HasWords(search.fields, words)
