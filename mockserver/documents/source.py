"""Files as they were read: text for people (lines), data for us; and the report of what is wrong in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from mockserver.errors import ContractError, Problem
from mockserver.syntax import strict_json, yaml_reader

FILE_LIMIT = 64 * 1024 * 1024
SUFFIXES = (".yaml", ".yml", ".json")


class Source:
    """One file of a contract. `file` is its path within the contract directory.

    `written` is what it holds, its references made absolute; `data` is that as it is served: in the dialect of
    JSON Schema that validators know, and without what was found to be wrong.
    """

    def __init__(self, file: str, text: str, data: Any) -> None:
        self.file, self.text, self.data = file, text, data
        self.written = data

    @cached_property
    def _lines(self) -> dict[str, int]:
        # Only a file with a mistake in it is read a second time, for its lines.
        try:
            return yaml_reader.lines(self.text)
        except yaml_reader.MalformedYAML:
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


class Note(Protocol):
    """What was found to be wrong, told in full when it is asked for."""

    @property
    def code(self) -> str:
        """What kind of mistake it is."""

    def problems(self) -> Iterator[Problem]:
        """Each mistake, with its line."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake whose line has not been looked up yet: that takes reading the file again."""

    source: Source
    pointer: str
    message: str
    code: str

    def problems(self) -> Iterator[Problem]:
        """The mistake with its line."""
        yield self.source.problem(self.pointer, self.message, self.code)


@dataclass(slots=True)
class Report:
    """The mistakes found so far; reading goes on after each, so that all are told at once.

    `doubts` are what only looks like a mistake.
    """

    notes: list[Note | Problem] = field(default_factory=list)
    doubts: list[Note | Problem] = field(default_factory=list)

    def add(self, source: Source, pointer: str, message: str, code: str = "invalid") -> None:
        """Note a mistake at `pointer` of `source`."""
        self.notes.append(Mistake(source, pointer, message, code))

    def warn(self, source: Source, pointer: str, message: str, code: str) -> None:
        """Note what is allowed, or can be served all the same, and is hardly meant."""
        self.doubts.append(Mistake(source, pointer, message, code))

    def tell(self, problem: Problem) -> None:
        """Note a mistake as it is."""
        self.notes.append(problem)

    @property
    def problems(self) -> list[Problem]:
        """The mistakes, in the order of files and lines."""
        return listed(self.notes)

    def close(self) -> None:
        """Raise ContractError if a mistake was noted."""
        if self.notes:
            raise self.error()

    def forgive(self) -> None:
        """Go on with what is left of a document that has mistakes: they become doubts.

        An example that breaks its schema stays a mistake, where it is one at all.
        """
        self.doubts += [one for one in self.notes if one.code != "example"]
        self.notes = [one for one in self.notes if one.code == "example"]

    def error(self) -> ContractError:
        """What was noted, as one error."""
        return ContractError(self.problems)


def listed(notes: Iterable[Note | Problem]) -> list[Problem]:
    """What was noted, each once, with lines, in the order of files and lines."""
    problems = {told for one in notes for told in ([one] if isinstance(one, Problem) else one.problems())}
    return sorted(problems, key=lambda one: (one.file, one.line or 0, one.pointer, one.message))


def read(root: Path, path: Path, report: Report) -> Source | None:
    """Read a YAML or JSON file below `root`; None, and a note in `report`, where that fails."""
    file = path.relative_to(root).as_posix()
    try:
        if not path.resolve().is_relative_to(root.resolve()):
            report.tell(Problem(file, "leads out of the contract directory", code="outside"))
            return None
        if path.stat().st_size > FILE_LIMIT:
            report.tell(Problem(file, f"is larger than {FILE_LIMIT >> 20} MiB", code="too-large"))
            return None
        raw = path.read_bytes()
    except OSError as error:
        report.tell(Problem(file, f"cannot be read: {error.strerror or error}", code="unreadable"))
        return None
    return parse(file, raw, report)


def parse(file: str, raw: bytes, report: Report) -> Source | None:
    """Read the bytes of a file; its ending says whether they are JSON or YAML."""
    try:
        text = raw.decode("utf-8-sig")
        data = strict_json.parse(raw) if file.endswith(".json") else yaml_reader.parse(text)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        report.tell(Problem(file, f"byte {error.start} is not UTF-8", line=line, code="malformed"))
        return None
    except (strict_json.MalformedJSON, yaml_reader.MalformedYAML) as error:
        line_found = error.line or _line_by_yaml(raw)
        kind = "JSON" if file.endswith(".json") else "YAML"
        report.tell(Problem(file, f"is no {kind}: {error.message}", line=line_found, code="malformed"))
        return None
    return Source(file, text, data)


def files(folder: Path) -> Iterable[Path]:
    """The YAML and JSON files directly in `folder`, by name."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and not path.name.startswith("."))


def _line_by_yaml(raw: bytes) -> int | None:
    try:
        yaml_reader.parse(raw.decode())
    except yaml_reader.MalformedYAML as error:
        return error.line
    except UnicodeDecodeError:
        return None
    return None
