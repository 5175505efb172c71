"""Imports run one way, down the layers of `ORDER`, and what varies comes from one place."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "mockserver"
# Lowest first; folders of one line may not import each other.
ORDER: tuple[tuple[str, ...], ...] = (
    ("version", "errors"), ("syntax", "refusals", "client", "kit"), ("documents", "handlers"), ("schemas",), ("openapi", "generate"), ("contract",),
    ("engine",), ("http",), ("server", "control", "recorder"), ("web",), ("check",), ("cli",),
)  # fmt: skip
LAYERS = {name: number for number, names in enumerate(ORDER) for name in names}
TOP = len(ORDER)
# Slow to import, and not needed by most programs.
LATE = {
    ("mockserver.generate", "mockserver.generate.generator"),
    ("mockserver.contract.inference", "mockserver.contract.inference.contract"),
    ("mockserver.schemas.validators", "mockserver.schemas.explaining.explainer"),
    ("mockserver.openapi.loading", "mockserver.openapi.swagger.document"),  # only for Swagger 2.0
    ("mockserver.openapi.format_detection", "mockserver.documents.overlays"),
    ("mockserver.generate.strings", "mockserver.generate.realistic"),
    ("mockserver.generate.generator", "mockserver.generate.realistic"),
    ("mockserver.web.services", "mockserver.engine.shared.connect"),  # only with --store
    ("mockserver.server.server", "mockserver.server.upstream.passing_protocol"),  # only with --upstream
    ("mockserver.web.pages.console", "mockserver.contract.diagrams.diagram"),  # when the page is shown
    ("mockserver.web.services", "mockserver.control.document"),  # at the first use of the control API
    ("mockserver.web.app", "mockserver.web.passing_view"),  # only with --upstream
    ("mockserver.web.reload", "mockserver.web.app"),  # when the first page is shown
    ("mockserver.cli.serve", "mockserver.web.app"),  # only for another server
    ("mockserver.cli.serve", "mockserver.web.process_warnings"),  # only for another server
    ("mockserver.pytest_plugin", "mockserver.client.report"),
    ("mockserver.server.open_responses", "mockserver.server.web_socket"),  # only with channels
}
CHANCE_AND_TIME = {"random", "secrets", "time"}
MAY_VARY = {
    "mockserver.engine.clock",  # the one place that reads the machine's time
    "mockserver.generate.generator", "mockserver.generate.generation_state", "mockserver.generate.constraint_collector", "mockserver.generate.numbers", "mockserver.generate.regex.writer",
    "mockserver.generate.strings", "mockserver.generate.realistic", "mockserver.generate.vocabulary", "mockserver.engine.seeding.initial_state", "mockserver.engine.seeding.key_generator",
    "mockserver.engine.handler_calls.calls",  # seeded, for handlers
    "mockserver.cli.access",  # makes a token
}  # fmt: skip
# The lowest layer that may use a library.
FRAMEWORKS = {"werkzeug": "http", "flask": "web", "jinja2": "web", "uvicorn": "server", "httptools": "server"}
BELOW = ("errors", "refusals", "contract", "engine")


def module_name(path: Path, root: Path) -> str:
    parts = (root.name, *path.relative_to(root).with_suffix("").parts)
    return ".".join(part for part in parts if part != "__init__")


def layer(module: str) -> int:
    parts = module.split(".")
    return LAYERS.get(parts[1], TOP) if len(parts) > 1 else TOP


def imports(statements: Iterable[ast.AST], is_late: bool = False) -> Iterator[tuple[str, bool]]:
    """Each module that is imported at run time, and whether inside a function."""
    for node in statements:
        if isinstance(node, ast.Import):
            yield from ((alias.name, is_late) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module, is_late
            yield from ((f"{node.module}.{alias.name}", is_late) for alias in node.names)
        elif not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)):
            is_inside = is_late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            for block in ("body", "orelse", "finalbody", "handlers", "cases"):
                yield from imports(getattr(node, block, ()), is_inside)


def faults(root: Path) -> list[str]:
    """Every rule of the layers that a tree breaks."""
    trees = {module_name(path, root): ast.parse(path.read_text()) for path in sorted(root.rglob("*.py"))}
    result, edges = [], {}
    for module, tree in trees.items():
        imported = list(imports(tree.body))
        edges[module] = {
            name for name, late in imported if name in trees and not late and name not in (module, root.name)
        }
        for name, late in imported:
            known = name in trees and name != root.name
            if known and layer(name) > layer(module):
                result.append(f"{module} imports {name}, which is above it")
            if known and layer(name) == layer(module) < TOP and module.split(".")[1:2] != name.split(".")[1:2]:
                result.append(f"{module} imports {name}, which is beside it")
            if late and known and (module, name) not in LATE and name not in {item for _, item in LATE}:
                result.append(f"{module} imports {name} inside a function")
            framework = FRAMEWORKS.get(name.split(".")[0])
            if framework is not None and layer(module) < LAYERS[framework]:
                result.append(f"{module} imports {name}, which belongs to {framework}")
            if name in CHANCE_AND_TIME and module not in MAY_VARY:
                result.append(f"{module} imports {name}")
        if module.split(".")[1:2] and module.split(".")[1] in BELOW:
            result += [f"{module}:{node.lineno} names the HTTP status {node.value}" for node in ast.walk(tree) if isinstance(node, ast.Constant) and type(node.value) is int and 400 < node.value < 600]  # fmt: skip
    return result + [f"{module} is in an import cycle" for module in edges if reaches(module, edges)]


def reaches(module: str, edges: dict[str, set[str]]) -> bool:
    """Whether a module imports itself, by whatever way."""
    seen: set[str] = set()
    waiting = list(edges[module])
    while waiting:
        name = waiting.pop()
        if name == module:
            return True
        if name not in seen:
            seen.add(name)
            waiting += edges[name]
    return False


def test_imports_run_one_way() -> None:
    assert faults(ROOT) == []


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("contract/a.py", "from mockserver.web.b import x", "mockserver.contract.a imports mockserver.web.b, which is above it"),
        ("engine/a.py", "import flask", "mockserver.engine.a imports flask, which belongs to web"),
        ("engine/a.py", "import random", "mockserver.engine.a imports random"),
        ("engine/a.py", "STATUS = 404", "mockserver.engine.a:1 names the HTTP status 404"),
        ("web/a.py", "def f():\n    import mockserver.web.b", "mockserver.web.a imports mockserver.web.b inside a function"),
        ("web/b.py", "import mockserver.web.b2", "mockserver.web.b is in an import cycle"),
    ],
)  # fmt: skip
def test_each_rule_can_fail(tmp_path: Path, file: str, text: str, fault: str) -> None:
    root = tmp_path / "mockserver"
    for name, content in {"web/b.py": "", "web/b2.py": "import mockserver.web.b", file: text}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    assert fault in faults(root)
