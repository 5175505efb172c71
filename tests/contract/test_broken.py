"""No input, however broken, gives a traceback or a hang."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mockserver import ContractError, create_app, load_contract
from tests.documents.broken import document

CASES = 500
JUNK = [
    None, True, 0, -1, 1.5, "", "x", [], {}, [None], {"$ref": "#"}, {"$ref": "#/paths"}, {"$ref": "x.yaml"}, {"$ref": 5},
    {"$ref": "#/components/schemas/Thing"}, {"type": "object"}, {"allOf": [{"$ref": "#/components/schemas/Thing"}]},
]  # fmt: skip
NAMES = ["type", "$ref", "properties", "allOf", "get", "in", "$id", "content", ""]
SCHEMAS = {
    "Thing": {
        "type": "object", "required": ["id", "name"],
        "properties": {
            "id": {"type": "integer", "readOnly": True}, "name": {"type": "string", "nullable": True, "pattern": "^a"},
            "parent": {"nullable": True, "allOf": [{"$ref": "#/components/schemas/Thing"}]},
            "kind": {"oneOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}], "discriminator": {"propertyName": "t", "mapping": {"a": "A"}}},
        },
    },
    "A": {"type": "object", "properties": {"t": {"type": "string"}, "n": {"minimum": 1, "exclusiveMinimum": True}}},
    "B": {"allOf": [{"$ref": "#/components/schemas/A"}, {"required": ["t"]}]},
}  # fmt: skip


def whole() -> dict[str, Any]:
    """A document with something of everything."""
    made = document(SCHEMAS, servers=[{"url": "/{v}", "variables": {"v": {"default": "v1", "enum": ["v1"]}}}])
    ok = {"$ref": "#/components/responses/Ok"}
    header = {"X-A": {"schema": {"type": "string"}}}
    content = {
        "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}, "examples": {"a": {"value": {"id": 1}}}}
    }
    made["components"]["responses"] = {"Ok": {"description": "ok", "headers": header, "content": content}}
    made["components"]["parameters"] = {
        "Id": {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    }
    made["paths"]["/things/{id}"] = {
        "parameters": [{"$ref": "#/components/parameters/Id"}, {"name": "q", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}}],
        "get": {"operationId": "one", "responses": {"200": ok, "4XX": ok, "default": ok}},
        "delete": {"responses": {"204": {"description": "gone"}}},
    }  # fmt: skip
    return made


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each container and name in a value."""
    for name in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, name
        yield from places(value[name])


def mutated(chance: random.Random) -> bytes:
    """The document with up to four things in it changed, removed or put elsewhere."""
    made = whole()
    for _ in range(chance.randint(1, 4)):
        holder, name = chance.choice(list(places(made)))
        what = chance.random()
        if what < 0.2:
            del holder[name]
        elif what < 0.4:
            other, place = chance.choice(list(places(made)) or [({"": None}, "")])
            holder[name] = copy.deepcopy(other[place])
        elif what < 0.5 and isinstance(holder, dict):
            holder[chance.choice(NAMES)] = copy.deepcopy(chance.choice(JUNK))
        else:
            holder[name] = copy.deepcopy(chance.choice(JUNK))
    return json.dumps(made).encode()


def truncated(chance: random.Random) -> bytes:
    """The beginning of the document."""
    text = json.dumps(whole(), indent=chance.choice([None, 2])).encode()
    return text[: chance.randrange(len(text))]


@pytest.mark.parametrize("suffix", [".json", ".yaml"])
@pytest.mark.parametrize("broken", [truncated, mutated])
def test_what_is_broken_is_refused_or_served_and_is_no_defect(tmp_path: Path, broken: Any, suffix: str) -> None:
    chance, path = random.Random(f"{broken.__name__}{suffix}"), tmp_path / f"api{suffix}"
    for number in range(CASES):
        path.write_bytes(broken(chance))
        try:
            contract = load_contract(path)
        except ContractError:
            continue
        assert all(str(one) for one in contract.warnings)
        if number % 10 == 0:
            client = create_app(contract).test_client()
            assert client.get("/__mock/openapi.json").status_code == 200
            for operation in contract.operations.values():
                answer = client.open(operation.path.replace("{", "").replace("}", ""), method=operation.method)
                assert answer.headers.get("X-Mock-Code") != "internal-error", path.read_text()
            assert client.get("/openapi.json").headers.get("X-Mock-Code") != "internal-error"
