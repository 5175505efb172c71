"""JSONPath queries (RFC 9535). Names after a dot may have hyphens, too, as in `$.info.x-team`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from mockserver.errors import quote


class MalformedPath(ValueError):
    """A text that is not a JSONPath query; the message is a predicate that says where and why."""


class PathNode(NamedTuple):
    """A value, and the names and indexes that lead to it."""

    tokens: tuple[str | int, ...]
    value: Any


# What selectors and segments are compiled to: the nodes that they select of a node, given the root.
Select = Callable[[PathNode, Any], Iterable[PathNode]]
# What an expression of a filter is compiled to, given the present value and the root.
Evaluate = Callable[[Any, Any], Any]

_NAME = re.compile(r"[^\W\d][\w-]*|[^\x00-\x7f][\w-]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_STRING = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_BLANK = re.compile(r"[ \t\n\r]*")
_OPERATORS = ("==", "!=", "<=", ">=", "<", ">")
_LITERALS = {"true": True, "false": False, "null": None}
# In parentheses and filters inside each other.
DEPTH_LIMIT = 50
# What an expression stands for that selects nothing.
_NOTHING = object()


def find(query: str, document: Any) -> list[PathNode]:
    """The nodes of a document that a query selects, each once. Raises MalformedPath."""
    select = _Parser(query).parse()
    return list({node.tokens: node for node in select(PathNode((), document), document)}.values())


class _Parser:
    """Compiles one query."""

    def __init__(self, text: str) -> None:
        self._text, self._position, self._depth = text, 0, 0

    def parse(self) -> Select:
        self._expect("$")
        select, _ = self._read_segments()
        self._skip_blank()
        if self._position < len(self._text):
            raise self._error("is not expected here")
        return select

    def _read_segments(self) -> tuple[Select, bool]:
        """The segments that follow, and whether they select one node at most."""
        segments, is_singular = list[Select](), True
        while True:
            start = self._position
            self._skip_blank()
            if self._take(".."):
                selectors = [self._read_shorthand()] if not self._take("[") else self._read_selectors()[0]
                segments.append(_descend(selectors))
                is_singular = False
            elif self._take("."):
                is_singular = is_singular and not self._sees("*")
                segments.append(self._read_shorthand())
            elif self._take("["):
                selectors, is_one = self._read_selectors()
                is_singular = is_singular and is_one
                segments.append(_union(selectors))
            else:
                self._position = start
                return _chain(segments), is_singular

    def _read_shorthand(self) -> Select:
        if self._take("*"):
            return _select_all
        name = self._match(_NAME)
        if name is None:
            raise self._error("should be a name or *")
        return _select_member(name[0])

    def _read_selectors(self) -> tuple[list[Select], bool]:
        """The selectors up to the closing bracket, and whether they are a single name or index."""
        selectors, is_singular = list[Select](), True
        while True:
            self._skip_blank()
            selector, is_one = self._read_selector()
            selectors.append(selector)
            is_singular = is_singular and is_one
            self._skip_blank()
            if not self._take(","):
                self._expect("]")
                return selectors, is_singular and len(selectors) == 1

    def _read_selector(self) -> tuple[Select, bool]:
        if self._take("*"):
            return _select_all, False
        if self._take("?"):
            test = self._nested(self._read_or)
            return _select_if(test), False
        if (text := self._read_string()) is not None:
            return _select_member(text), True
        bounds = [self._read_integer()]
        while len(bounds) < 3:
            self._skip_blank()
            if not self._take(":"):
                break
            self._skip_blank()
            bounds.append(self._read_integer())
        if len(bounds) > 1:
            return _select_slice(slice(*bounds)), False
        if bounds[0] is None:
            raise self._error("should be a name in quotes, an index, a slice, * or a filter")
        return _select_index(bounds[0]), True

    def _read_or(self) -> Evaluate:
        tests = [self._read_and()]
        while self._take_operator("||"):
            tests.append(self._read_and())
        return tests[0] if len(tests) == 1 else lambda value, root: any(test(value, root) for test in tests)

    def _read_and(self) -> Evaluate:
        tests = [self._read_test()]
        while self._take_operator("&&"):
            tests.append(self._read_test())
        return tests[0] if len(tests) == 1 else lambda value, root: all(test(value, root) for test in tests)

    def _read_test(self) -> Evaluate:
        self._skip_blank()
        if self._take("!"):
            test = self._nested(self._read_test)
            return lambda value, root: not test(value, root)
        if self._take("("):
            inner: Evaluate = self._nested(self._read_or)
            self._skip_blank()
            self._expect(")")
            return inner
        left, is_query = self._read_operand()
        self._skip_blank()
        operator = next((name for name in _OPERATORS if self._take(name)), None)
        if operator is not None:
            self._skip_blank()
            right, _ = self._read_operand()
            return _comparison(operator, left, right)
        # A query is a test of existence, a function one of its result.
        return lambda value, root: left(value, root) is not _NOTHING if is_query else left(value, root) is True

    def _read_operand(self) -> tuple[Evaluate, bool]:
        """What is compared or tested, and whether it is a query."""
        if self._sees("@") or self._sees("$"):
            return self._read_query(), True
        if (text := self._read_string()) is not None:
            return lambda _value, _root: text, False
        if (number := self._match(_NUMBER)) is not None:
            parsed = float(number[0]) if re.search("[.eE]", number[0]) else int(number[0])
            return lambda _value, _root: parsed, False
        name = self._match(_NAME)
        if name is not None and name[0] in _LITERALS:
            literal = _LITERALS[name[0]]
            return lambda _value, _root: literal, False
        if name is not None and name[0] in _FUNCTIONS and self._take("("):
            call: Evaluate = self._nested(lambda: self._read_call(name[0]))
            return call, False
        raise self._error("should be a query, a literal or a function")

    def _read_query(self) -> Evaluate:
        """A query inside a filter, as its single value; of several nodes, as a list of their values."""
        is_relative = self._take("@") or not self._take("$")
        select, is_singular = self._nested(self._read_segments)

        def evaluate(value: Any, root: Any) -> Any:
            selected = [node.value for node in select(PathNode((), value if is_relative else root), root)]
            if not selected:
                return _NOTHING
            return selected[0] if is_singular else _Nodes(selected)

        return evaluate

    def _read_call(self, name: str) -> Evaluate:
        arguments = list[Evaluate]()
        count, function = _FUNCTIONS[name]
        while True:
            self._skip_blank()
            arguments.append(self._read_operand()[0])
            self._skip_blank()
            if not self._take(","):
                self._expect(")")
                break
        if len(arguments) != count:
            raise self._error(f"should follow {count} arguments of {name}")
        return lambda value, root: function(*(argument(value, root) for argument in arguments))

    def _read_string(self) -> str | None:
        match = self._match(_STRING)
        if match is None:
            return None
        text = match[1] if match[1] is not None else match[2]
        unescaped = _ESCAPE.sub(_unescape, text)
        # Surrogate pairs, as JSON writes them.
        return unescaped.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _read_integer(self) -> int | None:
        match = self._match(_INTEGER)
        return int(match[0]) if match is not None else None

    def _nested(self, read: Callable[[], Any]) -> Any:
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise self._error(f"is nested more than {DEPTH_LIMIT} deep")
        result = read()
        self._depth -= 1
        return result

    def _take_operator(self, text: str) -> bool:
        self._skip_blank()
        return self._take(text)

    def _skip_blank(self) -> None:
        self._match(_BLANK)

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self._text, self._position)
        if match is not None:
            self._position = match.end()
        return match

    def _sees(self, text: str) -> bool:
        return self._text.startswith(text, self._position)

    def _take(self, text: str) -> bool:
        is_there = self._sees(text)
        self._position += len(text) if is_there else 0
        return is_there

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise self._error(f"should be {text}")

    def _error(self, message: str) -> MalformedPath:
        rest = self._text[self._position : self._position + 20]
        place = f"what follows {self._position} characters, {quote(rest)}," if rest else "what follows its end"
        return MalformedPath(f"is not a JSONPath query: {place} {message}")


def _unescape(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else _ESCAPED.get(escape[2], escape[2])


class _Nodes(list[Any]):
    """The values of several nodes."""


def _chain(segments: list[Select]) -> Select:
    def select(node: PathNode, root: Any) -> Iterable[PathNode]:
        nodes: list[PathNode] = [node]
        for segment in segments:
            nodes = [selected for each in nodes for selected in segment(each, root)]
        return nodes

    return select


def _union(selectors: list[Select]) -> Select:
    return lambda node, root: [selected for selector in selectors for selected in selector(node, root)]


def _descend(selectors: list[Select]) -> Select:
    def select(node: PathNode, root: Any) -> Iterator[PathNode]:
        stack = [node]
        while stack:
            current = stack.pop()
            for selector in selectors:
                yield from selector(current, root)
            stack += reversed(list(_select_all(current, root)))

    return select


def _select_all(node: PathNode, _root: Any) -> Iterator[PathNode]:
    tokens, value = node
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for token, member in members:
        yield PathNode((*tokens, token), member)


def _select_member(name: str) -> Select:
    def select(node: PathNode, _root: Any) -> Iterator[PathNode]:
        if isinstance(node.value, dict) and name in node.value:
            yield PathNode((*node.tokens, name), node.value[name])

    return select


def _select_index(index: int) -> Select:
    def select(node: PathNode, _root: Any) -> Iterator[PathNode]:
        if isinstance(node.value, list) and -len(node.value) <= index < len(node.value):
            yield PathNode((*node.tokens, index % len(node.value)), node.value[index])

    return select


def _select_slice(bounds: slice) -> Select:
    def select(node: PathNode, _root: Any) -> Iterator[PathNode]:
        if isinstance(node.value, list) and bounds.step != 0:
            for index in range(*bounds.indices(len(node.value))):
                yield PathNode((*node.tokens, index), node.value[index])

    return select


def _select_if(test: Evaluate) -> Select:
    return lambda node, root: [each for each in _select_all(node, root) if test(each.value, root)]


def _comparison(operator: str, left: Evaluate, right: Evaluate) -> Evaluate:
    def evaluate(value: Any, root: Any) -> bool:
        return _compare(operator, left(value, root), right(value, root))

    return evaluate


def _compare(operator: str, left: Any, right: Any) -> bool:
    if operator in ("==", "!="):
        return _is_equal(left, right) == (operator == "==")
    if _is_equal(left, right) and operator in ("<=", ">="):
        return True
    are_numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (left, right))
    if not are_numbers and not (isinstance(left, str) and isinstance(right, str)):
        return False
    return bool(left < right if operator.startswith("<") else left > right)


def _is_equal(left: Any, right: Any) -> bool:
    return left is right or (isinstance(left, bool) == isinstance(right, bool) and bool(left == right))


def _length(value: Any) -> Any:
    return len(value) if isinstance(value, str | list | dict) else _NOTHING


def _count(value: Any) -> Any:
    return len(value) if isinstance(value, _Nodes) else int(value is not _NOTHING)


def _value(value: Any) -> Any:
    if isinstance(value, _Nodes):
        return value[0] if len(value) == 1 else _NOTHING
    return value


def _match(value: Any, pattern: Any) -> bool:
    return _apply(re.fullmatch, value, pattern)


def _search(value: Any, pattern: Any) -> bool:
    return _apply(re.search, value, pattern)


def _apply(function: Callable[[str, str], object], value: Any, pattern: Any) -> bool:
    if not isinstance(value, str) or not isinstance(pattern, str):
        return False
    try:
        return function(pattern, value) is not None
    except re.error:
        return False


# By name: how many arguments a function has, and what it returns (RFC 9535, section 2.4).
_FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "length": (1, _length), "count": (1, _count), "value": (1, _value), "match": (2, _match), "search": (2, _search),
}  # fmt: skip
