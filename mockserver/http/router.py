"""Matches a method and path to an operation or a page, by rules of Werkzeug's `Map`.

A concrete path is matched before a templated one (OpenAPI 3.1, section 4.8.8.1), even if it lacks the method.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from math import factorial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from msgspec import Struct, field
from werkzeug import exceptions
from werkzeug.routing import BaseConverter, Map, MapAdapter

from mockserver.errors import Refusal
from mockserver.http import path_precedence
from mockserver.http.lazy_rule import LazyRule
from mockserver.http.messages import PATH_CHARACTERS, Request, Response
from mockserver.http.nearest_operations import Candidates, NearestOperations
from mockserver.http.request.addressing import decode_path
from mockserver.http.request.parameters import has_valid_parameters
from mockserver.openapi.model import Operation, Parameter, template_shape
from mockserver.openapi.object_types import METHODS
from mockserver.refusals import MethodNotAllowed, UnknownPath

if TYPE_CHECKING:
    from mockserver.http.exchange import Exchange

# The operations of the control API that concern no sandbox, or another one than the request names.
WITHOUT_SANDBOX = frozenset(
    {"deleteSandbox", "getContractDocument", "getControlDocument", "getHealth", "getKit", "listSandboxes", "reset"}
)
# The status, the value, and headers if there are any.
ControlResult = tuple[int, Any] | tuple[int, Any, dict[str, str]]
ControlHandler = Callable[["Exchange", Any], ControlResult]
Render = Callable[["Exchange", Mapping[str, str]], Response]
CONTROL_PREFIX = "/__mock"
# The only path of the control API elsewhere, unless the contract has an operation there.
CONTRACT_DOCUMENT = "/openapi.json"
_TEMPLATE = re.compile(r"\{([^{}]*)\}")
# What stands for an empty first segment, which Werkzeug drops: no path of a request has a `%` alone.
_EMPTY_SEGMENT = "/%"
# In how many ways a segment is divided at most between several parameters: so many are tried in a fraction of a second.
DIVISION_LIMIT = 10_000_000
_LONE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")


def is_control_path(path: str) -> bool:
    """Whether a path belongs to the control API, the pages' assets or the console."""
    return path.startswith(CONTROL_PREFIX) and (len(path) == len(CONTROL_PREFIX) or path[len(CONTROL_PREFIX)] == "/")


def is_own_path(path: str, serves_document: bool) -> bool:
    """Whether a path is the control API's or the pages', or that of the contract's document if it is served there."""
    return is_control_path(path) or (path == CONTRACT_DOCUMENT and serves_document)


class Target(Struct, frozen=True):
    """What responds at a path: an operation of the contract, one of the control API (`handle`), or a page (`render`).

    There are several operations where their paths differ only in the query or fragment that is written into them, or in
    the names of their parameters; `is_chosen` says that the request chooses one, or must have the query. `allowed` are
    the methods of a path that refuses all others. Without `needs_sandbox`, the operation concerns no sandbox or another
    one than the request names.
    """

    operations: tuple[Operation, ...] = ()
    handle: ControlHandler | None = None
    render: Render | None = None
    allowed: frozenset[str] = frozenset()
    needs_sandbox: bool = True
    is_chosen: bool = False


NOTHING = Target()


class Route(Struct, frozen=True):
    """The target of one request, or its `refusal`. `arguments` are the path parameters, in their order in the path."""

    target: Target
    operation: Operation | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    refusal: Refusal | None = None

    @property
    def is_page(self) -> bool:
        """Whether the target is a page."""
        return self.target.render is not None

    @property
    def is_control(self) -> bool:
        """Whether the target is an operation of the control API."""
        return self.target.handle is not None


class ControlRules:
    """The rules of the control API, made of its operations by name; the routers of a process share them."""

    def __init__(self, control: Mapping[str, tuple[Operation, ControlHandler]], serves_document: bool) -> None:
        self.map, self.targets = _create_map(), dict[str, dict[str, Target]]()
        self.nearest = NearestOperations(operation for operation, _ in control.values())
        for name, (operation, handle) in control.items():
            if is_own_path(operation.path, serves_document):
                targets = {operation.method: _control_target(operation, handle)}
                _add_rule(self, f"control:{name}", rule_of(operation), targets)


