"""Reads one scenario file: its records over the fixtures, its clock, progress rules, responses and commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from msgspec import Struct

from mockserver.contract import formats
from mockserver.contract.lifecycle import Lifecycle
from mockserver.contract.model import ClockPlan, Dataset, Override, Record, Resource, Rule, Scenario
from mockserver.contract.overrides import read_override
from mockserver.contract.records import (
    latest_stamp,
    record_key,
    shift_stamps,
    validate_record,
    with_plain_keys,
)
from mockserver.documents.source import Report, Source
from mockserver.errors import did_you_mean, quote, unknown_name
from mockserver.openapi.model import Operation, unknown_operation
from mockserver.syntax import json_pointer
from mockserver.syntax.instants import format_instant, parse_duration, parse_instant

DEFAULT_START = parse_instant("2026-01-01T00:00:00Z")
# In place of a duration that cannot be read, in milliseconds.
FALLBACK_DURATION = 1_000


class ScenarioReader(Struct):
    """Reads the file `source`; mistakes go to `report`."""

    source: Source
    datasets: Mapping[str, Dataset]
    resources: Mapping[str, Resource]
    operations: Mapping[str, Operation]
    report: Report

    def read(self, name: str) -> Scenario | None:
        """The scenario, or None if the file does not have the form of one."""
        valid = formats.validate("scenario", self.source, self.report)
        if valid is None:
            return None
        written, data = self.source.data, valid
        if "fixtures" not in data and get_close_matches("fixtures", written.keys() - data.keys()):
            # Without their misspelt fixtures, the records are not whole.
            data = {name: value for name, value in data.items() if name != "records"}
        dataset = self._find_dataset(data.get("fixtures"))
        generate = self._read_generate(data.get("generate", {}))
        clock = data.get("clock", {})
        records, put_keys = self._merge_records(data.get("records", {}), dataset, set(generate))
        if clock.get("start") == "now":
            self._check_floating(data, clock)
        elif clock.get("move_fixtures"):
            records = self._move_to_start(records, clock)
        plan = self._read_clock(clock, records)
        return Scenario(
            name=name,
            summary=data.get("summary", ""),
            clock=plan,
            seed=int(data.get("seed", 0)),
            records=records,
            put_keys=put_keys,
            generate=generate,
            progress=self._read_progress(data.get("progress", {})),
            responses=self._read_responses(written.get("responses", ())),
            commands=self._read_commands(data.get("commands", ()), plan),
            data=data,
            source=self.source,
        )

    def _read_generate(self, entries: Mapping[str, Any]) -> dict[str, int]:
        for name in entries:
            pointer = json_pointer.append("/generate", name)
            if self._check_resource(pointer, name) and not self.resources[name].key:
                message = f"{name} has no key: its records are generated with those that it logs"
                self._add(pointer, message, "keyless")
        # To JSON Schema 3.0 is an integer, too.
        return {name: int(entry["count"]) for name, entry in entries.items()}

    def _check_floating(self, data: Mapping[str, Any], clock: Mapping[str, Any]) -> None:
        """A clock that starts at the machine's time excludes whatever has happened at a fixed time."""
        present = {"/clock/now": "now" in clock, "/clock/move_fixtures": "move_fixtures" in clock}
        for pointer, is_present in {**present, "/commands": bool(data.get("commands"))}.items():
            if is_present:
                name = quote(pointer.rpartition("/")[2])
                message = f"{name} cannot be combined with the clock's start: now; give the clock a fixed start"
                self._add(pointer, message, "clock-start")

    def _find_dataset(self, name: str | None) -> Dataset:
        if name is None:
            return Dataset("")
        if name not in self.datasets:
            hint = did_you_mean(name, self.datasets)
            self._add("/fixtures", f"there is no folder fixtures/{name}.{hint}", "unknown-name")
            return Dataset("")
        return self.datasets[name]

    def _merge_records(
        self, entries: Mapping[str, list[Record]], dataset: Dataset, generated: set[str]
    ) -> tuple[dict[str, tuple[Record, ...]], dict[str, frozenset[Any]]]:
        """The fixtures with the scenario's records merged in, and the keys of the latter by resource."""
        # What is no record is a mistake in the file of the fixtures, which is reported there.
        records: dict[str, list[Record]] = {
            name: [row for row in rows if isinstance(row, dict)] for name, rows in dataset.records.items()
        }
        put_keys: dict[str, frozenset[Any]] = {}
        merged: list[tuple[str, Resource, Record]] = []
        for name, entry in entries.items():
            if not self._check_resource(json_pointer.append("/records", name), name):
                continue
            resource, rows = self.resources[name], records.setdefault(name, [])
            keys_before = (record_key(row.get(resource.key)) for row in rows) if resource.key else ()
            index_by_key = {key: index for index, key in enumerate(keys_before) if key is not None}
            for number, written in enumerate(entry):
                record = with_plain_keys(resource, written)
                key = record_key(record.get(resource.key)) if resource.key else None
                pointer = json_pointer.join(("records", name, number))
                if resource.key and key is None:
                    names = " and ".join(quote(field) for field in resource.key_fields)
                    message = f"needs a string or an integer as {names}, its key"
                    self._add(pointer, message, "required")
                    continue
                if key is not None and key in index_by_key:
                    rows[index_by_key[key]] = record = {**rows[index_by_key[key]], **record}
                else:
                    if key is not None:
                        index_by_key[key] = len(rows)
                    rows.append(record)
                merged.append((pointer, resource, record))
            if resource.key:
                keys = [record_key(with_plain_keys(resource, record).get(resource.key)) for record in entry]
                put_keys[name] = frozenset(key for key in keys if key is not None)
        self._validate(merged, records, generated)
        return {name: tuple(rows) for name, rows in records.items()}, put_keys

    def _validate(
        self, merged: list[tuple[str, Resource, Record]], records: Mapping[str, list[Record]], generated: set[str]
    ) -> None:
        """Validate records; references into a resource with generated records are not checked."""
        if not merged:
            return
        keys = {name: {record_key(row.get(self.resources[name].key)) for row in rows} for name, rows in records.items()}
        for pointer, resource, record in merged:
            for violation in validate_record(
                resource, record, lambda target, key: target in generated or key in keys.get(target, ())
            ):
                self._add(pointer + violation.pointer, violation.message, violation.keyword)

    def _move_to_start(
        self, records: dict[str, tuple[Record, ...]], clock: Mapping[str, Any]
    ) -> dict[str, tuple[Record, ...]]:
        """The records with their stamps shifted so that the latest is the clock's start."""
        latest = latest_stamp(self.resources, records)
        start = self._read_instant("/clock/start", clock["start"])
        return records if latest is None else shift_stamps(self.resources, records, start - latest)

    def _read_clock(self, clock: Mapping[str, Any], records: Mapping[str, tuple[Record, ...]]) -> ClockPlan:
        for index, name in enumerate(clock.get("on", ())):
            if name not in self.operations:
                message = unknown_operation(name, self.operations)
                self._add(f"/clock/on/{index}", message, "unknown-name")
        start = self._read_start(clock.get("start"), records)
        now = self._read_instant("/clock/now", clock["now"]) if "now" in clock else None
        if now is not None and now < start:
            message = f"{clock['now']} is before the clock's start, {format_instant(start)}"
            self._add("/clock/now", message, "clock-now")
        return ClockPlan(
            start=start,
            now=now,
            mode=clock.get("mode", "manual"),
            speed=clock.get("speed", 1.0),
            step=self._read_duration("/clock/step", clock["step"]) if "step" in clock else 0,
            counted=frozenset(clock["on"]) if "on" in clock else None,
            starts_now=clock.get("start") == "now",
        )

    def _read_start(self, text: str | None, records: Mapping[str, tuple[Record, ...]]) -> int:
        latest = latest_stamp(self.resources, records)
        if text is None or text == "now":
            return DEFAULT_START if latest is None else latest
        start = self._read_instant("/clock/start", text)
        if latest is not None and latest > start:
            message = f"{text} is before the latest stamp of the records, {format_instant(latest)}"
            self._add("/clock/start", message, "clock-start")
        return start

    def _read_progress(self, entries: Mapping[str, Any]) -> dict[str, tuple[Rule, ...]]:
        progress: dict[str, tuple[Rule, ...]] = {}
        for name, rules in entries.items():
            pointer = json_pointer.append("/progress", name)
            if not self._check_resource(pointer, name):
                continue
            lifecycle = self.resources[name].lifecycle
            if lifecycle is None:
                self._add(pointer, f"{name} has no lifecycle, so its records cannot progress", "lifecycle")
                continue
            for index, rule in enumerate(rules):
                self._check_rule(f"{pointer}/{index}", rule, lifecycle, self.resources[name])
            progress[name] = tuple(self._read_rule(f"{pointer}/{index}", rule) for index, rule in enumerate(rules))
        return progress

    def _read_responses(self, entries: Sequence[Mapping[str, Any]]) -> tuple[Override, ...]:
        responses = []
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            # Each is validated by itself, so that all are read.
            override, violations = read_override(entry, self.operations)
            for violation in violations:
                self._add(f"/responses/{index}{violation.pointer}", violation.message, violation.keyword)
            responses += [override] if override is not None else []
        return tuple(responses)

    def _read_commands(self, entries: Sequence[Mapping[str, Any]], clock: ClockPlan) -> tuple[Mapping[str, Any], ...]:
        """The commands, which must be in the order of time between the clock's start and its `now`."""
        earliest = clock.start
        for index, entry in enumerate(entries):
            at = self._read_instant(f"/commands/{index}/at", entry["at"])
            if at < earliest or at > clock.initial:
                bounds = f"between {format_instant(earliest)} and {format_instant(clock.initial)}, the clock's now"
                self._add(f"/commands/{index}/at", f"{entry['at']} is out of order: it must be {bounds}", "order")
            earliest = max(earliest, at)
        return tuple(entries)

    def _check_rule(self, pointer: str, rule: Mapping[str, Any], lifecycle: Lifecycle, resource: Resource) -> None:
        """Check the names in a rule, and that its transition leaves its state."""
        members = (("state", "state", lifecycle.states), ("fire", "transition", tuple(lifecycle.transitions)))
        for member, kind, names in members:
            if rule[member] not in names:
                message = unknown_name(kind, rule[member], names)
                self._add(f"{pointer}/{member}", message, "unknown-name")
                return
        allowed = lifecycle.allowed(rule["state"])
        if rule["fire"] not in allowed:
            others = f"{', '.join(allowed)} {'does' if len(allowed) == 1 else 'do'}" if allowed else "none does"
            message = f"the transition {rule['fire']} does not leave the state {quote(rule['state'])}; {others}"
            self._add(f"{pointer}/fire", message, "lifecycle")
        for name in rule.get("where", ()):
            if name not in resource.fields:
                message = unknown_name("field", name, resource.fields)
                self._add(json_pointer.append(pointer, "where", name), message, "unknown-name")

    def _read_rule(self, pointer: str, rule: Mapping[str, Any]) -> Rule:
        after = rule["after"]
        bounds = [after, after] if isinstance(after, str) else after["uniform"]
        min_wait, max_wait = (self._read_duration(f"{pointer}/after", text) for text in bounds)
        if max_wait < min_wait:
            self._add(f"{pointer}/after", "the lower bound is above the upper one", "duration")
        times = int(rule["times"]) if "times" in rule else None
        return Rule(rule["state"], rule["fire"], min_wait, max_wait, rule.get("where", {}), times)

    def _read_instant(self, pointer: str, text: str) -> int:
        """An instant in milliseconds; one outside the years 1 to 9999, which a clock cannot show, is a mistake."""
        try:
            return parse_instant(text)
        except ValueError as error:
            self._add(pointer, f"{quote(text)} is not a valid time for a clock: {error}", "instant")
            return DEFAULT_START

    def _read_duration(self, pointer: str, text: str) -> int:
        """A duration above zero in milliseconds; anything else is a mistake."""
        try:
            duration = parse_duration(text)
        except ValueError as error:
            self._add(pointer, str(error), "duration")
            return FALLBACK_DURATION
        if duration <= 0:
            self._add(pointer, f"{quote(text)} must be above zero", "duration")
        return duration

    def _check_resource(self, pointer: str, name: str) -> bool:
        """Whether a resource exists; one that does not is a mistake."""
        if name in self.resources:
            return True
        self._add(pointer, unknown_name("resource", name, self.resources), "unknown-name")
        return False

    def _add(self, pointer: str, message: str, code: str) -> None:
        self.report.add(self.source, pointer, message, code)
