"""Files as they were read: text for people (lines), data for us; and the report of what is wrong in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from mockserver.contract import jsontext, yamltext
from mockserver.errors import ContractError, Problem

FILE_LIMIT = 64 * 1024 * 1024
SUFFIXES = (".yaml", ".yml", ".json")


class Source:
    """One file of a contract. `file` is its path within the contract directory, `data` what it holds."""

    def __init__(self, file: str, text: str, data: Any) -> None:
        self.file, self.text, self.data = file, text, data

    @cached_property
    def _lines(self) -> dict[str, int]:
        # Only a file with a mistake in it is read a second time, for its lines.
        try:
            return yamltext.lines(self.text)
        except yamltext.MalformedYAML:
            return {}

    def line(self, pointer: str) -> int | None:
        """The line, from 1, of what `pointer` leads to, or of its nearest ancestor that has one."""
        while pointer:
            if pointer in self._lines:
                return self._lines[pointer]
            pointer = pointer.rpartition("/")[0]
        return 1

    def problem(self, pointer: str, message: str, code: str = "invalid") -> Problem:
        """A mistake at `pointer` of this file."""
        return Problem(self.file, message, pointer, self.line(pointer), code)


@dataclass(slots=True)
class Report:
    """The mistakes found so far; reading goes on after each, so that all are told at once.

    `doubts` are what can be served all the same, and is hardly meant.
    """

    problems: list[Problem] = field(default_factory=list)
    doubts: list[Problem] = field(default_factory=list)

    def add(self, source: Source, pointer: str, message: str, code: str = "invalid") -> None:
        """Note a mistake at `pointer` of `source`."""
        self.problems.append(source.problem(pointer, message, code))

    def warn(self, source: Source, pointer: str, message: str, code: str) -> None:
        """Note what can be served all the same, and is hardly meant."""
        self.doubts.append(source.problem(pointer, message, code))

    def close(self) -> None:
        """Raise ContractError if anything was noted."""
        if self.problems:
            raise self.error()

    def error(self) -> ContractError:
        """What was noted, as one error, in the order of files and lines."""
        return ContractError(sorted(set(self.problems), key=lambda one: (one.file, one.line or 0, one.pointer)))


def read(root: Path, path: Path, report: Report) -> Source | None:
    """Read a YAML or JSON file below `root`; None, and a note in `report`, where that fails."""
    file = path.relative_to(root).as_posix()
    try:
        if not path.resolve().is_relative_to(root.resolve()):
            report.problems.append(Problem(file, "leads out of the contract directory", code="outside"))
            return None
        if path.stat().st_size > FILE_LIMIT:
            report.problems.append(Problem(file, f"is larger than {FILE_LIMIT >> 20} MiB", code="too-large"))
            return None
        raw = path.read_bytes()
    except OSError as error:
        report.problems.append(Problem(file, f"cannot be read: {error.strerror or error}", code="unreadable"))
        return None
    return parse(file, raw, report)


def parse(file: str, raw: bytes, report: Report) -> Source | None:
    """Read the bytes of a file; its ending says whether they are JSON or YAML."""
    try:
        text = raw.decode("utf-8-sig")
        data = jsontext.parse(raw) if file.endswith(".json") else yamltext.parse(text)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        report.problems.append(Problem(file, f"byte {error.start} is not UTF-8", line=line, code="malformed"))
        return None
    except (jsontext.MalformedJSON, yamltext.MalformedYAML) as error:
        line_found = error.line or _line_by_yaml(raw)
        kind = "JSON" if file.endswith(".json") else "YAML"
        report.problems.append(Problem(file, f"is no {kind}: {error.message}", line=line_found, code="malformed"))
        return None
    return Source(file, text, data)


def files(folder: Path) -> Iterable[Path]:
    """The YAML and JSON files directly in `folder`, by name."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and not path.name.startswith("."))


def _line_by_yaml(raw: bytes) -> int | None:
    try:
        yamltext.parse(raw.decode())
    except yamltext.MalformedYAML as error:
        return error.line
    except UnicodeDecodeError:
        return None
    return None
