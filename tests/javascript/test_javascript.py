"""The scripts of the pages: their types are checked by TypeScript, and their logic by tests in Node."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mockserver import Contract
from mockserver.web.pages.tutoring import rules
from tests.conftest import require_program

HERE = Path(__file__).parent
PAGES = HERE.parent.parent / "mockserver" / "web" / "pages"
TYPES = (PAGES / "types.d.ts").read_text()
SECONDS = 120


@pytest.fixture
def node() -> str:
    return require_program(shutil.which("node"), "Node.js is not installed; on Debian: apt-get install nodejs")


def run(*command: str | Path) -> None:
    """Run a command; its output is the failure of the test."""
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    if result.returncode != 0:
        pytest.fail(result.stdout + result.stderr, pytrace=False)


def test_typescript_finds_no_mistake(node: str) -> None:
    compiler = shutil.which("tsc", path=HERE / "node_modules" / ".bin")
    compiler = require_program(
        compiler, "TypeScript is not installed; `make test` does that with npm (Debian: apt-get install npm)"
    )
    run(compiler, "--project", HERE)


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.glob("*.test.js")))
def test_a_script_passes_its_tests(node: str, name: str) -> None:
    # A file runs its own tests; with `--test`, it would do so in a second process.
    run(node, HERE / name)


def interface(name: str) -> set[str]:
    """The members of an interface in `types.d.ts`."""
    (body,) = re.findall(rf"^interface {name} {{\n(.*?)^}}", TYPES, re.M | re.S)
    return set(re.findall(r'^  "?([\w-]+)"?\??:', body, re.M))


def test_every_declared_element_is_in_a_template() -> None:
    templates = "".join(path.read_text() for path in PAGES.rglob("*.html"))
    copied = {f"copy-{name}" for name in ("link", "curl", "headers")}
    assert interface("Elements") - set(re.findall(r'\bid="([\w-]+)"', templates)) == copied


def test_the_declared_rules_are_those_of_the_page(built_in: Contract) -> None:
    assert interface("Rules") == set(rules(built_in))
