"""The behaviours of the items of a list that a record holds, such as the lines of a cart."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from mockserver.contract.behaviour import Behaviour
from mockserver.contract.model import Contract, Record
from mockserver.engine.behaviours.calls import OperationCall, OperationResult
from mockserver.engine.behaviours.implementation import Implementation
from mockserver.engine.behaviours.server_fields import ServerFields, body_defaults, in_schema_order
from mockserver.engine.commands import Command, Put
from mockserver.engine.run import Run
from mockserver.engine.seeding.key_generator import make_uuid
from mockserver.engine.seeding.record_generator import record_generator
from mockserver.engine.state.state import State
from mockserver.errors import CannotGenerate, Violation
from mockserver.generate.totals import PRICES
from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import Operation
from mockserver.refusals import InvalidRecord, UnknownRecord
from mockserver.schemas.shapes import Shape
from mockserver.schemas.write_only import without_write_only
from mockserver.syntax import words

if TYPE_CHECKING:
    from mockserver.generate import Generator


class ItemEdit(Struct, frozen=True):
    """A change of a list that a request makes, at an instant: its items are changed in place."""

    items: list[Any]
    call: OperationCall
    state: State
    at: int


class ItemImplementation(Implementation):
    """An operation about one item of a record's list, or about all of them."""

    def __init__(self, contract: Contract, operation: Operation, behaviour: Behaviour) -> None:
        super().__init__(contract, operation, behaviour)
        self.member = behaviour.member or ""
        self.items_shape = self.resource.shape.member(self.member).items
        media = json_media_type(operation.body)
        body = media.shape if media is not None else Shape()
        self.body_shape = body if behaviour.body_member is None else body.member(behaviour.body_member)
        self.respelled = words.find_respelled(self.body_shape.names, set(self.items_shape.names))
        self._server_fields = ServerFields(contract, self.resource)
        self.defaults = dict(body_defaults(self.body_shape, self.body_shape.names & self.items_shape.names))

    @abstractmethod
    def change(self, edit: ItemEdit) -> int | None:
        """Change the items, in place; the position of the item to return. Raises UnknownRecord."""

    def perform(self, run: Run, call: OperationCall) -> OperationResult:
        """Change the items and return what the operation declares. Raises UnknownRecord and InvalidRecord."""
        resource, key, position = self.resource, self.key(call), list[int | None]()

        def make_command(state: State, at: int) -> Command:
            before = self.find_record(run, state, call)
            items = [*(before.get(self.member) or ())]
            position[:] = [self.change(ItemEdit(items, call, state, at))]
            seed = f"{self.seed(run)}/{key}/{len(items)}/{at}"
            record = self._complete({**before, self.member: items}, position[0], seed)
            record = self._server_fields.with_update_time(record, before, at)
            return Put(resource.name, key, in_schema_order(resource, record), at, touch=True, partial=True)

        state = run.submit(make_command)
        return self.result(run, state, state.record(resource.name, key), position[0])

    def result(self, run: Run, state: State, record: Record, position: int | None) -> OperationResult:
        """What is returned of a record: an item of the list, the list, or the record itself."""
        items = record.get(self.member) or []
        if self.resource.nests_write_only:
            items = without_write_only(items, self.resource.shape.member(self.member))
        item = items[position] if position is not None else None
        shown = {"item": item, "member": items}
        if self.behaviour.returns in shown:
            return OperationResult(self.show(run, shown[self.behaviour.returns]))
        return OperationResult(self.present(run, state, record))

    def find(self, edit: ItemEdit) -> int:
        """The position of the item that the path names. Raises UnknownRecord."""
        value, by = edit.call.path[self.operation.path_names[-1]], self.behaviour.by
        for position, item in enumerate(edit.items):
            if by and not isinstance(item, dict):
                continue
            item_value = item.get(by) if by else item
            # In a path, everything is written as text.
            if str(item_value) == str(value):
                return position
        raise UnknownRecord(f"{self.resource.name}.{self.member}", value)

    def members(self, call: OperationCall) -> dict[str, Any]:
        """The members of the body that items can have. Raises InvalidRecord if it is not an object."""
        body, name = call.body, self.behaviour.body_member
        if name is not None and isinstance(body, dict):
            body = body.get(name)
        if not isinstance(body, dict | None):
            raise InvalidRecord(self.resource.name, [Violation("body", "", "type", "the body must be an object")])
        named = {self.respelled.get(sent, sent): value for sent, value in (body or {}).items()}
        return {name: value for name, value in named.items() if name in self.items_shape.names}

    def _complete(self, record: dict[str, Any], position: int | None, seed: str) -> dict[str, Any]:
        """The record with what the item has to have, and with the counts and amounts that follow from its items."""
        generator = record_generator(self.contract, self.resource, seed, {})
        hidden = {name: value for name, value in record.items() if name in self.resource.hidden}
        visible = dict(self.resource.visible(record))
        try:
            completed: dict[str, Any] = generator.repair(self.resource.schema, visible)
            self._add_up(generator, completed, position)
        except CannotGenerate:
            return record
        return {**completed, **hidden}

    def _add_up(self, generator: Generator, record: dict[str, Any], position: int | None) -> None:
        nodes = [node for node in self.items_shape.unconditional() if "properties" in node.value]
        items = record.get(self.member) or []
        if nodes and position is not None and isinstance(items[position], dict):
            generator.add_up(nodes[0], items[position], ())
        generator.add_up(self.resource.schema, record, ())


