"""No document, however broken, leads to a traceback or a hang."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mockserver import ContractError, create_app, load_contract
from tests.attack.scale import rounds
from tests.documents.broken import document

CASES = rounds(20, 500)
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


def complete_document() -> dict[str, Any]:
    """A document with something of everything; a new one each time, no part of which is shared."""
    whole = document(SCHEMAS, servers=[{"url": "/{v}", "variables": {"v": {"default": "v1", "enum": ["v1"]}}}])
    ok = {"$ref": "#/components/responses/Ok"}
    header = {"X-A": {"schema": {"type": "string"}}}
    content = {
        "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}, "examples": {"a": {"value": {"id": 1}}}}
    }
    whole["components"]["responses"] = {"Ok": {"description": "ok", "headers": header, "content": content}}
    whole["components"]["parameters"] = {
        "Id": {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    }
    whole["paths"]["/things/{id}"] = {
        "parameters": [{"$ref": "#/components/parameters/Id"}, {"name": "q", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}}],
        "get": {"operationId": "one", "responses": {"200": ok, "4XX": ok, "default": ok}},
        "delete": {"responses": {"204": {"description": "gone"}}},
    }  # fmt: skip
    separate: dict[str, Any] = json.loads(json.dumps(whole))
    return separate


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each container and name in a value."""
    for name in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, name
        yield from places(value[name])


def mutated(rng: random.Random) -> bytes:
    """The document with up to four parts changed, removed or replaced by another part."""
    mutant = complete_document()
    for _ in range(rng.randint(1, 4)):
        holder, name = rng.choice(list(places(mutant)))
        kind = rng.random()
        if kind < 0.2:
            del holder[name]
        elif kind < 0.4:
            other, place = rng.choice(list(places(mutant)) or [({"": None}, "")])
            holder[name] = copy.deepcopy(other[place])
        elif kind < 0.5 and isinstance(holder, dict):
            holder[rng.choice(NAMES)] = copy.deepcopy(rng.choice(JUNK))
        else:
            holder[name] = copy.deepcopy(rng.choice(JUNK))
    return json.dumps(mutant).encode()


def truncated(rng: random.Random) -> bytes:
    """The beginning of the document."""
    text = json.dumps(complete_document(), indent=rng.choice([None, 2])).encode()
    return text[: rng.randrange(len(text))]


def test_mutations_change_no_later_document() -> None:
    before = complete_document()
    for seed in range(50):
        mutated(random.Random(seed))
    assert complete_document() == before


@pytest.mark.parametrize(
    ("file", "rows", "told"),
    [
        ("jobs", [1], "/0: must be an object"),
        ("jobs", [{"id": ["a"]}], "/0/id: "),
        ("jobs", [{"id": {}, "owner_id": [], "status": {}, "updated_at": []}], "/0/status: "),
        ("events", [{"job_id": "b", "event_type": ["start"], "at": {}}], "/0/event_type: "),
        ("events", [{"job_id": ["b"], "event_type": "start", "at": 1}], "/0/job_id: "),
        ("events", [{}, None], "/1: must be an object"),
    ],
)
def test_a_broken_record_below_those_of_a_scenario_is_reported(
    problems: Callable[..., list[str]], file: str, rows: list[Any], told: str
) -> None:
    def change(files: dict[str, Any]) -> None:
        files[f"fixtures/small/{file}.json"] = rows
        files["scenarios/baseline.yaml"]["records"] = {"jobs": [{"id": "b", "note": "more"}]}

    assert any(f"fixtures/small/{file}.json" in problem and told in problem for problem in problems(change))


@pytest.mark.parametrize("suffix", [".json", ".yaml"])
@pytest.mark.parametrize("damage", [truncated, mutated])
def test_a_broken_document_is_rejected_or_served_but_never_an_internal_error(
    tmp_path: Path, damage: Any, suffix: str
) -> None:
    rng, path = random.Random(f"{damage.__name__}{suffix}"), tmp_path / f"api{suffix}"
    for number in range(CASES):
        path.write_bytes(damage(rng))
        try:
            contract = load_contract(path)
        except ContractError:
            continue
        assert all(str(warning) for warning in contract.warnings)
        if number % 10 == 0:
            client = create_app(contract).test_client()
            assert client.get("/__mock/openapi.json").status_code == 200
            for operation in contract.operations.values():
                response = client.open(operation.path.replace("{", "").replace("}", ""), method=operation.method)
                assert response.headers.get("X-Mock-Code") != "internal-error", path.read_text()
            assert client.get("/openapi.json").headers.get("X-Mock-Code") != "internal-error"


def test_a_name_with_a_slash_or_a_tilde_is_escaped_in_the_pointer(problems: Callable[..., list[str]]) -> None:
    def change(files: dict[str, Any]) -> None:
        files["schemas/resources.yaml"]["operations"]["a/b~c"] = {"list": "jobs"}
        files["scenarios/baseline.yaml"]["progress"] = {"x/y": []}

    pointers = {text.split(" ")[1].rstrip(":") for text in problems(change)}
    assert pointers == {"/operations/a~1b~0c", "/progress/x~1y"}