class Router:
    """The rules of a contract's operations, of the pages and of the control API.

    `map` holds the rules of the first two; Flask uses the same map. Those of the control API are loaded by
    `load_control` at the first request that may be one to them; it gets whether `/openapi.json` is the control API's.
    There is one rule for each path. The endpoints of `map` are the keys of `targets`, whose values are what responds to
    each method.
    """

    def __init__(self, operations: Iterable[Operation], load_control: Callable[[bool], ControlRules]) -> None:
        self.map = _create_map()
        self.targets: dict[str, dict[str, Target]] = {}
        self._operations, self._load_control = list(operations), load_control
        self._serves_document = not self.has_path(CONTRACT_DOCUMENT)
        self._nearest = NearestOperations(self._operations)
        self._has_empty_segment = any(operation.route.startswith("//") for operation in self._operations)
        self._add_operations()

    @cached_property
    def _control(self) -> ControlRules:
        return self._load_control(self._serves_document)

    def is_own_path(self, path: str) -> bool:
        """Whether a path is the control API's or the pages', or that of the contract's document."""
        return is_own_path(path, self._serves_document)

    def add_page(self, endpoint: str, rule: str, render: Render) -> None:
        """Respond to GET and HEAD with `render` at a path, which is written as a Werkzeug rule."""
        _add_rule(self, endpoint, rule, dict.fromkeys(("GET", "OPTIONS"), Target(render=render)))

    def has_path(self, path: str) -> bool:
        """Whether the contract has an operation at exactly this path."""
        return any(operation.path == path for operation in self._operations)

    def match(self, request: Request) -> Route:
        """The route of a request. A request that matches nothing gets a route with a refusal."""
        path = request.match_path
        if self._has_empty_segment and path.startswith("//"):
            route = self._match(request, _EMPTY_SEGMENT + path[1:])
            if isinstance(route.refusal, MethodNotAllowed) or (
                route.operation is not None and route.operation.route.startswith("//")
            ):
                return route
        return self._match(request, path)

    def _match(self, request: Request, path: str) -> Route:
        methods = set[str]()
        for rules in (self._control, self) if self.is_own_path(path) else (self,):
            adapter = MapAdapter(rules.map, "", "", None, "http", path, request.method)
            try:
                rule, arguments = adapter.match(return_rule=True)
            except exceptions.MethodNotAllowed as error:
                methods.update(error.valid_methods or ())
            except exceptions.NotFound:
                pass
            else:
                return self._follow(request, adapter, rules.targets[rule.endpoint][request.method], arguments)
        if request.method == "OPTIONS" and request.match_path == "*":
            # RFC 9110, section 9.3.7: this is about the server in general.
            methods = self.methods
        return self._refuse_method(request, methods) if methods else Route(NOTHING, refusal=self.unknown_path(request))

    def _follow(self, request: Request, adapter: MapAdapter, target: Target, arguments: Mapping[str, str]) -> Route:
        """The route of a request that matches a rule."""
        if target.allowed:
            return self._refuse_method(request, target.allowed)
        if target.render is not None and request.method == "OPTIONS":
            return self._refuse_method(request, adapter.allowed_methods(), target)
        if target.is_chosen:
            return self._choose(request, target, arguments)
        return Route(target, target.operations[0] if target.operations else None, arguments)

    def _choose(self, request: Request, target: Target, arguments: Mapping[str, str]) -> Route:
        """The operation whose path holds the largest part of the request's query; of several, the first valid one."""
        sent = set(request.args.items(multi=True))
        possible = [operation for operation in target.operations if sent.issuperset(operation.query)]
        if not possible:
            return Route(NOTHING, refusal=self.unknown_path(request))
        most = max(len(operation.query) for operation in possible)
        possible = [operation for operation in possible if len(operation.query) == most]
        valid = (operation for operation in possible if has_valid_parameters(operation, request, arguments))
        operation = next(valid, possible[0]) if len(possible) > 1 else possible[0]
        return Route(target, operation, arguments)

    def unknown_path(self, request: Request) -> UnknownPath:
        """The refusal of a request that matches nothing, with the nearest operations."""
        method = _named_method(request)
        return UnknownPath(method, request.path, self.nearest(method, request.path))

    def nearest(self, method: str, path: str) -> Candidates:
        """The operations nearest to a request, best first, each with why it did not match."""
        operations = self._control.nearest if is_control_path(path) else self._nearest
        return operations.find(method, path)

    @cached_property
    def methods(self) -> set[str]:
        """The methods that an operation has, at whatever path."""
        methods = {operation.method for operation in self._operations}
        return methods | ({"HEAD"} if "GET" in methods else set())

    def _refuse_method(self, request: Request, methods: Iterable[str], target: Target = NOTHING) -> Route:
        return Route(target, refusal=MethodNotAllowed(_named_method(request), {*methods, "OPTIONS"}))

    def _add_operations(self) -> None:
        groups: dict[tuple[str, str], list[Operation]] = {}
        for operation in self._operations:
            groups.setdefault((operation.method, template_shape(operation.route)), []).append(operation)
        # By its shape, each path as a rule, and what responds to each method there.
        paths: dict[str, tuple[str, dict[str, Target]]] = {}
        # By prefix, the methods of each path below it.
        methods: dict[str, dict[str, set[str]]] = {"": {}}
        for (method, shape), group in groups.items():
            target = _target_of(group)
            for prefix in ("", *group[0].prefixes):
                methods.setdefault(prefix, {}).setdefault(shape, set()).add(method)
                # An operation that is declared at exactly that path takes precedence.
                if not prefix or (method, prefix + shape) not in groups:
                    _, targets = paths.setdefault(prefix + shape, (rule_of(group[0], prefix), {}))
                    targets.setdefault(method, target)
        _refuse_other_methods(methods, paths)
        for number, (rule, targets) in enumerate(paths.values()):
            _add_rule(self, f"api:{number}", rule, targets)


