"""The records that recorded responses show: as they were before any write, and as they were last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from mockserver.contract.behaviour import Behaviour
from mockserver.contract.model import SINGLE_KEY, Contract, Record, Resource
from mockserver.contract.records import fit_key, record_key, split_key, validate_record, with_plain_keys
from mockserver.engine.behaviours.server_fields import in_schema_order
from mockserver.recorder.steps import Step
from mockserver.schemas.shapes import Shape
from mockserver.syntax.member_path import member_at
from mockserver.syntax.merge_patch import merge_patch
from mockserver.syntax.redaction import REDACTED

Key = str | int
Tables = dict[str, list[dict[str, Any]]]


class ObservedRecord(Struct):
    """A record of one key: `first` before any write to it, None if it was created; `last` None if it was deleted.

    `position` is where lists had it. `pending` is the step of a write whose result has not been seen yet. `is_written`
    says that it was changed, `written_before` that this was before it was read.
    """

    first: dict[str, Any] | None = None
    last: dict[str, Any] | None = None
    position: tuple[int, int] = (2, 0)
    pending: int | None = None
    is_written: bool = False
    written_before: bool = False


class ObservedRecords(Struct):
    """Collects the records of a contract's resources from the steps of a recording, in their order.

    `results` are the records that steps which write had as their result, by the numbers of the steps. `lists` are the
    rows of each list that the client did not sort itself, by resource. `last_write` is the number of the last step that
    changed a record.
    """

    contract: Contract
    records: dict[str, dict[Key, ObservedRecord]] = field(default_factory=dict)
    results: dict[int, dict[str, Any]] = field(default_factory=dict)
    lists: dict[str, list[list[dict[str, Any]]]] = field(default_factory=dict)
    last_write: int = -1
    _creations: dict[str, list[tuple[int, dict[str, Any]]]] = field(default_factory=dict)

    def add(self, step: Step) -> None:
        """Note what a step shows and changes."""
        behaviour = self.contract.behaviours.get(step.operation.id)
        if behaviour is None or not step.succeeded:
            return
        resource = self.contract.resources[behaviour.resource]
        if not resource.key:
            return
        if behaviour.kind in WRITING_ALL or (behaviour.member is not None and behaviour.kind != "read"):
            self.last_write = step.number
        elif behaviour.kind in _ACTIONS and behaviour.member is None:
            _ACTIONS[behaviour.kind](self, resource, behaviour, step)

    def baseline(self) -> Tables:
        """The records before any write, in the order of lists; those that the contract cannot hold are left out."""
        return self._valid_tables({
            name: [record.first for record in self._in_order(name) if record.first is not None]
            for name in self.contract.resources
        })  # fmt: skip

    def end(self) -> Tables:
        """The records as they were last."""
        return self._valid_tables({
            name: [record.last for record in self._in_order(name) if record.last is not None]
            for name in self.contract.resources
        })  # fmt: skip

    def written_before_read(self) -> dict[str, list[Key]]:
        """The keys of the records that were changed before they were read, by resource."""
        keys = {
            name: [key for key, record in records.items() if record.written_before]
            for name, records in self.records.items()
        }
        return {name: listed for name, listed in keys.items() if listed}

    def arrival(self, name: str) -> dict[Key, int]:
        """The order in which the records of a resource were there: at first, as lists show them, then by creation."""
        records = self.records.get(name, {})
        ordered = sorted(records, key=lambda key: (records[key].first is None, records[key].position))
        return {key: number for number, key in enumerate(ordered)}

    def _in_order(self, name: str) -> list[ObservedRecord]:
        return sorted(self.records.get(name, {}).values(), key=lambda record: record.position)

    def _valid_tables(self, tables: Tables) -> Tables:
        """The records that are valid, and whose references are, too."""
        resources = self.contract.resources
        while True:
            keys = {name: {row[resources[name].key] for row in rows} for name, rows in tables.items() if rows}

            def exists(target: str, key: Any, keys: Mapping[str, set[Any]] = keys) -> bool:
                return key in keys.get(target, ())

            valid = {
                name: [row for row in rows if not validate_record(resources[name], row, exists)]
                for name, rows in tables.items()
            }
            if valid == tables:
                return {
                    name: [dict(in_schema_order(resources[name], row)) for row in rows] for name, rows in tables.items()
                }
            tables = valid

    def _list(self, resource: Resource, behaviour: Behaviour, step: Step) -> None:
        rows = member_at(step.value, behaviour.items)
        is_sorted = behaviour.sort is not None and behaviour.sort in step.call.query
        if isinstance(rows, list) and not is_sorted and behaviour.shown is None:
            completed = [_complete(resource, behaviour, step, row) if resource.joined else row for row in rows]
            self.lists.setdefault(resource.name, []).append([row for row in completed if isinstance(row, dict)])
        for number, row in enumerate(rows if isinstance(rows, list) else ()):
            key = self._note_record(resource, behaviour, step, row, is_whole=False)
            if key is not None:
                record = self.records[resource.name][key]
                if record.first is not None:
                    record.position = min(record.position, (1, step.number * 1_000_000 + number))

    def _read(self, resource: Resource, behaviour: Behaviour, step: Step) -> None:
        self._note_record(resource, behaviour, step, _item(behaviour, step), is_whole=True)

    def _create(self, resource: Resource, behaviour: Behaviour, step: Step) -> None:
        self.last_write = step.number
        record = _complete(resource, behaviour, step, _item(behaviour, step))
        key = record_key(record.get(resource.key)) if record is not None else None
        members = _body(behaviour, step)
        if key is None:
            location = next((values[0] for name, values in step.headers.items() if name.lower() == "location"), None)
            if location is None:
                self._creations.setdefault(resource.name, []).append((step.number, members))
                return
            local_key = _key_of_text(resource, location.partition("?")[0].rstrip("/").rpartition("/")[2])
            path = _path_fields(resource, behaviour, step)
            last = dict(with_plain_keys(resource, {**path, **members, resource.local_key: local_key}))
            key = record_key(last.get(resource.key))
            if key is None:
                return
            self._put(resource, key, ObservedRecord(None, last, (2, step.number), step.number))
            return
        if key == REDACTED or record is None:
            return
        self.results[step.number] = record
        existing = self.records.get(resource.name, {}).get(key)
        self._put(resource, key, ObservedRecord(existing.first if existing else None, record, (2, step.number)))

    def _write(self, resource: Resource, behaviour: Behaviour, step: Step) -> None:
        self.last_write = step.number
        key = self._path_key(resource, behaviour, step)
        if key is None:
            return
        records = self.records.setdefault(resource.name, {})
        existing = records.get(key)
        record = _complete(resource, behaviour, step, _item(behaviour, step))
        if record is not None and record_key(record.get(resource.key)) == key:
            self.results[step.number] = record
            if existing is None:
                if step.status == 201:
                    # It may not have existed before; what creates it is not known to the contract.
                    return
                records[key] = ObservedRecord(record, record, (2, step.number), is_written=True, written_before=True)
            else:
                existing.last, existing.pending, existing.is_written = record, None, True
        elif existing is not None and existing.last is not None:
            members = _body(behaviour, step)
            is_whole = behaviour.kind == "replace"
            whole = {**members, **split_key(resource, key), resource.key: key}
            existing.last = whole if is_whole else merge_patch(existing.last, members)
            existing.pending, existing.is_written = step.number, True
        elif existing is None and resource.is_set:
            member = {**_path_fields(resource, behaviour, step), **split_key(resource, key), resource.key: key}
            records[key] = ObservedRecord(None, member, (2, step.number), is_written=True)
        elif existing is None:
            records[key] = ObservedRecord(
                None, None, (2, step.number), step.number, is_written=True, written_before=True
            )

    def _delete(self, resource: Resource, behaviour: Behaviour, step: Step) -> None:
        self.last_write = step.number
        key = self._path_key(resource, behaviour, step)
        existing = self.records.get(resource.name, {}).get(key) if key is not None else None
        record = _complete(resource, behaviour, step, _item(behaviour, step))
        if existing is not None:
            existing.last, existing.pending = None, None
        elif key is not None and record is not None and record_key(record.get(resource.key)) == key:
            self._put(resource, key, ObservedRecord(record, None, (2, step.number)))

    def _note_record(
        self, resource: Resource, behaviour: Behaviour, step: Step, row: Any, *, is_whole: bool
    ) -> Key | None:
        """Note a record that a response shows; `is_whole` if no other response shows more members. Its key."""
        if behaviour.shown is not None and isinstance(row, dict):
            target = self.contract.resources[resource.references[behaviour.shown]]
            self._note(target, step, dict(with_plain_keys(target, row)), is_whole=False)
            row = {behaviour.shown: row.get(target.key)}
        return self._note(resource, step, _complete(resource, behaviour, step, row), is_whole=is_whole)

    def _note(self, resource: Resource, step: Step, record: dict[str, Any] | None, *, is_whole: bool) -> Key | None:
        key = record_key(record.get(resource.key)) if record is not None else None
        if record is None or key is None or key == REDACTED:
            return None
        seen = self.records.setdefault(resource.name, {}).get(key)
        if seen is None:
            creation = self._take_creation(resource, record)
            if creation is not None:
                self.results[creation] = record
            self._put(resource, key, ObservedRecord(record if creation is None else None, record, (2, step.number)))
            return key
        if seen.pending is None and _differs(seen.last, record):
            # Something that the contract does not know has changed it since.
            self.last_write = max(self.last_write, step.number - 1)
        if seen.pending is not None:
            self.results[seen.pending] = {**(seen.last or {}), **record}
            seen.pending = None
            if seen.written_before and seen.first is None:
                seen.first = record
        elif seen.first is not None and not seen.is_written:
            seen.first = {**record, **seen.first}
        seen.last = record if is_whole else {**(seen.last or {}), **record}
        return key

    def _take_creation(self, resource: Resource, record: Record) -> int | None:
        """The step that created a record without saying its key: the first whose body has the record's values."""
        waiting = self._creations.get(resource.name, [])
        for index, (number, members) in enumerate(waiting):
            common = members.keys() & record.keys()
            if common and all(record[name] == members[name] for name in common):
                del waiting[index]
                return number
        return None

    def _path_key(self, resource: Resource, behaviour: Behaviour, step: Step) -> Key | None:
        value = _parameter_key(resource, behaviour, step)
        key = record_key(_body(behaviour, step).get(resource.local_key) if value is None else value)
        if key is None or key == REDACTED:
            return None
        path = _path_fields(resource, behaviour, step) if resource.unique_within else {}
        return record_key(with_plain_keys(resource, {**path, resource.local_key: key}).get(resource.key))

    def _put(self, resource: Resource, key: Key, record: ObservedRecord) -> None:
        self.records.setdefault(resource.name, {})[key] = record


