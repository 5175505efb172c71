"""The OpenAPI documents that the server publishes, as validators and code generators of others read them."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import validate

from mockserver import create_app, load_contract

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


ANIMAL = "oneOf: [{$ref: cat.yaml}, {$ref: dog.yaml}]\ndiscriminator: {propertyName: kind, mapping: {cat: cat.yaml, dog: ./dog.yaml}}"
KIND = "type: object\nrequired: [kind]\n"
FILES = {
    "openapi.yaml": """
openapi: 3.1.0
info: {title: Zoo, version: "1"}
paths:
  /zoo:
    get:
      parameters: [{$ref: "common.yaml#/components/parameters/Limit"}]
      responses:
        "200": {$ref: "common.yaml#/components/responses/Zoo"}
components:
  schemas: {Tag: {type: integer}, Own: {$id: "https://example.com/own", $ref: "#/$defs/a", $defs: {a: {type: string}}}}
""",
    "common.yaml": """
openapi: 3.1.0
info: {title: Common, version: "1"}
paths: {}
components:
  parameters: {Limit: {name: limit, in: query, schema: {$ref: "#/components/schemas/Size"}}}
  responses: {Zoo: {description: zoo, content: {application/json: {schema: {$ref: "#/components/schemas/Zoo"}}}}}
  schemas:
    Size: {type: integer, maximum: 9}
    Zoo: {type: object, required: [animal], properties: {animal: {$ref: schemas/animal.yaml}}}
""",
    "schemas/animal.yaml": ANIMAL,
    "schemas/cat.yaml": f'{KIND}properties: {{kind: {{const: cat}}, tag: {{$ref: "#/$defs/tag"}}, size: {{$ref: "dog.yaml#/properties/size"}}}}\n$defs: {{tag: {{type: string}}}}',
    "schemas/dog.yaml": f"$id: https://example.com/dog\n{KIND}properties: {{kind: {{const: dog}}, size: {{type: integer}}, mother: {{$ref: '#'}}}}",
}  # fmt: skip


def publish(root: Path, files: dict[str, str]) -> Any:
    """What `/openapi.json` shows of a document in several files."""
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    return create_app(root / "openapi.yaml").test_client().get("/openapi.json").get_json()


def test_a_document_in_several_files_is_published_as_one(tmp_path: Path) -> None:
    published = publish(tmp_path, FILES)
    schemas = published["components"]["schemas"]
    prefix = "#/components/schemas"
    validate(published)
    assert references(published) == {
        f"{prefix}/{name}" for name in ("Size", "Zoo", "Animal", "Cat", "Dog", "tag2", "size2", "Own/$defs/a")
    }
    assert schemas["Animal"]["discriminator"]["mapping"] == {"cat": f"{prefix}/Cat", "dog": f"{prefix}/Dog"}
    assert schemas["Size"] == {"type": "integer", "maximum": 9}
    assert schemas["size2"] == {"type": "integer"}
    assert schemas["Tag"] == {"type": "integer"}
    assert schemas["tag2"] == {"type": "string"}
    assert [name for name, schema in schemas.items() if "$id" in schema] == []


def test_a_long_chain_of_schemas_in_another_file_is_published(tmp_path: Path) -> None:
    chain = {f"S{number}": {"items": {"$ref": f"#/S{number + 1}"}} for number in range(2_000)} | {"S2000": True}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"get": {"responses": {"200": {"description": "x"}}}}},
        "components": {"schemas": {"First": {"$ref": "chain.json#/S0"}}},
    }
    published = publish(tmp_path, {"openapi.yaml": json.dumps(document), "chain.json": json.dumps(chain)})
    assert len(published["components"]["schemas"]) == 2_002


def test_a_dynamic_reference_into_another_file_keeps_its_anchor(tmp_path: Path) -> None:
    tree = {"$dynamicAnchor": "node", "type": "object", "properties": {"next": {"$dynamicRef": "#node"}}}
    schema = {"$ref": "tree.json"}
    responses = {"200": {"description": "x", "content": {"application/json": {"schema": schema}}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"get": {"responses": responses}}},
    }
    published = publish(tmp_path, {"openapi.yaml": json.dumps(document), "tree.json": json.dumps(tree)})
    assert published["components"]["schemas"]["Tree"] == tree
