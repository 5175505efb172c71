"""The operations nearest to a request that matched none, each with the reason why it did not match."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property

from mockserver.http.path_precedence import consists_of
from mockserver.openapi.model import Operation

PATH_KEPT = 500
# A longer segment is compared by its beginning. Comparing takes time that grows with the square of the length.
SEGMENT_KEPT = 60
COMPARED_KEPT = 250
LEAST_SIMILARITY = 0.45
SHOWN = 3
# Of more paths than SMALL, only those are compared in full that have most pairs of characters in common with a request.
SMALL, COMPARED = 30, 12
CACHE_LIMIT = 1_000
_PARAMETER = re.compile(r"\{[^{}]*\}")

Candidates = Sequence[dict[str, str]]


class NearestOperations:
    """Finds the operations whose paths are most similar to that of a request.

    A document may have thousands of operations, and every request that matches none is compared with them: so only the
    few paths that share the most with it are compared in full, and the latest results are kept.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._operations = list(operations)
        self._cache: dict[tuple[str, str], Candidates] = {}

    def find(self, method: str, path: str) -> Candidates:
        """Up to three operations, best first, each with why it did not match; for the first PATH_KEPT characters."""
        key = method, path[:PATH_KEPT]
        candidates = self._cache.get(key)
        if candidates is None:
            if len(self._cache) >= CACHE_LIMIT:
                del self._cache[next(iter(self._cache))]
            candidates = self._cache[key] = self._find(*key)
        return candidates

    def _find(self, method: str, path: str) -> Candidates:
        scored = [
            (similarity + (0.05 if operation.method == method else 0.0), operation)
            for operations in self._compared(path)
            for similarity in [_similarity(operations[0], path)]
            for operation in operations
        ]
        scored = sorted(
            (pair for pair in scored if pair[0] > LEAST_SIMILARITY), key=lambda pair: (-pair[0], pair[1].path)
        )
        return [
            {
                "operation": operation.id,
                "method": operation.method,
                "path": operation.path,
                "why": _describe_mismatch(operation, method, path),
            }
            for _, operation in scored[:SHOWN]
        ]

    def _compared(self, path: str) -> Iterable[Sequence[Operation]]:
        """The operations of each path that is worth comparing with a request's."""
        by_path, numbers_by_pair, sizes = self._index
        if len(by_path) <= SMALL:
            return by_path
        shared: Counter[int] = Counter()
        pairs = _pairs(path)
        for pair in pairs:
            shared.update(numbers_by_pair.get(pair, ()))
        # The share of the pairs that are in both (Dice's coefficient): long paths have no advantage.
        best = sorted(shared, key=lambda number: (-2 * shared[number] / (len(pairs) + sizes[number]), number))
        return [by_path[number] for number in best[:COMPARED]]

    @cached_property
    def _index(self) -> tuple[list[list[Operation]], dict[str, list[int]], list[int]]:
        """The operations by path; the numbers of the paths by each pair of characters in them; how many pairs each has.

        Operations of one path with different prefixes are apart.
        """
        groups: dict[tuple[str, tuple[str, ...]], list[Operation]] = {}
        for operation in self._operations:
            groups.setdefault((operation.path, tuple(operation.prefixes)), []).append(operation)
        by_path = list(groups.values())
        numbers_by_pair: dict[str, list[int]] = {}
        sizes = []
        for number, operations in enumerate(by_path):
            literal = "/".join(name for name in operations[0].path.split("/") if "{" not in name)
            pairs = _pairs(literal)
            sizes.append(len(pairs))
            for pair in pairs:
                numbers_by_pair.setdefault(pair, []).append(number)
        return by_path, numbers_by_pair, sizes


def _pairs(path: str) -> set[str]:
    """Each two characters that are side by side, in either case."""
    path = path.lower()
    return {path[start : start + 2] for start in range(max(len(path) - 1, 1))}


def _similarity(operation: Operation, path: str) -> float:
    path = _without_prefix(operation, path)
    parts, declared = _segments(path), _segments(operation.path)
    filled = [part if "{" in name else name for part, name in zip(parts, declared, strict=False)]
    filled += declared[len(filled) :]
    declared_path, sent_path = ("/".join(segments)[:COMPARED_KEPT].lower() for segments in (filled, parts))
    return difflib.SequenceMatcher(None, declared_path, sent_path).ratio()


def _segments(path: str) -> list[str]:
    return [part[:SEGMENT_KEPT] for part in path.strip("/").split("/")]


def _without_prefix(operation: Operation, path: str) -> str:
    """The path without the path prefix of a declared server, if it begins with one."""
    return next((path[len(prefix) :] for prefix in operation.prefixes if path.startswith(f"{prefix}/")), path)


def _matches(name: str, part: str) -> bool:
    """Whether a segment of a declared path, which may have parameters, matches one of a request."""
    literals = _PARAMETER.split(name)
    return part == name if len(literals) == 1 else consists_of(literals, part)


def _describe_surplus(parts: list[str], declared: list[str]) -> str:
    """Which segments of one path the other lacks, if these are at its start or its end and all others match."""
    if "" in parts:
        return f": segment {parts.index('') + 1} of the request is empty"
    surplus = abs(len(declared) - len(parts))
    subject, longer = ("the request lacks", declared) if len(declared) > len(parts) else ("the request has", parts)
    descriptions: dict[int, str] = {}
    for place, segments, names, others in (
        ("start", longer[:surplus], declared[-len(parts) :], parts[-len(declared) :]),
        ("end", longer[-surplus:], declared[: len(parts)], parts[: len(declared)]),
    ):
        pairs = list(zip(names, others, strict=True))
        if all(_matches(*pair) for pair in pairs):
            # Where a parameter would match at either end, the segments that are the same decide.
            same = sum(name == part for name, part in pairs)
            descriptions.setdefault(same, f": {subject} /{'/'.join(segments)[:SEGMENT_KEPT]} at its {place}")
    return descriptions[max(descriptions)] if descriptions else ""


def _describe_mismatch(operation: Operation, method: str, path: str) -> str:
    path = _without_prefix(operation, path)
    parts, declared = path.strip("/").split("/"), operation.path.strip("/").split("/")
    if len(parts) != len(declared):
        count = f"its path has {len(declared)} segment{'s' * (len(declared) != 1)}, the request's {len(parts)}"
        return count + _describe_surplus(parts, declared)
    for number, (part, name) in enumerate(zip(parts, declared, strict=True), 1):
        if "{" in name and not part:
            return f"segment {number} is empty, where {name} is needed"
        if not _matches(name, part):
            case = "; paths are case-sensitive" if _matches(name.lower(), part.lower()) else ""
            return f"segment {number} is {name!r}, not {part[:60]!r}{case}"
    if operation.method == method:
        return "a concrete path is matched before its templated one"
    return f"its method is {operation.method}, not {method}"
