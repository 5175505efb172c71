"""The operations of `resources.yaml`, carried out on a run. Knows operations and values, never paths or statuses."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.contract.model import Contract
from mockserver.engine.behaviours.bulk import CreateRecords, DeleteRecords, ReplaceRecords
from mockserver.engine.behaviours.calls import OperationCall, OperationResult
from mockserver.engine.behaviours.implementation import Implementation
from mockserver.engine.behaviours.items import AddItem, ClearItems, ReadItem, RemoveItem, ReplaceItem, UpdateItem
from mockserver.engine.behaviours.listing import CountRecords, ListRecords
from mockserver.engine.behaviours.records import (
    CreateRecord,
    DeleteRecord,
    FireTransition,
    ReadRecord,
    ReplaceRecord,
    UpdateRecord,
)
from mockserver.engine.behaviours.streaming import StreamRecords
from mockserver.engine.run import Run
from mockserver.openapi.model import Operation

IMPLEMENTATIONS: Mapping[str, type[Implementation]] = {
    "list": ListRecords,
    "read": ReadRecord,
    "create": CreateRecord,
    "replace": ReplaceRecord,
    "update": UpdateRecord,
    "delete": DeleteRecord,
    "transition": FireTransition,
    "stream": StreamRecords,
    "count": CountRecords,
    "create_all": CreateRecords,
    "replace_all": ReplaceRecords,
    "delete_all": DeleteRecords,
    "read_item": ReadItem,
    "add_item": AddItem,
    "update_item": UpdateItem,
    "replace_item": ReplaceItem,
    "remove_item": RemoveItem,
    "clear_items": ClearItems,
}


class Behaviours:
    """The behaviours of a contract's operations. What follows from the contract alone is computed once for each."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._implementations: dict[str, Implementation] = {}

    def perform(self, run: Run, operation: Operation, call: OperationCall) -> OperationResult:
        """Carry out an operation that has a behaviour. Raises a Refusal, and then nothing has changed."""
        implementation = self._implementations.get(operation.id)
        if implementation is None:
            behaviour = self._contract.behaviours[operation.id]
            implementation = IMPLEMENTATIONS[behaviour.kind](self._contract, operation, behaviour)
            self._implementations[operation.id] = implementation
        return implementation.perform(run, call)
