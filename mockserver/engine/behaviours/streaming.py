"""The behaviour `stream`: the events of the records that the path and the query select."""

from __future__ import annotations

from msgspec import Struct

from mockserver.contract.model import Record, Resource
from mockserver.engine.behaviours.calls import OperationCall, OperationResult
from mockserver.engine.behaviours.selecting import SelectingImplementation
from mockserver.engine.events.feed import Event
from mockserver.engine.run import Run
from mockserver.engine.state.presentation import with_derived_fields
from mockserver.engine.state.row_conditions import Condition, members_read
from mockserver.refusals import UnknownRecord


class EventSelection(Struct, frozen=True):
    """The events of a resource's records that meet the conditions before or after the change."""

    resource: Resource
    conditions: tuple[Condition, ...] = ()

    def selects(self, event: Event) -> bool:
        """Whether the event is one of them."""
        change = event.change
        if change.resource != self.resource.name:
            return False
        if not self.conditions:
            return True
        records = (change.record,) if change.before is None else (change.record, change.before)
        return any(self._meets(event, record) for record in records)

    def shown(self, event: Event) -> Record:
        """The record of an event as clients see it. Raises HandlerFailed and HandlerTimeout."""
        return self.resource.shown(self._with_derived(event, event.change.record))

    def _meets(self, event: Event, record: Record) -> bool:
        derived = {field.name for field in self.resource.derived_fields}
        if not derived.isdisjoint(members_read(self.conditions)):
            record = self._with_derived(event, record)
        return all(condition.matches(record) for condition in self.conditions)

    def _with_derived(self, event: Event, record: Record) -> Record:
        return record if event.state is None else with_derived_fields(event.state, self.resource, record)


class StreamRecords(SelectingImplementation):
    """Selects the events that a stream sends."""

    def perform(self, run: Run, call: OperationCall) -> OperationResult:
        """An EventSelection. Raises as `conditions` does, and UnknownRecord for the key of a record that is unknown."""
        state, conditions = run.state, self.conditions(run.state, call)
        for field, key in self.path_values(call).items():
            if field == self.resource.key and not state.has_record(self.resource.name, key):
                raise UnknownRecord(self.resource.name, key)
        return OperationResult(EventSelection(self.resource, conditions))
