"""YAML 1.2 (core schema) as plain JSON values, built from the C parser's events.

PyYAML's own constructors are not used: they follow YAML 1.1 (`on` is a boolean, dates become date objects), recurse
without a limit and expand aliases without counting.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import NoneType
from typing import Any

import yaml
from msgspec import Struct, field

from mockserver.errors import quote
from mockserver.syntax import json_pointer
from mockserver.syntax.malformed_text import MalformedText

DEPTH_LIMIT = 200
NODE_LIMIT = 2_000_000
MERGE = "<<"
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_IN_JSON = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_FIRST_OF_NUMBER = frozenset("0123456789+-.")
_WORDS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
# So many lines are read again that the parser does not take as YAML 1.2 has them.
REPAIR_LIMIT = 50
_LINE_BREAK = re.compile("(\r\n|[\r\n\x85\u2028\u2029])")
# Indicators, and a tab that separates them from what is not an indicator itself.
_TAB_AFTER_INDICATOR = re.compile(r" *(?:[-?:] +)*[-?:] *\t[ \t]*(?![-?:](?:\s|$))(?=\S)")
# What JSON writes a character beyond U+FFFF as.
_SURROGATES = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_NOT_IN_YAML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAG_PREFIX = "tag:yaml.org,2002:"
_CORE = {_TAG_PREFIX + name for name in ("str", "int", "float", "bool", "null", "map", "seq")}
# What a scalar with a tag has to be; a number without a fraction is a float, too.
_TYPES: Mapping[str, tuple[type, ...]] = {
    _TAG_PREFIX + "int": (int,), _TAG_PREFIX + "float": (int, float), _TAG_PREFIX + "bool": (bool,),
    _TAG_PREFIX + "null": (NoneType,),
}  # fmt: skip


class MalformedYAML(MalformedText):
    """Text that is not valid YAML, or not representable in JSON."""


class YAMLNote(Struct, frozen=True):
    """Something in a text that is valid and may be misunderstood."""

    line: int
    message: str
    code: str


def parse(text: str, notes: list[YAMLNote] | None = None) -> Any:
    """Read the single document in `text`. Keys are strings, as written. Raises MalformedYAML.

    Merge keys (`<<: *base`) are merged, as by the tools of YAML 1.1. What may be misunderstood is added to `notes`.
    """
    reader = _read(text)
    if notes is not None:
        notes += reader.notes
    return reader.result


def find_lines(text: str) -> dict[str, int]:
    """The line, from 1, of each JSON pointer in a YAML or JSON document. Raises MalformedYAML."""
    return _read(text, keep_lines=True).lines


class _OpenContainer(Struct):
    """A mapping or sequence that has not ended yet; `name` is the key whose value is read next.

    `merged` are the values of its merge keys; `is_merge` says whether the value of one is read next. `key_end` is where
    the latest key ends in the text.
    """

    value: Any
    pointer: str
    anchor: str | None
    nodes_before: int
    in_flow: bool = False
    key_end: int = -1
    name: str | None = None
    is_merge: bool = False
    merged: list[Any] = field(default_factory=list)


def _merge(container: _OpenContainer) -> None:
    """Add the members of the merged mappings; own members take precedence, and earlier mappings over later ones.

    https://yaml.org/type/merge.html
    """
    members = dict(container.value)
    merged: dict[str, Any] = {}
    for value in container.merged:
        mappings = value if isinstance(value, list) else [value]
        if all(isinstance(mapping, dict) for mapping in mappings):
            for mapping in mappings:
                merged |= {name: member for name, member in mapping.items() if name not in merged}
        else:
            members.setdefault(MERGE, value)
    container.value.clear()
    container.value.update(merged | members)


class _Unexpected(MalformedYAML):
    """There is something that YAML 1.2 may have there and the parser does not take: a tab, or a surrogate pair."""


def _read(text: str, *, keep_lines: bool = False) -> _Reader:
    """Read a text, whose lines may be what YAML 1.2 allows and libyaml does not take. Raises MalformedYAML."""
    for _ in range(REPAIR_LIMIT):
        reader = _Reader(text, keep_lines)
        try:
            reader.read()
        except _Unexpected as error:
            repaired = _repaired(text, (error.line or 1) - 1)
            if repaired == text:
                raise
            text = repaired
        else:
            return reader
    raise MalformedYAML(f"more than {REPAIR_LIMIT} lines have tabs that separate, or halves of characters (\\ud83d)")


def _repaired(text: str, number: int) -> str:
    """The text with another line of this number, from 0, that means the same to the parser as this one in YAML 1.2.

    Blank lines, and those with a comment alone, may begin with tabs, and tabs may separate (sections 6.2 and 6.6).
    Strings may have the surrogate pairs of JSON: those of other lines with quotes are replaced as well.
    """
    pieces = _LINE_BREAK.split(text)
    line = pieces[2 * number]
    content = line.lstrip(" \t")
    if not content or content.startswith("#"):
        pieces[2 * number] = content
    elif match := _TAB_AFTER_INDICATOR.match(line):
        pieces[2 * number] = line[: match.end()].replace("\t", " ") + line[match.end() :]
    elif _SURROGATES.search(line):
        for index, piece in enumerate(pieces):
            if index == 2 * number or ('"' in piece and "\\u" in piece):
                pieces[index] = _SURROGATES.sub(_join_surrogates, piece)
    return "".join(pieces)


def _join_surrogates(match: re.Match[str]) -> str:
    backslashes, high, low = match.groups()
    return f"{backslashes}\\U{0x10000 + (int(high, 16) - 0xD800) * 0x400 + int(low, 16) - 0xDC00:08x}"


class _Reader(Struct):
    text: str
    keep_lines: bool = False
    lines: dict[str, int] = field(default_factory=dict)
    nodes: int = 0
    stack: list[_OpenContainer] = field(default_factory=list)
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    # Scalars with an anchor as they are written, which an alias to them is as a key.
    names: dict[str, str] = field(default_factory=dict)
    result: Any = None
    documents: int = 0
    notes: list[YAMLNote] = field(default_factory=list)

    def read(self) -> None:
        try:
            for event in yaml.parse(self.text, Loader=LOADER):
                self._handle(event)
        except yaml.MarkedYAMLError as error:
            raise self._refusal(error) from None
        except yaml.YAMLError as error:
            character = _NOT_IN_YAML.search(self.text)
            if character is None:
                raise MalformedYAML(str(error).splitlines()[0]) from None
            *before, last = _LINE_BREAK.split(self.text[: character.start()])[::2]
            message = f"the character U+{ord(character[0]):04X} is not allowed"
            raise MalformedYAML(message, len(before) + 1, len(last) + 1) from None

    def _refusal(self, error: yaml.MarkedYAMLError) -> MalformedYAML:
        mark = error.problem_mark or error.context_mark
        message = error.problem or str(error.context)
        if mark is None:
            return MalformedYAML(message)
        lines = _LINE_BREAK.split(self.text)[::2]
        # Where the text ends too early, the parser names the line after it.
        number, column = (mark.line, mark.column) if mark.line < len(lines) else (len(lines) - 1, len(lines[-1]))
        line = lines[number]
        character, is_unexpected = line[column : column + 1], message == "found character that cannot start any token"
        if is_unexpected and character:
            message = f"{quote(character)} cannot begin a text without quotes"
        if "\t" in line[: len(line) - len(line.lstrip(" \t"))] or (is_unexpected and character == "\t"):
            message = "a tab indents this line, where YAML allows spaces alone"
        is_repairable = error.context != "while scanning a block scalar" and (
            character == "\t" or message == "found invalid Unicode character escape code"
        )
        return (_Unexpected if is_repairable else MalformedYAML)(message, number + 1, column + 1)

    def _handle(self, event: Any) -> None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._handle_scalar(event)
        elif kind is yaml.MappingStartEvent:
            self._open(event, {})
        elif kind is yaml.SequenceStartEvent:
            self._open(event, [])
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._close()
        elif kind is yaml.AliasEvent:
            self._handle_alias(event)
        elif kind is yaml.DocumentStartEvent:
            self.documents += 1
            if self.documents > 1:
                self._fail(event, "a second document begins here; a file may contain only one")

    def _handle_scalar(self, event: Any) -> None:
        top = self.stack[-1] if self.stack else None
        if top is not None and type(top.value) is dict and top.name is None:
            self._handle_key(event, top)
            return
        value = self._resolve(event)
        if event.anchor:
            self.names[event.anchor] = event.value
        if value is None and top is not None and top.in_flow and top.key_end == event.end_mark.index:
            message = (
                f"{quote(top.name)} is a member without a value here: in braces, a comma begins another member; "
                "write text with a comma in quotes"
            )
            self.notes.append(YAMLNote(event.start_mark.line + 1, message, "empty-member"))
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)
        self._add(event, value, 1)

    def _handle_key(self, event: Any, top: _OpenContainer) -> None:
        if event.anchor:
            self.anchors[event.anchor], self.names[event.anchor] = (self._resolve(event), 1), event.value
        if event.value == MERGE and not event.style and event.implicit[0]:
            top.name, top.is_merge = MERGE, True
            message = "<< merges another mapping into this one, which YAML 1.2 and JSON do not know"
            self.notes.append(YAMLNote(event.start_mark.line + 1, message, "merge-key"))
            return
        self._begin_member(event, top, event.value)

    def _begin_member(self, event: Any, top: _OpenContainer, name: str) -> None:
        if name in top.value:
            self._fail(event, f'the key "{name[:60]}" appears twice in one mapping')
        top.name, top.key_end = name, event.end_mark.index
        if self.keep_lines:
            self.lines[json_pointer.append(top.pointer, name)] = event.start_mark.line + 1

    def _open(self, event: Any, value: Any) -> None:
        top = self.stack[-1] if self.stack else None
        if top is not None and type(top.value) is dict and top.name is None:
            self._fail(event, "a key must be a string")
        if len(self.stack) >= DEPTH_LIMIT:
            self._fail(event, f"nested deeper than {DEPTH_LIMIT} levels")
        if event.tag is not None and event.tag not in _CORE:
            self._fail(event, f"the tag {event.tag[:60]} is not one of YAML's core schema")
        pointer = self._pointer() if self.keep_lines else ""
        nodes_before = self.nodes
        self._add(event, value, 1)
        self.stack.append(_OpenContainer(value, pointer, event.anchor, nodes_before, bool(event.flow_style)))

    def _close(self) -> None:
        closed = self.stack.pop()
        if closed.merged:
            _merge(closed)
            self.nodes += len(closed.value)
        if closed.anchor:
            self.anchors[closed.anchor] = (closed.value, self.nodes - closed.nodes_before)
            self.names.pop(closed.anchor, None)

    def _handle_alias(self, event: Any) -> None:
        top = self.stack[-1] if self.stack else None
        if event.anchor not in self.anchors:
            self._fail(event, f"the alias *{event.anchor[:60]} has no anchor before it")
        if top is not None and type(top.value) is dict and top.name is None:
            if event.anchor not in self.names:
                self._fail(event, "a key must be a string")
            self._begin_member(event, top, self.names[event.anchor])
            return
        value, nodes = self.anchors[event.anchor]
        self._add(event, value, nodes)

    def _add(self, event: Any, value: Any, nodes: int) -> None:
        self.nodes += nodes
        if self.nodes > NODE_LIMIT:
            self._fail(event, f"its aliases expand to more than {NODE_LIMIT:,} nodes")
        if not self.stack:
            self.result = value
            return
        top = self.stack[-1]
        if top.is_merge:
            top.merged.append(value)
            top.name, top.is_merge = None, False
            return
        if type(top.value) is dict:
            top.value[top.name] = value
            top.name = None
            return
        if self.keep_lines:
            self.lines[f"{top.pointer}/{len(top.value)}"] = event.start_mark.line + 1
        top.value.append(value)

    def _pointer(self) -> str:
        if not self.stack:
            return ""
        top = self.stack[-1]
        if type(top.value) is dict:
            return json_pointer.append(top.pointer, top.name or "")
        return f"{top.pointer}/{len(top.value)}"

    def _resolve(self, event: Any) -> Any:
        tag: str | None = event.tag
        if tag is None:
            return self._resolve_plain(event) if event.implicit[0] and not event.style else event.value
        if tag not in _CORE and tag != "!":
            self._fail(event, f"the tag {tag[:60]} is not one of YAML's core schema")
        if tag in _TYPES:
            value = self._resolve_plain(event)
            if type(value) not in _TYPES[tag]:
                self._fail(event, f"{quote(event.value)} is not of the type !!{tag.removeprefix(_TAG_PREFIX)}")
            return value
        return event.value

    def _resolve_plain(self, event: Any) -> Any:
        text: str = event.value
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in _FIRST_OF_NUMBER:
            return text
        if INTEGER.fullmatch(text) and len(text) <= 400:
            return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        if FLOAT.fullmatch(text) and abs(number := float(text)) != float("inf"):
            return number
        if _NOT_IN_JSON.fullmatch(text):
            self._fail(event, f"{text} is a number that JSON cannot represent")
        return text

    def _fail(self, event: Any, message: str) -> None:
        raise MalformedYAML(message, event.start_mark.line + 1, event.start_mark.column + 1)
