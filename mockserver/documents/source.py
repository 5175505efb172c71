"""The files of a contract, each with its text, its data and the lines of both, and the report of their mistakes."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct, field

from mockserver.errors import ContractError, Problem, unknown_name
from mockserver.syntax import strict_json, yaml_reader

FILE_LIMIT = 256 * 1024 * 1024
SUFFIXES = (".yaml", ".yml", ".json")


class Source:
    """One file of a contract. `file` is its path relative to the contract directory.

    `written` is the content as written, except that references are absolute. `data` is the content as served: schemas
    are JSON Schema 2020-12, and whatever has a mistake is left out.
    """

    def __init__(self, file: str, text: str, data: Any) -> None:
        self.file, self.text, self.data = file, text, data
        self.written = data

    @property
    def original(self) -> Source:
        """The file as it is written: itself, unless it has been converted."""
        return self

    @property
    def files(self) -> tuple[str, ...]:
        """The files that the content is made of."""
        return self.original.files if self.original is not self else (self.file,)

    def locate(self, pointer: str) -> str | None:
        """Where in `data` the value is that is written at `pointer`; None if it is not there."""
        return pointer

    def origin(self, pointer: str) -> str:
        """Where the value at `pointer` of `data` is written."""
        return pointer

    @cached_property
    def _lines(self) -> dict[str, int]:
        # Found by a second parse, which only a file with a mistake needs.
        try:
            return yaml_reader.find_lines(self.text)
        except yaml_reader.MalformedYAML:
            return {}

    def line(self, pointer: str) -> int:
        """The line, from 1, of the value at `pointer`, or of its nearest ancestor with a known line."""
        while pointer:
            if pointer in self._lines:
                return self._lines[pointer]
            pointer = pointer.rpartition("/")[0]
        return 1

    def problem(self, pointer: str, message: str, code: str = "invalid") -> Problem:
        """A mistake at `pointer` of this file, with its line."""
        return Problem(self.file, message, pointer, self.line(pointer), code)


class DeferredProblems(Protocol):
    """One or more mistakes whose details are costly and therefore computed only when they are shown."""

    @property
    def code(self) -> str:
        """The kind of mistake."""

    def problems(self) -> Iterator[Problem]:
        """Each mistake, with its line."""


class Mistake(Struct, frozen=True):
    """A mistake whose line has not been determined yet, since that takes a second parse of the file."""

    source: Source
    pointer: str
    message: str
    code: str

    def problems(self) -> Iterator[Problem]:
        """The mistake with its line."""
        yield self.source.problem(self.pointer, self.message, self.code)


class Report(Struct):
    """Collects the mistakes of a contract, so that a load reports all of them and not only the first.

    `errors` keep the contract from being served; `warnings` do not.
    """

    errors: list[DeferredProblems | Problem] = field(default_factory=list)
    warnings: list[DeferredProblems | Problem] = field(default_factory=list)

    def add(self, source: Source, pointer: str, message: str, code: str = "invalid") -> None:
        """Record an error at `pointer` of `source`."""
        self.errors.append(Mistake(source, pointer, message, code))

    def warn(self, source: Source, pointer: str, message: str, code: str) -> None:
        """Record a warning: something that is allowed, or can be served anyway, but is probably not intended."""
        self.warnings.append(Mistake(source, pointer, message, code))

    def add_problem(self, problem: Problem) -> None:
        """Record an error whose line is known already, or that has none."""
        self.errors.append(problem)

    @property
    def problems(self) -> list[Problem]:
        """The errors, ordered by file and line."""
        return list_problems(self.errors)

    def raise_errors(self) -> None:
        """Raise ContractError if there are errors."""
        if self.errors:
            raise self.as_error()

    def downgrade_to_warnings(self) -> None:
        """Turn the errors into warnings, except those about examples: an option decides on their severity."""
        self.warnings += [error for error in self.errors if error.code != "example"]
        self.errors = [error for error in self.errors if error.code == "example"]

    def as_error(self) -> ContractError:
        """The errors as one exception."""
        return ContractError(self.problems)


class FileReport(Struct):
    """The part of a contract's report that is about one file; names of what is declared elsewhere are checked."""

    source: Source
    contract_report: Report

    def add(self, pointer: str, message: str, code: str = "invalid") -> None:
        """Record an error at `pointer`."""
        self.contract_report.add(self.source, pointer, message, code)

    def check_name(self, pointer: str, kind: str, name: str, declared: Collection[str]) -> bool:
        """Whether a name is declared; one that is not is an error. `kind` says what it is the name of."""
        if name not in declared:
            self.add(pointer, unknown_name(kind, name, declared), "unknown-name")
        return name in declared

    def check_names(self, pointer: str, kind: str, names: Iterable[str], declared: Collection[str]) -> None:
        """Record an error for each name that is not declared."""
        for name in names:
            self.check_name(pointer, kind, name, declared)


