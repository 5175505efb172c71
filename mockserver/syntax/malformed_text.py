"""Text that does not have the syntax that it should have, and where."""

from __future__ import annotations


class MalformedText(ValueError):
    """`message` says what is wrong with the text; `line` and `column` (from 1) say where, if that is known."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        self.message, self.line, self.column = message, line, column
        super().__init__(message, line, column)

    def __str__(self) -> str:
        if self.line is None:
            return self.message
        return f"{self.message} at line {self.line}" + ("" if self.column is None else f" column {self.column}")