class ReadItem(ItemImplementation):
    """Returns an item."""

    def perform(self, run: Run, call: OperationCall) -> OperationResult:
        """Return the item. Raises UnknownRecord."""
        state = run.state
        record = self.find_record(run, state, call)
        edit = ItemEdit([*(record.get(self.member) or ())], call, state, state.latest)
        return self.result(run, state, record, self.change(edit))

    def change(self, edit: ItemEdit) -> int:
        """The position of the item, which stays as it is. Raises UnknownRecord."""
        return self.find(edit)


class AddItem(ItemImplementation):
    """Adds an item to the end of the list."""

    def __init__(self, contract: Contract, operation: Operation, behaviour: Behaviour) -> None:
        super().__init__(contract, operation, behaviour)
        names = self.items_shape.names
        self._prices = [name for name in sorted(names) if words.normalize(name) in PRICES]

    def change(self, edit: ItemEdit) -> int:
        """Add an item of the members of the body, with a key, and with what the records have that it refers to."""
        by, members = self.behaviour.by, {**self.defaults, **self.members(edit.call)}
        if by and by not in members:
            members = {by: self._next_key(edit, by), **members}
        for name, target in self.behaviour.copied.items():
            row = edit.state.tables[target].get(members.get(name))
            members = {**self._shared(target, row.record), **members} if row is not None else members
        # Without a price, an item would count for nothing; what is not a number is generated again.
        unknown = [name for name in self._prices if name not in members and self._is_number(name)]
        in_order = sorted({*members, *unknown}, key=self._position)
        edit.items.append({name: members.get(name, "") for name in in_order})
        return len(edit.items) - 1

    def _shared(self, target: str, record: Record) -> dict[str, Any]:
        """What an item has of a record: the members that both have, its price, and the record itself."""
        shown, names = dict(self.contract.resources[target].visible(record)), self.items_shape.names
        price = next((value for name, value in shown.items() if words.normalize(name) in PRICES), None)
        values = {name: shown for name in names if words.normalize(name) in words.singular_forms(target)}
        values |= {name: price for name in self._prices if price is not None}
        values |= {name: value for name, value in shown.items() if name in names and name != self.behaviour.by}
        return {name: value for name, value in values.items() if self._is_valid(name, value)}

    def _is_valid(self, name: str, value: Any) -> bool:
        schemas = self.resource.validator.schemas
        return all(schemas.validator(node).is_valid(value) for node in self.items_shape.member(name).unconditional())

    def _is_number(self, name: str) -> bool:
        types = self.items_shape.member(name).types
        return bool(types & {"integer", "number"}) and "string" not in types

    def _position(self, name: str) -> int:
        return self.items_shape.ordered_names.index(name)

    def _next_key(self, edit: ItemEdit, by: str) -> Any:
        keys = [item.get(by) for item in edit.items if isinstance(item, dict)]
        shape = self.items_shape.member(by)
        if "string" not in shape.types:
            return max((key for key in keys if isinstance(key, int)), default=0) + 1
        if any(schema.value.get("format") == "uuid" for schema, _ in shape.schemas()):
            return make_uuid(f"{self.resource.name}/{self.member}/{keys}/{edit.at}")
        prefix = words.singular_forms(self.member)[-1]
        return next(key for number in range(1, len(keys) + 2) if (key := f"{prefix}-{number}") not in keys)


class UpdateItem(ItemImplementation):
    """Changes the members of an item that the body has."""

    def change(self, edit: ItemEdit) -> int:
        """Change the item. Raises UnknownRecord."""
        position = self.find(edit)
        edit.items[position] = {**edit.items[position], **self.members(edit.call)}
        return position


class ReplaceItem(ItemImplementation):
    """Replaces what the body declares of an item; an item that is not an object is added if it is not there."""

    def change(self, edit: ItemEdit) -> int:
        """Replace the item. Raises UnknownRecord."""
        by = self.behaviour.by
        if not by:
            value = edit.call.path[self.operation.path_names[-1]]
            if value not in edit.items:
                edit.items.append(value)
            return edit.items.index(value)
        position, members = self.find(edit), {**self.defaults, **self.members(edit.call)}
        replaced = {self.respelled.get(name, name) for name in self.body_shape.names} - {by, *members}
        item = edit.items[position]
        kept = {name: value for name, value in item.items() if name not in replaced}
        edit.items[position] = {**kept, **members, by: item[by]}
        return position


class RemoveItem(ItemImplementation):
    """Removes an item from the list."""

    def change(self, edit: ItemEdit) -> None:
        """Remove the item. Raises UnknownRecord."""
        del edit.items[self.find(edit)]


class ClearItems(ItemImplementation):
    """Removes all items from the list."""

    def change(self, edit: ItemEdit) -> None:
        """Remove the items."""
        edit.items.clear()
