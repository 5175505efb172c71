"""The requests that a check makes."""

from __future__ import annotations

import json
from pathlib import Path

from mockserver import load_contract
from mockserver.check.request_builder import RequestBuilder


def test_a_required_parameter_gets_a_value_that_is_not_empty_if_it_may(tmp_path: Path) -> None:
    names = "abcdefghijkl"
    schema = {"type": "string", "enum": ["", "x"]}
    parameters = [{"name": name, "in": "query", "required": True, "schema": schema} for name in names]
    paths = {
        "/things": {"get": {"operationId": "list", "parameters": parameters, "responses": {"204": {"description": ""}}}}
    }
    document = {"openapi": "3.1.0", "info": {"title": "Things", "version": "1"}, "paths": paths}
    (tmp_path / "api.json").write_text(json.dumps(document))
    contract = load_contract(tmp_path / "api.json")
    query = RequestBuilder(contract).query(contract.operations["list"])
    assert query == "&".join(f"{name}=x" for name in names)
