"""`check --against`: deviations of a real backend are found, all and no others."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Response

from mockserver import BackgroundServer, create_app, load_contract
from mockserver.check.backend_checker import UNSAFE_REASON, BackendChecker
from mockserver.check.backend_client import BackendClient
from mockserver.cli.main import main
from tests.check.backends import DOCUMENT, Backend, backend, running
from tests.documents import kennel
from tests.http.test_xml import api as pets_in
from tests.ports import free_port

Change = Callable[[Backend], None]
TOKEN = ("Authorization", "Bearer t")
NOT_KNOWN = "no list shows a key for its path parameter day, and it has no example"


def write(folder: Path, change: Callable[[dict[str, Any]], None] | None = None) -> Path:
    document = copy.deepcopy(DOCUMENT)
    if change is not None:
        change(document)
    path = folder / "openapi.json"
    path.write_text(json.dumps(document))
    return path


def check(folder: Path, api: Backend, *, base: str = "", unsafe: bool = False, document: Any = None, headers: Any = (TOKEN,)) -> BackendChecker:  # fmt: skip
    with running(api.app) as url:
        contract = load_contract(write(folder, document), stateful=True)
        checker = BackendChecker(contract, BackendClient(url + base, headers), unsafe=unsafe)
        checker.run()
        return checker


def replaced(endpoint: str, view: Callable[..., Any]) -> Change:
    def plant(api: Backend) -> None:
        api.app.view_functions[endpoint] = view

    return plant


def changed_pet(**members: Any) -> Change:
    def plant(api: Backend) -> None:
        api.pets[12] |= members

    return plant


def test_a_backend_that_keeps_its_contract_has_no_deviation(tmp_path: Path) -> None:
    checker = check(tmp_path, backend())
    assert checker.findings == []
    assert checker.not_requested == {
        "getReport": NOT_KNOWN,
        **dict.fromkeys(["createPet", "refresh", "updatePet", "deletePet"], UNSAFE_REASON),
    }


def test_only_reads_are_requested_and_three_records_of_a_list(tmp_path: Path) -> None:
    api = backend()
    check(tmp_path, api)
    assert sorted(api.requests) == [
        "GET /v1/me", "GET /v1/old", "GET /v1/pets",
        *(path for number in (11, 12, 13) for path in (f"GET /v1/pets/{number}", f"GET /v1/pets/{number}/note")),
        "GET /v1/search?q=cat",
    ]  # fmt: skip


def test_what_is_created_alone_is_changed_and_deleted(tmp_path: Path) -> None:
    api = backend()
    before = copy.deepcopy(api.pets)
    checker = check(tmp_path, api, unsafe=True)
    assert checker.findings == []
    assert [line for line in api.requests if not line.startswith("GET")] == [
        "POST /v1/pets",
        "PATCH /v1/pets/16",
        "DELETE /v1/pets/16",
    ]
    assert api.pets == before
    assert checker.not_requested == {"getReport": NOT_KNOWN, "refresh": "it does not create a record"}


@pytest.mark.parametrize(
    ("plant", "message"),
    [
        (changed_pet(name=7), "GET /v1/pets (listPets), response 200: body /1/name: "),
        (changed_pet(kind="cow"), "GET /v1/pets (listPets), response 200: body /1/kind: "),
        (changed_pet(extra=1), "GET /v1/pets (listPets), response 200: body /1: "),
        (replaced("list_pets", lambda: [{"id": 11, "name": "a"}]), "GET /v1/pets (listPets), response 200: header X-Total-Count: the header X-Total-Count is required and missing"),
        (replaced("list_pets", lambda: ([], {"X-Total-Count": "many"})), "GET /v1/pets (listPets), response 200: header X-Total-Count: "),
        (replaced("search", lambda: ({"q": "cat"}, 203)), "GET /v1/search?q=cat (search), response 203: the status 203 is not declared, only 200"),
        (replaced("search", lambda: ("", 500)), "GET /v1/search?q=cat (search), response 500: the status 500 is not declared, only 200"),
        (replaced("search", lambda: ("", 401)), "GET /v1/search?q=cat (search), response 401: the status 401 is not declared, only 200"),
        (replaced("search", lambda: "<html>"), 'GET /v1/search?q=cat (search), response 200: header Content-Type: "text/html; charset=utf-8" is not declared for the status 200, only application/json'),
        (replaced("search", lambda: Response('{"q"', mimetype="application/json")), "GET /v1/search?q=cat (search), response 200: the body is not JSON: "),
        (replaced("search", lambda: Response("", mimetype="application/json")), "GET /v1/search?q=cat (search), response 200: there is no body, but application/json is declared"),
        (replaced("search", dict), "GET /v1/search?q=cat (search), response 200: "),
        (replaced("old", lambda: ("", 302)), "GET /v1/old (getOld), response 302: header Location: the header Location is required and missing"),
        (replaced("note_of", lambda **_: Response(b"", mimetype="text/plain")), "GET /v1/pets/11/note (getNote), response 200: there is no body, but text/plain is declared (and 2 similar)"),
        (replaced("get_pet", lambda **_: ("", 404)), "GET /v1/pets/11 (getPet), response 404: the status 404 is not declared, only 200 (and 2 similar)"),
        (replaced("get_pet", lambda number: {"id": number}), "GET /v1/pets/11 (getPet), response 200: "),
    ],
)  # fmt: skip
def test_a_deviation_is_found(tmp_path: Path, plant: Change, message: str) -> None:
    api = backend()
    plant(api)
    messages = [finding.problem.message for finding in check(tmp_path, api).findings]
    assert messages[0].startswith(message)
    # A pet is in the list, and read by its key.
    assert len(messages) == (2 if "(listPets), response 200: body" in message else 1)


def test_deviations_of_writes_are_found(tmp_path: Path) -> None:
    api = backend()
    api.app.view_functions["delete_pet"] = lambda **_: ("", 200)
    checker = check(tmp_path, api, unsafe=True)
    assert [finding.problem.message for finding in checker.findings] == [
        "DELETE /v1/pets/16 (deletePet), response 200: the status 200 is not declared, only 204"
    ]


def test_a_deviation_is_at_the_operation_in_the_document(tmp_path: Path) -> None:
    api = backend()
    api.app.view_functions["search"] = lambda: ("", 500)
    (finding,) = check(tmp_path, api).findings
    assert finding.level == "error"
    assert finding.problem.file == "openapi.json"
    assert finding.problem.pointer == "/paths/~1search/get"
    assert finding.problem.code == "drift"


@pytest.mark.parametrize("base", ["/api", "/api/"])
def test_a_path_in_the_address_replaces_the_prefix_of_the_servers(tmp_path: Path, base: str) -> None:
    api = backend("/api")
    assert check(tmp_path, api, base=base).findings == []
    assert {line.split("/")[1] for line in api.requests} == {"api"}


def test_an_operation_that_needs_credentials_is_listed(tmp_path: Path) -> None:
    checker = check(tmp_path, backend(), headers=())
    assert checker.findings == []
    assert checker.not_requested["getMe"] == "the response is 401: pass credentials with --header"


def test_an_example_that_no_record_has_is_no_deviation(tmp_path: Path) -> None:
    def add_example(document: dict[str, Any]) -> None:
        document["paths"]["/reports/{day}"]["parameters"][0]["example"] = "monday"

    checker = check(tmp_path, backend(), document=add_example)
    assert checker.findings == []
    assert checker.not_requested["getReport"] == "the response is 404: no record has the key of the example"


@pytest.mark.parametrize(
    "example",
    [{"example": "monday"}, {"examples": {"a": {"value": "monday"}}}, {"schema": {"type": "string", "examples": ["monday"]}},
     {"schema": {"type": "string", "example": "monday"}}, {"schema": {"type": "string", "default": "monday"}}, {"schema": {"enum": ["monday"]}},
     {"schema": {"type": "integer"}, "example": "monday", "examples": None}],
)  # fmt: skip
def test_parameters_are_taken_from_examples(tmp_path: Path, example: dict[str, Any]) -> None:
    api = backend()

    def add_example(document: dict[str, Any]) -> None:
        parameters = document["paths"]["/reports/{day}"]["parameters"]
        parameters[0] = {**parameters[0], **{name: value for name, value in example.items() if value is not None}}

    @api.app.get("/v1/reports/<day>")
    def report(day: str) -> Any:
        return {}

    check(tmp_path, api, document=add_example)
    is_valid = example.get("schema") != {"type": "integer"}
    assert ("GET /v1/reports/monday" in api.requests) is is_valid


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", str(write(folder)), *arguments])


def test_the_command_prints_the_result(tmp_path: Path) -> None:
    with running(backend().app) as url:
        result = run(tmp_path, "--against", url, "--header", "Authorization: Bearer t")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"not requested: GET /reports/{{day}} (getReport): {NOT_KNOWN}",
        f"not requested: createPet, refresh, deletePet, updatePet: {UNSAFE_REASON}",
        f"Shelter at {url}: 6 of 11 operations requested, 10 responses validated. No deviations found.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("output_format", "expected"),
    [
        ("text", "GET /v1/search?q=cat (search), response 500"),
        ("github", "::error file="),
        ("sarif", '"ruleId": "drift"'),
        ("json", '"holds": false'),
    ],
)
def test_deviations_are_printed_in_each_format(tmp_path: Path, output_format: str, expected: str) -> None:
    api = backend()
    api.app.view_functions["search"] = lambda: ("", 500)
    with running(api.app) as url:
        result = run(tmp_path, "--against", url, "--format", output_format, "--header", "Authorization: Bearer t")
    assert result.exit_code == 1
    assert expected in (result.stderr if output_format == "text" else result.stdout)
    if output_format in ("json", "sarif"):
        assert json.loads(result.stdout)
    assert "getReport" in result.output
    assert "Bearer t" not in result.output


def test_a_backend_that_cannot_be_reached_is_exit_code_2(tmp_path: Path) -> None:
    port = free_port()
    result = run(tmp_path, "--against", f"http://ann:s3cret@127.0.0.1:{port}/v1")
    assert result.exit_code == 2
    assert result.output == f"mockserver: cannot reach http://127.0.0.1:{port}/v1: the connection is refused\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--against", "localhost:8000"], "is not an address such as http://localhost:8000"),
        (["--against", "http://a", "--header", "nothing"], "nothing is not a header in ASCII such as 'Name: value'"),
        (["--against", "http://a", "--header", "Authorization: Bearer …"], "Authorization is not a header in ASCII"),
        (["--against", "http://["], "Invalid IPv6 URL"),
        (["--unsafe"], "--header and --unsafe need --against URL"),
    ],
)
def test_wrong_options_are_explained(tmp_path: Path, arguments: list[str], message: str) -> None:
    result = run(tmp_path, *arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_a_contract_with_errors_is_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("openapi: [")
    assert (
        CliRunner().invoke(main, ["check", str(tmp_path / "broken.yaml"), "--against", "http://127.0.0.1:1"]).exit_code
        == 1
    )


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_a_made_up_body_that_is_refused_is_no_deviation(tmp_path: Path, status: int) -> None:
    api = backend()
    api.app.view_functions["create_pet"] = lambda: ("", status)
    checker = check(tmp_path, api, unsafe=True)
    assert checker.findings == []
    assert (
        checker.not_requested["createPet"]
        == f"the backend refuses the body with {status}: give the document an example that it accepts"
    )


@pytest.mark.parametrize("document", [None, "kennel"])
def test_the_mock_of_a_contract_keeps_it(tmp_path: Path, document: str | None) -> None:
    path = kennel.write(tmp_path) if document is not None else None
    with BackgroundServer(create_app(path, stateful=path is not None)) as server:
        checker = BackendChecker(load_contract(path, stateful=True), BackendClient(server.url, [TOKEN]), unsafe=True)
        checker.run()
    assert checker.findings == []
    assert checker.requested > 4


@pytest.mark.parametrize("media_type", ["application/json", "application/xml"])
def test_a_backend_is_requested_and_judged_in_json_and_in_xml_alike(tmp_path: Path, media_type: str) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(pets_in(media_type)))
    with BackgroundServer(create_app(path, stateful=True)) as server:
        checker = BackendChecker(load_contract(path, stateful=True), BackendClient(server.url, [TOKEN]), unsafe=True)
        checker.run()
    assert checker.findings == []
    assert checker.requested == 4
    assert list(checker.not_requested) == ["replacePet"]


def test_an_undeclared_refusal_without_credentials_is_no_deviation(tmp_path: Path) -> None:
    api = backend()
    api.app.view_functions["me"] = lambda: ("", 403)
    assert check(tmp_path, api).findings == []


def test_a_stream_of_events_is_not_requested(tmp_path: Path) -> None:
    def add_stream(document: dict[str, Any]) -> None:
        document["paths"]["/old"]["get"]["responses"]["200"] = {
            "description": "events",
            "content": {"text/event-stream": {}},
        }

    checker = check(tmp_path, backend(), document=add_stream)
    assert checker.not_requested["getOld"] == "its response is a stream of events, which has no end"


def test_a_connection_that_breaks_is_a_deviation(tmp_path: Path) -> None:
    api = backend()
    api.app.view_functions["search"] = lambda: Response(
        iter([b'{"q"']), headers={"Content-Length": "100"}, mimetype="application/json"
    )
    (finding,) = check(tmp_path, api).findings
    assert finding.problem.message.startswith("GET /v1/search?q=cat (search): there is no response: ")