def _named_method(request: Request) -> str:
    """The method that a refusal names: to HEAD, it is as long as to GET (RFC 9110, section 8.6)."""
    return "GET" if request.method == "HEAD" else request.method


def _create_map() -> Map:
    return Map(merge_slashes=False, redirect_defaults=False, converters={"first": FirstOfSeveral})


def _add_rule(rules: Router | ControlRules, endpoint: str, rule: str, targets: dict[str, Target]) -> None:
    """Add a rule for a path with these targets by method; HEAD has that of GET unless it has its own."""
    if "GET" in targets:
        targets.setdefault("HEAD", targets["GET"])
    rules.targets[endpoint] = targets
    rules.map.add(LazyRule(rule, methods=targets, endpoint=endpoint, strict_slashes=False))


def _refuse_other_methods(
    methods: Mapping[str, Mapping[str, set[str]]], paths: Mapping[str, tuple[str, dict[str, Target]]]
) -> None:
    """Refuse the other methods of a concrete path, which would otherwise match a templated path below the prefix."""
    covered = {shapes: path_precedence.find_covered(shapes) for shapes in {tuple(below) for below in methods.values()}}
    for prefix, below in methods.items():
        for shape in covered[tuple(below)]:
            allowed = below[shape] | ({"HEAD"} if "GET" in below[shape] else set())
            _, targets = paths[prefix + shape]
            for method in map(str.upper, METHODS):
                if method not in allowed:
                    targets.setdefault(method, Target(allowed=frozenset(allowed)))


def _target_of(operations: Sequence[Operation]) -> Target:
    """What responds to one method at the paths of one shape."""
    if len(operations) == 1 and not operations[0].query:
        return Target(tuple(operations))
    # One whose path parameters may be anything would hide the others.
    return Target(tuple(sorted(operations, key=_count_unrestricted)), is_chosen=True)


def _control_target(operation: Operation, handle: ControlHandler) -> Target:
    return Target((operation,), handle=handle, needs_sandbox=operation.id not in WITHOUT_SANDBOX)


def rule_of(operation: Operation, prefix: str = "") -> str:
    """The operation's path as a Werkzeug rule. Its parameters are numbered: their names may not be valid in a rule."""
    pieces = _TEMPLATE.split(prefix + operation.route)
    literals = [_decode_literal(piece).replace("<", "%3C") for piece in pieces[::2]]
    segments = list(accumulate(literal.count("/") for literal in literals[:-1]))
    parts = [
        literal + _parameter(f"p{number}", number - segments.index(segment), segments.count(segment))
        for number, (literal, segment) in enumerate(zip(literals, segments, strict=False))
    ]
    rule = "".join(parts) + literals[-1]
    return _EMPTY_SEGMENT + rule[1:] if rule.startswith("//") else rule


def _parameter(name: str, number: int, together: int) -> str:
    """A parameter in a Werkzeug rule: the one with this number of so many that are together in one segment."""
    return f"<{name}>" if together == 1 or number else f"<first({together}):{name}>"


class FirstOfSeveral(BaseConverter):
    """The first of several parameters in a segment, which may be so long that few divisions of it have to be tried."""

    part_isolating = True

    def __init__(self, map: Map, together: int) -> None:
        super().__init__(map)
        # A segment of n characters is divided between k parameters in about n^k/k! ways.
        limit = int((DIVISION_LIMIT * factorial(together)) ** (1 / together))
        self.regex = f"(?=[^/]{{1,{limit}}}\\Z)[^/]+"


def _decode_literal(path: str) -> str:
    """The literal part of a declared path as the path of a request is decoded, where a lone `%` is sent encoded."""
    return decode_path(_LONE_PERCENT.sub("%25", quote(path, safe=PATH_CHARACTERS))) if "%" in path else path


def _count_unrestricted(operation: Operation) -> int:
    """How many path parameters of an operation may be any text."""
    return sum(
        parameter.location == "path" and "string" in parameter.notation.shape.types and not _restricts(parameter)
        for parameter in operation.parameters
    )


def _restricts(parameter: Parameter) -> bool:
    keywords = ("enum", "const", "format", "pattern")
    schemas = parameter.notation.shape.unconditional()
    return any(keyword in schema.value for schema in schemas for keyword in keywords)
