"""The examples of docs/upstream.md are valid."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mockserver.contract import formats
from mockserver.syntax import yaml_reader

TEXT = (Path(__file__).parent.parent.parent / "docs" / "upstream.md").read_text()


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL))
def test_an_example_matches_the_schema_of_its_file(block: str) -> None:
    part = yaml_reader.parse(block)
    name = "resources" if "upstream" in part else "scenario"
    assert formats.violations(name, part) == []
