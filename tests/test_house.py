"""What keeps the repository small and fit for everybody."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import mockserver

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mockserver"
ALLOWED = {
    "mockserver", "fixtures", "schemas", "scenarios", "tests", "pyproject.toml", "README.md",
    "CHANGELOG.md", "LICENSE", "Makefile", "Dockerfile", ".dockerignore", "compose.yaml", "action.yml", "docs", ".ci",
    ".gitignore",
}  # fmt: skip
HOSTS = ("py" + "pi.org", "python" + "hosted", "registry.npm" + "js", "deb." + "debian.org")
HOMES = tuple(f"/{name}/" for name in ("ro" + "ot", "ho" + "me", "Us" + "ers"))
FILES_PER_FOLDER = 20
LINES_PER_MODULE = 450
# Names that do not say what they hold.
EMPTY_NAMES = {"one", "found", "told", "known", "given"}


def tracked() -> list[Path]:
    """Every file of the repository; outside a checkout, every file that is not hidden."""
    try:
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        return [ROOT / name for name in listed.splitlines() if (ROOT / name).is_file()]
    except (OSError, subprocess.CalledProcessError):
        return [path for path in ROOT.rglob("*") if path.is_file() and "/." not in path.as_posix()]


def name_of(node: ast.AST) -> str | None:
    """The name that a variable, an argument or an attribute has."""
    match node:
        case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
            return name
    return None


@dataclass(slots=True)
class Survey:
    """What all modules are searched for. Their syntax trees are not kept: they are larger than all tests."""

    bare: list[str] = field(default_factory=list)
    classes: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    empty_names: list[str] = field(default_factory=list)

    def add(self, path: str, tree: ast.Module) -> None:
        """Search a module."""
        definitions = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        self.bare += [
            f"{path}: {node.name}"
            for node in definitions
            if not node.name.startswith("_") and not ast.get_docstring(node)
        ]
        self.bare += [path] if not ast.get_docstring(tree) else []
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                self.classes[node.name].append(path)
            if (name := name_of(node)) in EMPTY_NAMES and isinstance(node, ast.expr | ast.arg):
                self.empty_names.append(f"{path}:{node.lineno} {name}")


@pytest.fixture(scope="module")
def survey() -> Survey:
    """Of all modules of the package, by their paths in the repository."""
    result = Survey()
    for path in sorted(PACKAGE.rglob("*.py")):
        result.add(path.relative_to(ROOT).as_posix(), ast.parse(path.read_text()))
    return result


def test_the_top_level_holds_only_what_a_well_kept_repository_has() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} <= ALLOWED


def test_no_file_names_a_registry_or_somebodys_home() -> None:
    result = []
    for path in tracked():
        text = path.read_text(errors="replace")
        result += [(path.name, name) for name in (*HOSTS, *HOMES) if name in text]
    assert result == []


def test_the_public_names_are_listed_and_there() -> None:
    assert sorted(mockserver.__all__) == mockserver.__all__
    assert [name for name in mockserver.__all__ if not hasattr(mockserver, name)] == []
    assert re.fullmatch(r"\d+\.\d+\.\d+", mockserver.__version__)


def test_every_public_name_has_a_docstring(survey: Survey) -> None:
    assert survey.bare == []


def test_no_public_class_name_is_defined_in_two_modules(survey: Survey) -> None:
    assert [f"{name}: {' and '.join(paths)}" for name, paths in survey.classes.items() if len(paths) > 1] == []


def test_no_name_is_empty_of_meaning(survey: Survey) -> None:
    assert survey.empty_names == []


def test_no_folder_has_more_files_than_can_be_surveyed() -> None:
    counts = Counter(path.parent.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*.py"))
    assert {folder: count for folder, count in counts.items() if count > FILES_PER_FOLDER} == {}


def test_no_module_is_too_long() -> None:
    lengths = {path.relative_to(ROOT).as_posix(): path.read_text().count("\n") for path in PACKAGE.rglob("*.py")}
    assert {path: length for path, length in lengths.items() if length > LINES_PER_MODULE} == {}
