"""A schema-driven fuzzer writes requests in every style and media type, right ones and wrong ones."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mockserver import BackgroundServer, create_app
from tests.attack.scale import FUZZER

NUMBER = {"type": "integer", "minimum": 1, "maximum": 99}
NUMBERS = {"type": "array", "items": NUMBER, "minItems": 1, "maxItems": 3}
PAIR = {
    "type": "object",
    "required": ["a"],
    "properties": {"a": NUMBER, "b": {"type": "string", "pattern": "^[a-z]+$"}},
    "additionalProperties": False,
}
FORM = {**PAIR, "properties": {"a": NUMBER, "b": {"type": "string", "pattern": "^[a-z]+$"}, "tags": NUMBERS}}
KINDS = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
SCHEMES = {
    "basic": {"type": "http", "scheme": "basic"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "word": {"type": "apiKey", "in": "query", "name": "word"},
}
REFUSED = {"description": "refused", "content": {"application/problem+json": {"schema": {"type": "object"}}}}
RESPONSES = {"204": {"description": "ok"}, **dict.fromkeys(("400", "401", "415", "422"), REFUSED)}


def parameters() -> Iterator[dict[str, Any]]:
    styles = [("path", style, explode) for style in ("simple", "label", "matrix") for explode in (False, True)]
    styles += [(place, style, explode) for place, style in (("query", "form"), ("header", "simple")) for explode in (False, True)]  # fmt: skip
    cases = [(*style, schema) for style in styles for schema in (NUMBER, NUMBERS, PAIR)]
    cases += [("query", "deepObject", True, PAIR), ("query", "pipeDelimited", False, NUMBERS)]
    cases += [("query", "spaceDelimited", False, NUMBERS), ("cookie", "form", False, NUMBERS), ("cookie", "form", True, NUMBER)]  # fmt: skip
    for place, style, explode, schema in cases:
        yield {"name": "p", "in": place, "required": True, "style": style, "explode": explode, "schema": schema}


def document() -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for number, parameter in enumerate(parameters()):
        path = f"/{number}/{{p}}" if parameter["in"] == "path" else f"/{number}"
        paths[path] = {"get": {"parameters": [parameter], "responses": RESPONSES}}
    for kind in KINDS:
        content = {kind: {"schema": FORM}}
        paths[f"/{kind}"] = {"post": {"requestBody": {"required": True, "content": content}, "responses": RESPONSES}}
    for name in SCHEMES:
        paths[f"/{name}"] = {"get": {"security": [{name: []}], "responses": RESPONSES}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Styles", "version": "1"},
        "components": {"securitySchemes": SCHEMES},
        "paths": paths,
    }


# In the short form, the fuzzer is used with the built-in contract alone. The check "ignored_auth" is excluded: the server accepts any credentials.
@pytest.mark.full
def test_requests_of_a_fuzzer_in_any_style_are_validated_as_intended(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(document()))
    with BackgroundServer(create_app(file)) as server:
        command = [
            sys.executable, "-m", "schemathesis.cli", "run", str(file), "--url", server.url, "--checks", "all", "--seed", "1",
            *FUZZER, "--no-color", "--exclude-checks", "ignored_auth",
        ]  # fmt: skip
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stdout
    assert f"Tested: {len(document()['paths'])}" in result.stdout
