"""Reads `fixtures/DATASET/RESOURCE.json` and validates every record."""

from __future__ import annotations

from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from mockserver.contract.lifecycle import LOG_EVENT, LOG_STAMP, Lifecycle
from mockserver.contract.model import Dataset, Record, Resource
from mockserver.contract.records import read_stamp, record_key, validate_record, with_plain_keys
from mockserver.documents.source import Report, Source, list_files, name_of, read_source
from mockserver.errors import Problem, quote, unknown_name
from mockserver.syntax import json_pointer
from mockserver.syntax.instants import format_instant


def read_datasets(root: Path, resources: Mapping[str, Resource], report: Report) -> dict[str, Dataset]:
    """Read every folder of `fixtures/`; mistakes go to `report`."""
    folder = root / "fixtures"
    if not folder.is_dir():
        return {}
    for path in list_files(folder):
        message = f"must be in a folder of fixtures/, such as fixtures/NAME/{name_of(folder, path)}"
        report.add_problem(Problem(name_of(root, path), message, code="misplaced"))
    names = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    return {name: _read_dataset(root, folder / name, resources, report) for name in names}


def _read_dataset(root: Path, folder: Path, resources: Mapping[str, Resource], report: Report) -> Dataset:
    sources: dict[str, Source] = {}
    records: dict[str, tuple[Record, ...]] = {}
    unread: set[str] = set()
    for path in list_files(folder):
        source, name = read_source(root, path, report), path.stem
        if source is None:
            unread.add(name)
        elif name not in resources:
            message = unknown_name("resource", name, resources)
            report.add(source, "", message, "unknown-name")
        elif name in sources:
            report.add(source, "", f"the records of {name} are already in {sources[name].file}", "duplicate")
        elif not isinstance(source.data, list):
            report.add(source, "", "must be an array of records", "type")
            unread.add(name)
        else:
            sources[name] = source
            records[name] = tuple(
                with_plain_keys(resources[name], record) if isinstance(record, dict) else record
                for record in source.data
            )
    dataset = Dataset(folder.name, records, sources)
    _validate(dataset, unread, resources, report)
    return dataset


def _validate(dataset: Dataset, unread: Container[str], resources: Mapping[str, Resource], report: Report) -> None:
    """Validate the records of a dataset; every reference to one of a file that could not be read is accepted.

    Otherwise the mistake in that file would be hidden among all of these.
    """
    keys = {name: _read_keys(dataset, resources[name], report) for name in dataset.records}

    def exists(target: str, key: Any) -> bool:
        return target in unread or key in keys.get(target, ())

    for name, records in dataset.records.items():
        source = dataset.sources[name]
        for index, record in enumerate(records):
            if not isinstance(record, dict):
                report.add(source, f"/{index}", f"must be an object, not {quote(record)}", "type")
                continue
            for violation in validate_record(resources[name], record, exists):
                report.add(source, f"/{index}{violation.pointer}", violation.message, violation.keyword)
    for name in dataset.records:
        _validate_log(dataset, resources[name], resources, report)


def _read_keys(dataset: Dataset, resource: Resource, report: Report) -> set[Any]:
    """The keys of a resource's records; a duplicate is a mistake."""
    first_index: dict[Any, int] = {}
    for index, record in enumerate(dataset.records[resource.name] if resource.key else ()):
        key = record_key(record.get(resource.key)) if isinstance(record, dict) else None
        if key is None:
            continue
        if key in first_index:
            local_key = resource.local_key
            source, pointer = dataset.sources[resource.name], json_pointer.join((index, local_key))
            line = source.line(json_pointer.join((first_index[key], local_key)))
            owners = " and ".join(resource.unique_within)
            message = f"the key {quote(record[local_key])} is already used in line {line}"
            message += f" with the same {owners}" if owners else ""
            report.add(source, pointer, message, "duplicate-key")
        first_index.setdefault(key, index)
    return set(first_index)


def _validate_log(dataset: Dataset, resource: Resource, resources: Mapping[str, Resource], report: Report) -> None:
    """A record's log entries must follow its lifecycle, and end in its state at its stamp."""
    lifecycle = resource.lifecycle
    if lifecycle is None or lifecycle.log is None or lifecycle.log not in dataset.records:
        return
    log, source = resources[lifecycle.log], dataset.sources[lifecycle.log]
    reference = next((field for field, target in log.references.items() if target == resource.name), "")
    entries_by_key: dict[Any, list[tuple[int, Record]]] = {}
    for index, entry in enumerate(dataset.records[log.name]):
        key = record_key(entry.get(reference)) if isinstance(entry, dict) else None
        if key is not None:
            entries_by_key.setdefault(key, []).append((index, entry))
    for record in dataset.records[resource.name]:
        key = record_key(record.get(resource.key)) if isinstance(record, dict) else None
        entries = entries_by_key.get(key)
        if entries:
            _validate_entries(entries, record, lifecycle, source, report)


def _validate_entries(
    entries: list[tuple[int, Record]], record: Record, lifecycle: Lifecycle, source: Source, report: Report
) -> None:
    """Validate the log entries of one record, each with its index in the log's file `source`."""
    state, latest = None, None
    for index, entry in entries:
        event = entry.get(LOG_EVENT)
        transition = lifecycle.transitions.get(event) if isinstance(event, str) else None
        at = read_stamp(entry, LOG_STAMP)
        if transition is not None:
            if state is not None and state not in transition.sources:
                message = f"{quote(transition.name)} does not leave the state {quote(state)}, which the log has reached"
                report.add(source, f"/{index}/{LOG_EVENT}", message, "log")
            state = transition.target
        if at is not None and latest is not None and at <= latest:
            report.add(source, f"/{index}/{LOG_STAMP}", "must be later than the record's entry before it", "log")
        latest = at or latest
    last_index = entries[-1][0]
    if state is not None and state != record.get(lifecycle.field):
        message = f"the log ends in the state {quote(state)}, but the record's is {quote(record.get(lifecycle.field))}"
        report.add(source, f"/{last_index}/{LOG_EVENT}", message, "log")
    touched = read_stamp(record, lifecycle.touch)
    if touched is not None and latest is not None and touched != latest:
        message = f"the log ends at another time than the record's {lifecycle.touch}, {format_instant(touched)}"
        report.add(source, f"/{last_index}/{LOG_STAMP}", message, "log")
