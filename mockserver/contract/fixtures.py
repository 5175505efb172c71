"""From `fixtures/DATASET/RESOURCE.json` to data sets, every record judged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mockserver.contract.lifecycle import LOG_EVENT, LOG_STAMP
from mockserver.contract.model import Dataset, Record, Resource
from mockserver.contract.records import judge, stamp
from mockserver.documents.source import Report, Source, files, read
from mockserver.errors import Problem, did_you_mean, quote
from mockserver.syntax.instants import format_instant


def load(root: Path, resources: Mapping[str, Resource], report: Report) -> dict[str, Dataset]:
    """Read and judge every data set."""
    folder = root / "fixtures"
    if not folder.is_dir():
        return {}
    for path in files(folder):
        file = path.relative_to(root).as_posix()
        message = f"belongs into a folder of fixtures/: fixtures/NAME/{path.name}"
        report.tell(Problem(file, message, code="misplaced"))
    names = sorted(one.name for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))
    return {name: _dataset(root, folder / name, resources, report) for name in names}


def _dataset(root: Path, folder: Path, resources: Mapping[str, Resource], report: Report) -> Dataset:
    sources: dict[str, Source] = {}
    records: dict[str, tuple[Record, ...]] = {}
    for path in files(folder):
        source = read(root, path, report)
        if source is None:
            continue
        name = path.stem
        if name not in resources:
            report.add(
                source, "", f"there is no resource {quote(name)}.{did_you_mean(name, resources)}", "unknown-name"
            )
        elif name in sources:
            report.add(source, "", f"{name} is also in {sources[name].file}", "duplicate")
        elif not isinstance(source.data, list):
            report.add(source, "", "must be an array of records", "type")
        else:
            sources[name] = source
            records[name] = tuple(source.data)
    dataset = Dataset(folder.name, records, sources)
    _judge(dataset, resources, report)
    return dataset


def _judge(dataset: Dataset, resources: Mapping[str, Resource], report: Report) -> None:
    keys = {name: _keys(dataset, resources[name], report) for name in dataset.records}
    for name, records in dataset.records.items():
        source = dataset.sources[name]
        for index, record in enumerate(records):
            if not isinstance(record, dict):
                report.add(source, f"/{index}", f"must be an object, not {quote(record)}", "type")
                continue
            for violation in judge(resources[name], record, lambda target, key: key in keys.get(target, ())):
                report.add(source, f"/{index}{violation.pointer}", violation.message, violation.keyword)
    for name in dataset.records:
        _judge_log(dataset, resources[name], resources, report)


def _keys(dataset: Dataset, resource: Resource, report: Report) -> set[Any]:
    """The keys of one resource's records; one that stands twice is noted."""
    first: dict[Any, int] = {}
    for index, record in enumerate(dataset.records[resource.name] if resource.key else ()):
        key = record.get(resource.key) if isinstance(record, dict) else None
        if not isinstance(key, str | int):
            continue
        if key in first:
            source, pointer = dataset.sources[resource.name], f"/{index}/{resource.key}"
            line = source.line(f"/{first[key]}/{resource.key}")
            report.add(source, pointer, f"the key {quote(key)} stands already in line {line}", "duplicate-key")
        first.setdefault(key, index)
    return set(first)


def _judge_log(dataset: Dataset, resource: Resource, resources: Mapping[str, Resource], report: Report) -> None:
    """A record's log must be a way through its lifecycle that ends in its state, at its stamp."""
    lifecycle = resource.lifecycle
    if lifecycle is None or lifecycle.log is None or lifecycle.log not in dataset.records:
        return
    log, source = resources[lifecycle.log], dataset.sources[lifecycle.log]
    reference = next((one for one, target in log.references.items() if target == resource.name), "")
    ways: dict[Any, list[tuple[int, Record]]] = {}
    for index, entry in enumerate(dataset.records[log.name]):
        if isinstance(entry, dict) and isinstance(entry.get(reference), str | int):
            ways.setdefault(entry[reference], []).append((index, entry))
    for record in dataset.records[resource.name]:
        way = ways.get(record.get(resource.key)) if isinstance(record, dict) else None
        if not way:
            continue
        state, before = None, None
        for index, entry in way:
            transition = lifecycle.transitions.get(entry.get(LOG_EVENT, ""))
            at = stamp(entry, LOG_STAMP)
            if transition is not None:
                if state is not None and state not in transition.sources:
                    message = f"{quote(transition.name)} does not lead out of {quote(state)}, where the log stands here"
                    report.add(source, f"/{index}/{LOG_EVENT}", message, "log")
                state = transition.target
            if at is not None and before is not None and at <= before:
                report.add(source, f"/{index}/{LOG_STAMP}", "must be later than the entry before it", "log")
            before = at or before
        index, entry = way[-1]
        if state is not None and state != record.get(lifecycle.field):
            message = f"the log ends in {quote(state)}, the record is {quote(record.get(lifecycle.field))}"
            report.add(source, f"/{index}/{LOG_EVENT}", message, "log")
        touched = stamp(record, lifecycle.touch)
        if touched is not None and before is not None and touched != before:
            message = f"the log ends at another time than the record's {lifecycle.touch}, {format_instant(touched)}"
            report.add(source, f"/{index}/{LOG_STAMP}", message, "log")