# What these change is not followed: the responses are recorded as they are.
WRITING_ALL = ("create_all", "replace_all", "delete_all")
_ACTIONS: Mapping[str, Any] = {
    "list": ObservedRecords._list,
    "read": ObservedRecords._read,
    "create": ObservedRecords._create,
    "replace": ObservedRecords._write,
    "update": ObservedRecords._write,
    "transition": ObservedRecords._write,
    "delete": ObservedRecords._delete,
}


def _differs(before: Record | None, record: Record) -> bool:
    """Whether a record has another value of a member than it was known to have."""
    return before is not None and any(before[name] != record[name] for name in before.keys() & record.keys())


def _item(behaviour: Behaviour, step: Step) -> Any:
    """The record in the response's body, out of its envelope."""
    return member_at(step.value, behaviour.item)


def _body(behaviour: Behaviour, step: Step) -> dict[str, Any]:
    """The members of the record in the request's body."""
    body = member_at(step.call.body, () if behaviour.body_member is None else (behaviour.body_member,))
    return body if isinstance(body, dict) else {}


def _path_fields(resource: Resource, behaviour: Behaviour, step: Step) -> dict[str, Any]:
    """The fields of a record that its path gives values for, without the key."""
    names, path = step.operation.path_names, step.call.path
    key = behaviour.key_parameter(names)
    fields = {name: behaviour.field_of(name) for name in names if name != key and name in path}
    return {field: fit_key(resource.fields.get(field, frozenset()), path[name]) for name, field in fields.items()}


def _complete(resource: Resource, behaviour: Behaviour, step: Step, row: Any) -> dict[str, Any] | None:
    """A record of a response with what its path says of it; None if it is not an object."""
    if not isinstance(row, dict):
        return None
    key = {resource.key: _parameter_key(resource, behaviour, step)} if resource.single else {}
    return dict(with_plain_keys(resource, {**row, **_path_fields(resource, behaviour, step), **key}))


def _parameter_key(resource: Resource, behaviour: Behaviour, step: Step) -> Any:
    """The key of the record that an operation is about by its path; None if the path does not say it."""
    parameter = behaviour.key_parameter(step.operation.path_names)
    if parameter is None:
        return SINGLE_KEY if resource.single else None
    return fit_key(resource.fields.get(resource.local_key, frozenset()), step.call.path.get(parameter))


def _key_of_text(resource: Resource, text: str) -> Key:
    shape: Shape = resource.shape.member(resource.local_key)
    return int(text) if text.isdecimal() and "string" not in shape.types else text
