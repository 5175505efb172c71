"""From `scenarios/NAME.yaml` to scenarios: fixtures, what is put over them, and where the clock starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mockserver.contract import formats, overrides
from mockserver.contract.lifecycle import Lifecycle
from mockserver.contract.model import ClockPlan, Contract, Dataset, Override, Record, Resource, Rule, Scenario
from mockserver.contract.records import judge, latest_stamp, shifted
from mockserver.documents.source import Report, Source, files, read
from mockserver.errors import Problem, did_you_mean, quote
from mockserver.openapi.model import Operation
from mockserver.syntax.instants import format_instant, parse_duration, parse_instant

DEFAULT = "baseline"
DEFAULT_START = parse_instant("2026-01-01T00:00:00Z")


def load(
    root: Path | None,
    datasets: Mapping[str, Dataset],
    resources: Mapping[str, Resource],
    operations: Mapping[str, Operation] | None,
    report: Report,
) -> dict[str, Scenario]:
    """Read every scenario; a contract that has none gets `baseline`, over its data set if it has just one.

    `root` is None for a bare OpenAPI file, which has none; `operations` is None where they could not be read.
    """
    found: dict[str, Scenario] = {}
    for path in files(root / "scenarios") if root is not None else ():
        source = read(root, path, report) if root is not None else None
        if source is None:
            continue
        if path.stem in found:
            report.add(source, "", f"the scenario {quote(path.stem)} is in another file too", "duplicate")
            continue
        scenario = ScenarioReader(source, datasets, resources, operations, report).scenario(path.stem)
        if scenario is not None:
            found[path.stem] = scenario
    if found or report.notes:
        return found
    only = next(iter(datasets.values())) if len(datasets) == 1 else Dataset("")
    latest = latest_stamp(resources, only.records)
    start = DEFAULT_START if latest is None else latest
    data = {"fixtures": only.name} if datasets else {}
    plan = ClockPlan(start)
    return {DEFAULT: Scenario(DEFAULT, "The only scenario", plan, 0, dict(only.records), {}, {}, data=data)}


def load_file(path: Path, contract: Contract) -> Scenario:
    """Read a scenario from anywhere, over the fixtures of `contract`. Raises ContractError."""
    report, real = Report(), path.resolve()
    source = read(real.parent, real, report)
    found: Scenario | None = None
    if source is not None:
        reader = ScenarioReader(source, contract.datasets, contract.resources, contract.operations, report)
        found = reader.scenario(path.stem)
    if found is None or report.notes:
        raise report.error()
    return found


def default_of(scenarios: Mapping[str, Scenario], report: Report) -> str:
    """The scenario that is used where none is chosen: `baseline`, or the only one."""
    if DEFAULT in scenarios or not scenarios:
        return DEFAULT
    if len(scenarios) > 1:
        message = f"there is no scenario {DEFAULT!r} to start with; there are {', '.join(sorted(scenarios))}"
        report.tell(Problem("scenarios", message, code="no-default"))
    return sorted(scenarios)[0]


@dataclass(slots=True)
class ScenarioReader:
    """Reads one scenario file."""

    source: Source
    datasets: Mapping[str, Dataset]
    resources: Mapping[str, Resource]
    operations: Mapping[str, Operation] | None
    report: Report

    def scenario(self, name: str) -> Scenario | None:
        """The scenario, or None where its form is wrong."""
        data = {} if self.source.data is None else self.source.data
        if not formats.conforms("scenario", self.source, self.report):
            return None
        dataset = self._dataset(data.get("fixtures"))
        generate = {one: entry["count"] for one, entry in data.get("generate", {}).items()}
        for one in generate:
            if self._known(f"/generate/{one}", one) and not self.resources[one].key:
                self.report.add(self.source, f"/generate/{one}", f"{one} has no key; generate what it logs", "keyless")
        clock = data.get("clock", {})
        records, put = self._put(data.get("records", {}), dataset, set(generate))
        if clock.get("start") == "now":
            self._refuse_recorded(data, clock)
        elif clock.get("move_fixtures"):
            records = self._moved(records, clock)
        plan = self._clock(clock, records)
        return Scenario(
            name=name,
            summary=data.get("summary", ""),
            clock=plan,
            seed=data.get("seed", 0),
            records=records,
            put=put,
            generate=generate,
            progress=self._progress(data.get("progress", {})),
            responses=self._responses(data.get("responses", ())),
            commands=self._commands(data.get("commands", ()), plan),
            data=data,
            source=self.source,
        )

    def _refuse_recorded(self, data: Mapping[str, Any], clock: Mapping[str, Any]) -> None:
        """A clock that begins at the machine's own time has nothing that happened at other times."""
        given = {"/clock/now": "now" in clock, "/clock/move_fixtures": "move_fixtures" in clock}
        for pointer, there in {**given, "/commands": bool(data.get("commands"))}.items():
            if there:
                message = f"{pointer.rpartition('/')[2]} needs a start that is an instant, and here it is now"
                self.report.add(self.source, pointer, message, "clock-start")

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

    def _moved(self, records: dict[str, tuple[Record, ...]], clock: Mapping[str, Any]) -> dict[str, tuple[Record, ...]]:
        """The records with their stamps moved along, so that the latest is the clock's start."""
        latest = latest_stamp(self.resources, records)
        start = self._instant("/clock/start", clock["start"])
        return records if latest is None else shifted(self.resources, records, start - latest)

    def _clock(self, clock: Mapping[str, Any], records: Mapping[str, tuple[Record, ...]]) -> ClockPlan:
        for index, name in enumerate(clock.get("on", ()) if self.operations is not None else ()):
            if name not in (self.operations or ()):
                message = f"there is no operation {quote(name)}.{did_you_mean(name, self.operations or ())}"
                self.report.add(self.source, f"/clock/on/{index}", message, "unknown-name")
        start = self._start(clock.get("start"), records)
        now = self._instant("/clock/now", clock["now"]) if "now" in clock else None
        if now is not None and now < start:
            message = f"{clock['now']} is before the start, {format_instant(start)}"
            self.report.add(self.source, "/clock/now", message, "clock-now")
        return ClockPlan(
            start=start,
            now=now,
            mode=clock.get("mode", "manual"),
            speed=clock.get("speed", 1.0),
            step=self._duration("/clock/step", clock["step"]) if "step" in clock else 0,
            counted=frozenset(clock["on"]) if "on" in clock else None,
            floating=clock.get("start") == "now",
        )

    def _start(self, given: str | None, records: Mapping[str, tuple[Record, ...]]) -> int:
        latest = latest_stamp(self.resources, records)
        if given is None or given == "now":
            return DEFAULT_START if latest is None else latest
        start = self._instant("/clock/start", given)
        if latest is not None and latest > start:
            message = f"the fixtures go on to {format_instant(latest)}, later than {given}"
            self.report.add(self.source, "/clock/start", message, "clock-start")
        return start

    def _progress(self, entries: Mapping[str, Any]) -> dict[str, tuple[Rule, ...]]:
        found: dict[str, tuple[Rule, ...]] = {}
        for name, rules in entries.items():
            pointer = f"/progress/{name}"
            if not self._known(pointer, name):
                continue
            lifecycle = self.resources[name].lifecycle
            if lifecycle is None:
                self.report.add(self.source, pointer, f"{name} has no lifecycle to go through", "lifecycle")
                continue
            for index, rule in enumerate(rules):
                self._judge_rule(f"{pointer}/{index}", rule, lifecycle, self.resources[name])
            found[name] = tuple(self._rule(f"{pointer}/{index}", rule) for index, rule in enumerate(rules))
        return found

    def _responses(self, entries: Sequence[Mapping[str, Any]]) -> tuple[Override, ...]:
        found = []
        for index, entry in enumerate(entries if self.operations is not None else ()):
            override, violations = overrides.read(entry, self.operations or {})
            for violation in violations:
                self.report.add(
                    self.source, f"/responses/{index}{violation.pointer}", violation.message, violation.keyword
                )
            found += [override] if override is not None else []
        return tuple(found)

    def _commands(self, entries: Sequence[Mapping[str, Any]], clock: ClockPlan) -> tuple[Mapping[str, Any], ...]:
        """The commands, whose order must be that of time, from the clock's start to its `now`."""
        before = clock.start
        for index, entry in enumerate(entries):
            at = self._instant(f"/commands/{index}/at", entry["at"])
            if at < before or at > clock.begins:
                bounds = f"{format_instant(before)} to {format_instant(clock.begins)}"
                message = f"{entry['at']} is out of order: here it can be from {bounds}, the clock's now"
                self.report.add(self.source, f"/commands/{index}/at", message, "order")
            before = max(before, at)
        return tuple(entries)

    def _judge_rule(self, pointer: str, rule: Mapping[str, Any], lifecycle: Lifecycle, resource: Resource) -> None:
        known = (("state", lifecycle.states), ("fire", tuple(lifecycle.transitions)))
        for member, names in known:
            if rule[member] not in names:
                what = "transition" if member == "fire" else member
                message = f"there is no {what} {quote(rule[member])}.{did_you_mean(rule[member], names)}"
                self.report.add(self.source, f"{pointer}/{member}", message, "unknown-name")
                return
        if rule["fire"] not in lifecycle.allowed(rule["state"]):
            names = lifecycle.allowed(rule["state"])
            allowed = f"{', '.join(names)} {'does' if len(names) == 1 else 'do'}" if names else "nothing does"
            message = f"{rule['fire']} does not lead out of {quote(rule['state'])}; {allowed}"
            self.report.add(self.source, f"{pointer}/fire", message, "lifecycle")
        for name in rule.get("where", ()):
            if name not in resource.fields:
                message = f"there is no field {quote(name)}.{did_you_mean(name, resource.fields)}"
                self.report.add(self.source, f"{pointer}/where/{name}", message, "unknown-name")

    def _rule(self, pointer: str, rule: Mapping[str, Any]) -> Rule:
        after = rule["after"]
        bounds = [after, after] if isinstance(after, str) else after["uniform"]
        least, most = (self._duration(f"{pointer}/after", text) for text in bounds)
        if most < least:
            self.report.add(self.source, f"{pointer}/after", "the first bound is above the second", "duration")
        return Rule(rule["state"], rule["fire"], least, most, rule.get("where", {}), rule.get("times"))

    def _instant(self, pointer: str, text: str) -> int:
        """An instant; one that the clock cannot stand at, such as a leap second, is noted."""
        try:
            return parse_instant(text)
        except ValueError as error:
            self.report.add(self.source, pointer, f"{quote(text)} is no instant for a clock: {error}", "instant")
            return DEFAULT_START

    def _duration(self, pointer: str, text: str) -> int:
        """A duration above zero; what is none is noted, and counts as a second."""
        try:
            found = parse_duration(text)
        except ValueError as error:
            self.report.add(self.source, pointer, str(error), "duration")
            return 1_000
        if found <= 0:
            self.report.add(self.source, pointer, f"{quote(text)} must be above zero", "duration")
        return found

    def _known(self, pointer: str, name: str) -> bool:
        if name in self.resources:
            return True
        hint = did_you_mean(name, self.resources)
        self.report.add(self.source, pointer, f"there is no resource {quote(name)}.{hint}", "unknown-name")
        return False
