"""Arguments for requests to a real backend: from the examples of the document, and keys from the lists it returns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

from mockserver.contract.model import Contract
from mockserver.documents.nodes import Node, Unresolved
from mockserver.openapi.model import Operation, Parameter, template_shape
from mockserver.syntax.words import find_key_field

# How many keys of each list are requested.
KEYS_PER_LIST = 3
# How deep in an envelope a list is looked for.
LIST_DEPTH = 2
# Keywords of a parameter and its schema that hold one value for it, and those that hold several.
SINGLE, SEVERAL = ("example", "default", "const"), ("examples", "enum")


class MissingArgument(Exception):
    """No value is known for a parameter; the message says for which, and what would give one."""


def examples_of(contract: Contract, operation: Operation, parameter: Parameter) -> list[Any]:
    """The valid values that the document gives for a parameter: its examples, then defaults and enumerated values."""
    values = dict[str, Any]()
    with suppress(Unresolved, KeyError):
        path_item = contract.openapi.child("paths", operation.path).resolve()
        for holder in (path_item.get(operation.method.lower()), path_item):
            declared = holder.get("parameters") if holder is not None else None
            for node in declared.items() if declared is not None else ():
                if (node.value.get("name"), node.value.get("in")) == (parameter.name, parameter.location):
                    values |= {repr(value): value for value in _values_at(node)}
    return [value for value in values.values() if parameter.validator.is_valid(value)]


def _values_at(node: Node) -> Iterator[Any]:
    """The values in the examples of a parameter, of its media type, and of their schemas."""
    yield from _values_in(node)
    if (content := node.get("content")) is not None:
        for _, media in content.members():
            yield from _values_at(media)
    if (schema := node.get("schema")) is not None:
        yield from _values_in(schema)


def _values_in(node: Node) -> Iterator[Any]:
    value = node.value
    if not isinstance(value, dict):
        return
    yield from (value[name] for name in SINGLE if name in value)
    for name in SEVERAL:
        if isinstance(value.get(name), list):
            yield from value[name]
        elif isinstance(value.get(name), dict):
            yield from (
                example["value"] for _, node in node.child(name).members() if "value" in (example := node.value)
            )


class KeySource:
    """Collects the keys of records by the address of their list, from responses; `created` ones come first."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        # By the path of a list, with the values of its parameters filled in: what it listed, and what was created.
        self._listed: dict[str, list[Any]] = {}
        self._created: defaultdict[str, list[Any]] = defaultdict(list)
        self._templates = {template_shape(operation.route) for operation in contract.operations.values()}

    def add_list(self, path: str, value: Any) -> None:
        """Keep what a GET of `path` returned, if that is a list or has one."""
        items = find_list(value)
        if items is not None:
            self._listed[_plain(path)] = items

    def add_created(self, path: str, value: Any, location: str | None) -> bool:
        """Keep what a POST to `path` created: a record, or its address. Returns whether its key can be known."""
        records = list(_records_in(value))
        if location is not None:
            records.append(unquote(urlsplit(location).path.rstrip("/").rpartition("/")[2]))
        self._created[_plain(path)] += records[:1] if records else []
        return bool(records)

    def arguments(self, operation: Operation, *, only_created: bool = False) -> list[dict[str, Any]]:
        """Values for the parameters in the operation's path, at most KEYS_PER_LIST times. Raises MissingArgument."""
        combinations: list[dict[str, Any]] = [{}]
        declared = {parameter.name: parameter for parameter in operation.parameters if parameter.location == "path"}
        for name in operation.path_names:
            prefix = operation.route.partition(f"{{{name}}}")[0]
            is_last = name == operation.path_names[-1]
            extended = [
                {**values, name: key}
                for values in combinations
                for key in self._keys(prefix, values, name, only_created=only_created and is_last)
            ]
            if not extended and not (only_created and is_last) and name in declared:
                examples = examples_of(self._contract, operation, declared[name])[:KEYS_PER_LIST]
                extended = [{**values, name: example} for values in combinations for example in examples]
            if not extended:
                raise MissingArgument(self._hint(prefix, name, only_created=only_created and is_last))
            combinations = extended[:KEYS_PER_LIST]
        return combinations

    def _keys(self, prefix: str, values: Mapping[str, Any], name: str, *, only_created: bool) -> list[Any]:
        path, segment = _plain(fill(prefix, values)), prefix.rstrip("/").rpartition("/")[2]
        records = [*self._created[path], *(() if only_created else self._listed.get(path, ()))]
        keys = (_key_of(record, name, segment) for record in records)
        return list(dict.fromkeys(key for key in keys if key is not None))[:KEYS_PER_LIST]

    def _hint(self, prefix: str, name: str, *, only_created: bool) -> str:
        collection = prefix.rstrip("/")
        if only_created:
            return f"no record was created with POST {collection}"
        if template_shape(collection) in self._templates:
            return f"GET {collection} has listed no key for {{{name}}}; an example of the parameter would give one"
        return f"nothing gives a value for {{{name}}}; an example of the parameter would"


def fill(template: str, values: Mapping[str, Any]) -> str:
    """A path template with values in place of its parameters."""
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", str(value))
    return template


def find_list(value: Any, depth: int = LIST_DEPTH) -> list[Any] | None:
    """The list that a response is or has in an envelope: the first one with items, else the first one."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict) or not depth:
        return None
    lists = [items for member in value.values() if (items := find_list(member, depth - 1)) is not None]
    return next((items for items in lists if items), lists[0] if lists else None)


def _plain(path: str) -> str:
    return path.partition("?")[0].rstrip("/")


def _records_in(value: Any) -> Iterable[Any]:
    """The record that a create returned, maybe in an envelope, or its bare key."""
    if (isinstance(value, str | int) and not isinstance(value, bool)) or isinstance(value, dict):
        yield value


def _key_of(record: Any, name: str, segment: str, depth: int = LIST_DEPTH) -> Any:
    """The key of a listed record; None if it has none that could be in a path."""
    if isinstance(record, dict):
        field = find_key_field(name, segment, record)
        if field is not None:
            record = record[field]
        else:
            below = (
                _key_of(member, name, segment, depth - 1) for member in record.values() if isinstance(member, dict)
            )
            return next((key for key in below if key is not None), None) if depth else None
    return record if isinstance(record, str | int) and not isinstance(record, bool) and record != "" else None
