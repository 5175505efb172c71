"""What keeps the repository small and fit for everybody."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import mockserver

ROOT = Path(__file__).parent.parent
ALLOWED = {
    "mockserver", "fixtures", "schemas", "scenarios", "tests", "pyproject.toml", "README.md",
    "CHANGELOG.md", "LICENSE", "Makefile", "docs", ".ci", ".gitignore",
}  # fmt: skip
HOSTS = ("py" + "pi.org", "python" + "hosted", "registry.npm" + "js", "deb." + "debian.org")
HOMES = tuple(f"/{name}/" for name in ("ro" + "ot", "ho" + "me", "Us" + "ers"))


def tracked() -> list[Path]:
    """Every file of the repository; outside a checkout, every file that is not hidden."""
    try:
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        return [ROOT / name for name in listed.splitlines() if (ROOT / name).is_file()]
    except (OSError, subprocess.CalledProcessError):
        return [path for path in ROOT.rglob("*") if path.is_file() and "/." not in path.as_posix()]


def test_the_top_level_holds_only_what_a_well_kept_repository_has() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} <= ALLOWED


def test_no_file_names_a_registry_or_somebodys_home() -> None:
    found = []
    for path in tracked():
        text = path.read_text(errors="replace")
        found += [(path.name, name) for name in (*HOSTS, *HOMES) if name in text]
    assert found == []


def test_the_public_names_are_listed_and_there() -> None:
    assert sorted(mockserver.__all__) == mockserver.__all__
    assert [name for name in mockserver.__all__ if not hasattr(mockserver, name)] == []
    assert re.fullmatch(r"\d+\.\d+\.\d+", mockserver.__version__)


def test_every_public_name_has_a_docstring() -> None:
    bare = []
    for path in (ROOT / "mockserver").rglob("*.py"):
        tree = ast.parse(path.read_text())
        named = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        bare += [f"{path.name}: {node.name}" for node in named if not node.name.startswith("_") and not ast.get_docstring(node)]  # fmt: skip
        bare += [path.name] if not ast.get_docstring(tree) else []
    assert bare == []
