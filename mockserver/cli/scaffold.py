"""The files that `init` writes without a document: a small example."""

from __future__ import annotations

from pathlib import Path

TEMPLATE = Path(__file__).parent / "template"


def example_files() -> dict[str, str]:
    """The example contract: the text of each file by its path in the directory."""
    # Installers compile the Python file of the example.
    paths = sorted(path for path in TEMPLATE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(TEMPLATE).as_posix(): path.read_text(encoding="utf-8") for path in paths}
