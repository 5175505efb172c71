"""From `scenarios/NAME.yaml` to scenarios: fixtures, what is put over them, and where the clock starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mockserver.contract import formats
from mockserver.contract.fixtures import Dataset
from mockserver.contract.model import Record, Resource, Scenario
from mockserver.contract.records import judge, latest_stamp
from mockserver.contract.source import Report, Source, files, read
from mockserver.contract.times import format_instant, parse_instant
from mockserver.errors import Problem, did_you_mean, quote

DEFAULT = "baseline"
DEFAULT_START = parse_instant("2026-01-01T00:00:00Z")
# Declared in the design, not built yet: named as such rather than as mistakes.
NOT_YET = ("progress", "responses", "commands")
CLOCK_NOT_YET = ("now", "speed", "step", "on")
MODES_NOT_YET = ("real", "per-request")


def load(
    root: Path | None, datasets: Mapping[str, Dataset], resources: Mapping[str, Resource], report: Report
) -> dict[str, Scenario]:
    """Read every scenario; a contract that has none gets `baseline`, over its data set if it has just one.

    `root` is None for a bare OpenAPI file, which has none.
    """
    found: dict[str, Scenario] = {}
    for path in files(root / "scenarios") if root is not None else ():
        source = read(root, path, report) if root is not None else None
        if source is None:
            continue
        if path.stem in found:
            report.add(source, "", f"the scenario {quote(path.stem)} is in another file too", "duplicate")
            continue
        scenario = Reader(source, datasets, resources, report).scenario(path.stem)
        if scenario is not None:
            found[path.stem] = scenario
    if found or report.problems:
        return found
    only = next(iter(datasets.values())) if len(datasets) == 1 else Dataset("")
    latest = latest_stamp(resources, only.records)
    start = DEFAULT_START if latest is None else latest
    return {DEFAULT: Scenario(DEFAULT, "The only scenario", start, 0, dict(only.records), {}, {})}


def default_of(scenarios: Mapping[str, Scenario], report: Report) -> str:
    """The scenario that is used where none is chosen: `baseline`, or the only one."""
    if DEFAULT in scenarios or not scenarios:
        return DEFAULT
    if len(scenarios) > 1:
        message = f"there is no scenario {DEFAULT!r} to start with; there are {', '.join(sorted(scenarios))}"
        report.problems.append(Problem("scenarios", message, code="no-default"))
    return sorted(scenarios)[0]


@dataclass(slots=True)
class Reader:
    """Reads one scenario file."""

    source: Source
    datasets: Mapping[str, Dataset]
    resources: Mapping[str, Resource]
    report: Report

    def scenario(self, name: str) -> Scenario | None:
        """The scenario, or None where its form is wrong."""
        data = {} if self.source.data is None else self.source.data
        if not self._supported(data) or not formats.conforms("scenario", self.source, self.report):
            return None
        dataset = self._dataset(data.get("fixtures"))
        generate = {one: entry["count"] for one, entry in data.get("generate", {}).items()}
        for one in generate:
            if self._known(f"/generate/{one}", one) and not self.resources[one].key:
                self.report.add(self.source, f"/generate/{one}", f"{one} has no key; generate what it logs", "keyless")
        records, put = self._put(data.get("records", {}), dataset, set(generate))
        return Scenario(
            name=name,
            summary=data.get("summary", ""),
            start=self._start(data.get("clock", {}), records),
            seed=data.get("seed", 0),
            records=records,
            put=put,
            generate=generate,
        )

    def _supported(self, data: Any) -> bool:
        found = [f"/{name}" for name in NOT_YET if isinstance(data, dict) and data.get(name) is not None]
        clock = data.get("clock") if isinstance(data, dict) else None
        if isinstance(clock, dict):
            found += [f"/clock/{name}" for name in CLOCK_NOT_YET if name in clock]
            found += ["/clock/mode"] if clock.get("mode") in MODES_NOT_YET else []
        for pointer in found:
            what = f"the mode {quote(clock['mode'])}" if clock and pointer == "/clock/mode" else pointer.split("/")[-1]
            self.report.add(self.source, pointer, f"{what} is not supported yet", "not-supported")
        return not found

    def _dataset(self, name: str | None) -> Dataset:
        if name is None:
            return Dataset("")
        if name not in self.datasets:
            hint = did_you_mean(name, self.datasets)
            self.report.add(self.source, "/fixtures", f"there is no folder fixtures/{name}.{hint}", "unknown-name")
            return Dataset("")
        return self.datasets[name]

    def _put(
        self, entries: Mapping[str, list[Record]], dataset: Dataset, generated: set[str]
    ) -> tuple[dict[str, tuple[Record, ...]], dict[str, frozenset[Any]]]:
        """The records with those of the scenario merged in, and the keys of the latter."""
        records = {name: list(known) for name, known in dataset.records.items()}
        put: dict[str, frozenset[Any]] = {}
        placed: list[tuple[str, Resource, Record]] = []
        for name, given in entries.items():
            if not self._known(f"/records/{name}", name):
                continue
            resource, rows = self.resources[name], records.setdefault(name, [])
            where = {row.get(resource.key): at for at, row in enumerate(rows)} if resource.key else {}
            for index, record in enumerate(given):
                key = record.get(resource.key) if resource.key else None
                pointer = f"/records/{name}/{index}"
                if resource.key and not isinstance(key, str | int):
                    self.report.add(self.source, pointer, f"needs {quote(resource.key)}, its key", "required")
                    continue
                if key is not None and key in where:
                    rows[where[key]] = {**rows[where[key]], **record}
                    placed.append((pointer, resource, rows[where[key]]))
                    continue
                where[key] = len(rows)
                rows.append(record)
                placed.append((pointer, resource, record))
            if resource.key:
                put[name] = frozenset(
                    one[resource.key] for one in given if isinstance(one.get(resource.key), str | int)
                )
        self._judge(placed, records, generated)
        return {name: tuple(rows) for name, rows in records.items()}, put

    def _judge(
        self, placed: list[tuple[str, Resource, Record]], records: Mapping[str, list[Record]], generated: set[str]
    ) -> None:
        keys = {
            name: {row.get(self.resources[name].key) for row in rows if isinstance(row, dict)}
            for name, rows in (records.items() if placed else ())
        }
        for pointer, resource, record in placed:
            known = judge(resource, record, lambda target, key: target in generated or key in keys.get(target, ()))
            for violation in known:
                self.report.add(self.source, pointer + violation.pointer, violation.message, violation.keyword)

    def _start(self, clock: Mapping[str, Any], records: Mapping[str, tuple[Record, ...]]) -> int:
        latest = latest_stamp(self.resources, records)
        if "start" not in clock:
            return DEFAULT_START if latest is None else latest
        start = parse_instant(clock["start"])
        if latest is not None and latest > start:
            message = f"the fixtures go on to {format_instant(latest)}, later than {clock['start']}"
            self.report.add(self.source, "/clock/start", message, "clock-start")
        return start

    def _known(self, pointer: str, name: str) -> bool:
        if name in self.resources:
            return True
        hint = did_you_mean(name, self.resources)
        self.report.add(self.source, pointer, f"there is no resource {quote(name)}.{hint}", "unknown-name")
        return False