def list_problems(deferred: Iterable[DeferredProblems | Problem]) -> list[Problem]:
    """Every distinct mistake with its line, ordered by file and line."""
    problems: set[Problem] = set()
    for entry in deferred:
        problems.update([entry] if isinstance(entry, Problem) else entry.problems())
    return sorted(problems, key=lambda problem: (problem.file, problem.line or 0, problem.pointer, problem.message))


class _NotReadable(Exception):
    """A file is refused before it is parsed: a predicate that says why, and the code of the problem."""

    def __init__(self, message: str, code: str = "unreadable") -> None:
        self.message, self.code = message, code
        super().__init__(message, code)


def read_source(root: Path, path: Path, report: Report, *, as_text: bool = False) -> Source | None:
    """Read a YAML or JSON file below `root`; None, and an error in `report`, if that fails.

    With `as_text`, its data is its text, whatever that is.
    """
    file = name_of(root, path)
    try:
        raw = _read(root, path)
    except _NotReadable as error:
        report.add_problem(Problem(file, error.message, code=error.code))
        return None
    if as_text:
        try:
            return Source(file, raw.decode("utf-8-sig"), raw.decode("utf-8-sig"))
        except UnicodeDecodeError:
            report.add_problem(Problem(file, "is not text in UTF-8", code="malformed"))
            return None
    return parse_source(file, raw, report)


def name_of(root: Path, path: Path) -> str:
    """The path below `root` as text that can be printed: bytes that are not UTF-8 become escapes."""
    return os.fsencode(path.relative_to(root).as_posix()).decode(errors="backslashreplace")


def _read(root: Path, path: Path) -> bytes:
    """The bytes of a regular file within `root`. Raises _NotReadable."""
    try:
        os.fsencode(path.relative_to(root)).decode()
        if not path.resolve().is_relative_to(root.resolve()):
            raise _NotReadable("resolves to a path outside the contract directory", "outside")
        # Opening a FIFO would wait for its writer, even if it has replaced the file only after this check.
        if not stat.S_ISREG(path.stat().st_mode):
            raise _NotReadable("cannot be read: it is not a regular file")
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as file:
            # A file may grow while it is read.
            size = os.fstat(descriptor).st_size
            if size > FILE_LIMIT:
                raise _NotReadable(f"is larger than {FILE_LIMIT >> 20} MiB", "too-large")
            return file.read(size)
    except UnicodeDecodeError:
        raise _NotReadable("has a name that is not UTF-8; rename it", "file-name") from None
    except OSError as error:
        raise _NotReadable(f"cannot be read: {error.strerror or error}") from None
    except RuntimeError:
        raise _NotReadable("cannot be read: its symbolic links form a loop") from None
    except ValueError:
        raise _NotReadable("cannot be read: its path contains a null character") from None


def parse_source(file: str, raw: bytes, report: Report) -> Source | None:
    """Parse the content of a file as JSON or YAML, depending on its suffix; None, and an error, if that fails."""
    syntax = "JSON" if file.endswith(".json") else "YAML"
    try:
        text = raw.decode("utf-8-sig")
        notes: list[yaml_reader.YAMLNote] = []
        data = strict_json.parse(raw, None) if syntax == "JSON" else yaml_reader.parse(text, notes)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        report.add_problem(Problem(file, f"byte {error.start} is not UTF-8", line=line, code="malformed"))
        return None
    except (strict_json.MalformedJSON, yaml_reader.MalformedYAML) as error:
        message = f"is not valid {syntax}: {error.message}"
        if error.column is not None:
            message += f", at column {error.column}"
        report.add_problem(Problem(file, message, line=error.line or _find_yaml_error_line(raw), code="malformed"))
        return None
    report.warnings += [Problem(file, note.message, line=note.line, code=note.code) for note in notes]
    return Source(file, text, data)


def list_files(folder: Path) -> Iterable[Path]:
    """The YAML and JSON files directly in `folder`, sorted by name, without hidden ones."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and not path.name.startswith("."))


def _find_yaml_error_line(raw: bytes) -> int | None:
    """The line of the first YAML error: of JSON whose own parser reports none, such as a duplicate name."""
    try:
        yaml_reader.parse(raw.decode())
    except yaml_reader.MalformedYAML as error:
        return error.line
    except UnicodeDecodeError:
        return None
    return None
