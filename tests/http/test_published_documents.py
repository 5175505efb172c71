"""The OpenAPI documents that the server publishes, as validators and code generators of others read them."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import validate

from mockserver import load_contract

PATHS = ("/openapi.json", "/__mock/openapi.json")


def references(value: Any) -> set[str]:
    """The targets of all references in a document."""
    if isinstance(value, list):
        return set().union(*map(references, value))
    if not isinstance(value, dict):
        return set()
    target = value.get("$ref")
    return set().union({target} if isinstance(target, str) else set(), *map(references, value.values()))


@pytest.mark.parametrize("path", PATHS)
def test_a_published_document_is_valid_openapi(client: FlaskClient, path: str) -> None:
    validate(client.get(path).get_json())


@pytest.mark.parametrize("path", PATHS)
def test_references_lead_to_named_components_which_code_generators_require(client: FlaskClient, path: str) -> None:
    targets = references(client.get(path).get_json())
    assert targets
    assert [target for target in targets if not re.fullmatch(r"#/components/\w+/\w+", target)] == []


def test_the_document_of_the_control_api_has_no_warning() -> None:
    assert load_contract(Path(str(files("mockserver.control") / "control.yaml"))).warnings == []
