from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mockserver import Contract, ContractError, load_contract
from mockserver.documents.source import Source
from tests.conftest import MakeContract

Problems = Callable[..., list[str]]
Files = dict[str, Any]


def test_the_small_contract_loads(small: Contract) -> None:
    assert set(small.resources) == {"jobs", "owners", "events"}
    assert set(small.scenarios) == {"baseline", "empty"}


def test_every_mistake_is_reported_at_once_with_file_line_and_pointer(problems: Problems) -> None:
    text = """[
  {"id": "a", "owner_id": 1, "status": "quued", "updated_at": "2026-01-01T00:00:01.000Z"},
  {"id": "b", "owner_id": 1, "status": "running"},
  {"id": "c", "owner_id": 9, "status": "done", "updated_at": "2026-01-01T00:00:03.000Z", "extra": 1},
  {"id": "a", "owner_id": 2, "status": "queued", "updated_at": "yesterday"}
]"""
    file = "fixtures/small/jobs.json"
    assert problems(lambda files: files.pop("fixtures/small/events.json"), **{file: text}) == [
        f'{file}:2 /0/status: "quued" is not one of "queued", "running", "done", "cancelled". Did you mean "queued"?',
        f'{file}:3 /1: "updated_at" is required and missing',
        f'{file}:4 /2: "extra" is not declared here. Known: id, note, owner_id, status, updated_at.',
        f"{file}:4 /2/owner_id: owners has no record 9",
        f'{file}:5 /3/id: the key "a" is already used in line 2',
        f'{file}:5 /3/updated_at: "yesterday" is not a valid date-time',
    ]


def test_a_default_scenario_with_an_error_is_not_missing(problems: Problems) -> None:
    def add_another(files: Files) -> None:
        files["scenarios/other.yaml"] = {}

    listed = problems(add_another, **{"scenarios/baseline.yaml": "a: 1\na: 2"})
    assert listed == [
        'scenarios/baseline.yaml:2: is not valid YAML: the key "a" appears twice in one mapping, at column 1'
    ]


def test_mistakes_in_different_files_are_reported_together(problems: Problems) -> None:
    def break_three(files: Files) -> None:
        files["schemas/job.json"]["properties"]["note"] = {"$ref": "nowhere.json"}
        files["schemas/openapi.yaml"]["paths"]["/message"]["get"]["responses"] = {}
        files["fixtures/small/jobs.json"][0]["owner_id"] = 9
        files["scenarios/empty.yaml"] = {"fixtures": "nothing"}

    assert [line.split(":")[0] for line in problems(break_three)] == [
        "fixtures/small/jobs.json", "scenarios/empty.yaml", "schemas/job.json", "schemas/openapi.yaml",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("fixtures/small/jobs.json", '[\n{"id": ]', "fixtures/small/jobs.json:2: is not valid JSON: expecting value"),
        ("fixtures/small/jobs.json", "{}", "fixtures/small/jobs.json:1: must be an array of records"),
        ("fixtures/small/jbs.json", "[]", 'fixtures/small/jbs.json:1: there is no resource "jbs". Did you mean "jobs"?'),
        ("fixtures/jobs.json", "[]", "fixtures/jobs.json: must be in a folder of fixtures/, such as fixtures/NAME/jobs.json"),
        ("scenarios/empty.yaml", "# nothing yet\n", "scenarios/empty.yaml:1: the file is empty"),
        ("scenarios/baseline.yaml", "a: [", "is not valid YAML: did not find expected node content"),
        ("scenarios/baseline.yaml", "fixtures: smal", "scenarios/baseline.yaml:1 /fixtures: there is no folder fixtures/smal. Did you mean \"small\"?"),
        ("scenarios/baseline.yaml", "fixture: small", "scenarios/baseline.yaml:1: \"fixture\" is not declared here. Did you mean \"fixtures\"?"),
        ("scenarios/baseline.yaml", "commands: [{}]", '/commands/0: "at" is required and missing'),
        ("scenarios/baseline.yaml", "clock: {mode: rel}", '"rel" is not one of "manual", "real", "per-request". Did you mean "real"?'),
        ("scenarios/baseline.yaml", "clock: {mode: per-request}", '/clock: "step" is required and missing'),
        ("scenarios/baseline.yaml", "clock: {mode: per-request, step: 0s}", '/clock/step: "0s" must be above zero'),
        ("scenarios/baseline.yaml", "clock: {mode: per-request, step: 5x}", "/clock/step: '5x' is not a valid duration; write 30s, 1h30m or PT30S"),
        ("scenarios/baseline.yaml", "clock: {mode: per-request, step: 5s, on: [lstJobs]}", '/clock/on/0: there is no operation "lstJobs". Did you mean "listJobs"?'),
        ("scenarios/baseline.yaml", "clock: {start: now}", '/clock: "mode" is required and missing'),
        ("scenarios/baseline.yaml", "clock: {start: soon}", '/clock/start: "soon" is not a valid date-time'),
        ("scenarios/baseline.yaml", "progress: {jbs: []}", '/progress/jbs: there is no resource "jbs". Did you mean "jobs"?'),
        ("scenarios/baseline.yaml", "progress: {owners: []}", "/progress/owners: owners has no lifecycle, so its records cannot progress"),
        ("scenarios/baseline.yaml", "progress: {jobs: [{state: queud, fire: start, after: 5s}]}", '/progress/jobs/0/state: there is no state "queud". Did you mean "queued"?'),
        ("scenarios/baseline.yaml", "progress: {jobs: [{state: queued, fire: strt, after: 5s}]}", '/progress/jobs/0/fire: there is no transition "strt". Did you mean "start"?'),
        ("scenarios/baseline.yaml", "progress: {jobs: [{state: queued, fire: finish, after: 5s}]}", '/progress/jobs/0/fire: the transition finish does not leave the state "queued"; start, cancel do'),
        ("scenarios/baseline.yaml", "progress: {jobs: [{state: queued, fire: start, after: 0s}]}", '/progress/jobs/0/after: "0s" must be above zero'),
        ("scenarios/baseline.yaml", "progress: {jobs: [{state: queued, fire: start, after: {uniform: [2s, 1s]}}]}", "/progress/jobs/0/after: the lower bound is above the upper one"),
        ("scenarios/baseline.yaml", "progress: {jobs: [{state: queued, fire: start, after: 1s, where: {typ: x}}]}", '/progress/jobs/0/where/typ: there is no field "typ".'),
        ("scenarios/baseline.yaml", "generate: {jbs: {count: 1}}", "scenarios/baseline.yaml:1 /generate/jbs: there is no resource \"jbs\". Did you mean \"jobs\"?"),
        ("scenarios/baseline.yaml", "fixtures: small\nclock: {start: '2020-01-01T00:00:00Z'}", "scenarios/baseline.yaml:2 /clock/start: 2020-01-01T00:00:00Z is before the latest stamp of the records, 2026-01-01T00:00:03.000Z"),
        ("scenarios/baseline.yaml", "fixtures: small\nrecords: {jobs: [{id: a, status: dne}]}", "scenarios/baseline.yaml:2 /records/jobs/0/status: \"dne\" is not one of \"queued\", \"running\", \"done\", \"cancelled\". Did you mean \"done\"?"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_file_is_reported_with_its_name(problems: Problems, name: str, text: str, message: str) -> None:
    assert message in "\n".join(problems(**{name: text}))


def change(path: str, *steps: Any, to: Any) -> Callable[[Files], None]:
    def apply(files: Files) -> None:
        container = files[path]
        for step in steps[:-1]:
            container = container[step]
        container[steps[-1]] = to

    return apply


RESOURCES = "schemas/resources.yaml"
OPENAPI = "schemas/openapi.yaml"
JOBS = ("resources", "jobs")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (change(RESOURCES, *JOBS, "schema", to="jb.json"), '/resources/jobs/schema: there is no schema "jb.json". Did you mean "job.json"?'),
        (change(RESOURCES, *JOBS, "key", to="idd"), '/resources/jobs/key: there is no field "idd". Did you mean "id"?'),
        (change(RESOURCES, *JOBS, "references", to={"owner_id": "owner"}), '/resources/jobs/references/owner_id: there is no resource "owner". Did you mean "owners"?'),
        (change(RESOURCES, *JOBS, "sort", to=["-updatd_at"]), '/resources/jobs/sort: there is no field "updatd_at". Did you mean "updated_at"?'),
        (change(RESOURCES, *JOBS, "lifecycle", "touch", to="touched"), '/resources/jobs/lifecycle/touch: there is no field "touched".'),
        (change(RESOURCES, *JOBS, "lifecycle", "touch", to="id"), '/resources/jobs/lifecycle/touch: "id" is the key, so it cannot hold the time of a transition'),
        (change(RESOURCES, *JOBS, "lifecycle", "touch", to="status"), '/resources/jobs/lifecycle/touch: "status" holds the state, so it cannot hold the time of a transition'),
        (change(RESOURCES, *JOBS, "lifecycle", "touch", to="owner_id"), '/resources/jobs/lifecycle/touch: "owner_id" cannot hold the time of a transition: '),
        (change(RESOURCES, *JOBS, "lifecycle", "field", to="id"), '/resources/jobs/lifecycle/field: "id" is the key, which no transition changes'),
        (change(RESOURCES, *JOBS, "key", to=""), "/resources/jobs/lifecycle: needs a `key` of the resource, which says whose state changes"),
        (change(RESOURCES, *JOBS, "links", to={"note": "events"}), '/resources/jobs/links/note: events has no key, which "note" would hold'),
        (change(RESOURCES, "resources", "owners", "sort", to=["state"]), '/resources/owners/derived/state: "state" is in the `sort`, so it cannot be computed on read'),
        (change("schemas/event.json", "required", to=["job_id", "event_type", "at", "by"]), '/resources/jobs/lifecycle/log: the schema of events requires "by", which no entry has'),
        (change("schemas/event.json", "properties", "at", to={"type": "integer"}), '/resources/jobs/lifecycle/log: "at" of events cannot hold a time: '),
        (change(RESOURCES, *JOBS, "lifecycle", "log", to="evnts"), '/resources/jobs/lifecycle/log: there is no resource "evnts". Did you mean "events"?'),
        (change(RESOURCES, *JOBS, "lifecycle", "initial", to="new"), 'the state "new" does not match the schema'),
        (change(RESOURCES, *JOBS, "lifecycle", "transitions", "pause", to={"from": "running", "to": "queued"}), "/resources/jobs/lifecycle/transitions/pause: the name does not match the log's schema"),
        (change(RESOURCES, "operations", "listJobs", "list", to="job"), '/operations/listJobs/list: there is no resource "job". Did you mean "jobs"?'),
        (change(RESOURCES, "operations", "lstJobs", to={"list": "jobs"}), '/operations/lstJobs: there is no operation "lstJobs". Did you mean "listJobs"?'),
        (change(RESOURCES, "operations", "cancelJob", "transition", to="jobs.cancl"), '/operations/cancelJob/transition: there is no transition "cancl". Did you mean "cancel"?'),
        (change(RESOURCES, "operations", "listJobs", "paging", "limit", to="lmit"), '/operations/listJobs/paging/limit: there is no query parameter "lmit". Did you mean "limit"?'),
        (change(RESOURCES, "operations", "getMessage", to={"read": "jobs"}), "/operations/getMessage/read: /message has no path parameter for the key of the record"),
        (change(RESOURCES, "resources", "owners", "derived", "state", "map", "none", to="nothing"), '/resources/owners/derived/state/map/none: does not match the schema: "nothing" is not one of'),
        (lambda files: files[RESOURCES]["resources"]["owners"]["derived"]["state"]["map"]["values"].pop("done"), 'the state "done" of jobs has no value'),
        (change("schemas/job.json", "properties", "id", "type", to="strng"), "schemas/job.json:1 /properties/id/type: is not a valid JSON Schema"),
        (change("schemas/job.json", "properties", "id", to={"$ref": "http://example.com/id.json"}), 'schemas/job.json:1 /properties/id/$ref: "http://example.com/id.json" points outside the contract directory'),
        (change("schemas/job.json", "properties", "id", to={"$ref": "../../secret.json"}), '"../../secret.json" points outside the contract directory'),
        (change("schemas/job.json", "properties", "id", to={"$ref": "/etc/passwd"}), '"/etc/passwd" points outside the contract directory'),
        (change("schemas/job.json", "properties", "id", to={"$ref": "idd.json"}), 'there is no file "schemas/idd.json"'),
        (change("schemas/job.json", "properties", "id", to={"$ref": "#/$defs/id"}), '/properties/id/$ref: "schemas/job.json#/$defs/id" points nowhere: the file has no "$defs".'),
        (change(OPENAPI, "openapi", to="4.0.0"), '/openapi: OpenAPI 3.0 to 3.2 are supported, OpenAPI "4.0.0" is not'),
        (change(OPENAPI, "paths", "/jobs", "get", "operationId", to="getJob"), '"getJob" is already the operationId of'),
        (change(OPENAPI, "paths", "/jobs/{other}", to={}), 'the path "/jobs/{other}" is the same as "/jobs/{job_id}"'),
        (change(OPENAPI, "paths", "/jobs/{job_id}", "parameters", to=[]), "{job_id} in the path is not declared as a path parameter."),
        (change(OPENAPI, "paths", "/message", "get", "responses", "200", "content", "application/json", "example", to=7), "/example: the example does not match its schema: 7 is not of type string"),
        (change(OPENAPI, "paths", "/message", "get", "responses", to={}), "/paths/~1message/get/responses: there must be at least one response, for example for 200"),
        (change("fixtures/small/owners.json", 0, "state", to="idle"), 'fixtures/small/owners.json:1 /0/state: "state" is computed on read; leave it out'),
        (change("fixtures/small/events.json", 0, "event_type", to="finish"), 'the log ends in the state "done", but the record\'s is "running"'),
        (change("fixtures/small/events.json", 0, "at", to="2026-01-01T00:00:02.001Z"), "the log ends at another time than the record's updated_at"),
        (change("fixtures/small/events.json", 1, "event_type", to="cancel"), '"finish" does not leave the state "cancelled", which the log has reached'),
        (lambda files: files["scenarios/empty.yaml"] is files.pop("scenarios/baseline.yaml") or files.update({"scenarios/other.yaml": {}}), 'scenarios: there is no scenario "baseline", the default; rename one of empty, other'),
    ],
)  # fmt: skip
def test_a_wrong_name_or_value_is_reported_with_its_pointer(
    problems: Problems, edit: Callable[[Files], object], message: str
) -> None:
    assert message in "\n".join(problems(edit))


def test_nothing_outside_the_directory_is_read_through_a_link(make_contract: MakeContract, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text('{"type": "string"}')
    root = make_contract()
    (root / "schemas" / "link.json").symlink_to(tmp_path / "secret.json")
    with pytest.raises(ContractError, match=r"schemas/link\.json: resolves to a path outside the contract directory"):
        load_contract(root)


def test_a_single_document_is_a_contract(tmp_path: Path) -> None:
    (tmp_path / "pets.yaml").write_text(
        "openapi: 3.1.0\ninfo: {title: Pets, version: '1'}\n"
        "paths: {/pets: {get: {responses: {'200': {description: ok, content: {application/json: {schema: {$ref: pet.json}}}}}}}}\n"
    )
    (tmp_path / "pet.json").write_text('{"type": "object"}')
    (tmp_path / "broken.json").write_text("{")  # nobody refers to it
    contract = load_contract(tmp_path / "pets.yaml")
    assert list(contract.operations) == ["GET /pets"]
    assert list(contract.scenarios) == ["baseline"]


def test_a_schema_may_refer_to_itself_by_its_own_id(make_contract: MakeContract) -> None:
    def identify(files: Files) -> None:
        files["schemas/job.json"] |= {"$id": "https://example.com/job.json", "$defs": {"id": {"type": "string"}}}
        files["schemas/job.json"]["properties"]["id"] = {"$ref": "#/$defs/id"}

    assert (
        load_contract(make_contract(identify))
        .resources["jobs"]
        .validator.is_valid({"id": "a", "owner_id": 1, "status": "done", "updated_at": "2026-01-01T00:00:00Z"})
    )


EXPECTED = "pass a directory with schemas/, fixtures/ and scenarios/, or an OpenAPI file (.yaml, .yml, .json)"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere", f"{{path}}: does not exist; {EXPECTED}"),
        ("notes.txt", f"{{path}}: is not a contract; {EXPECTED}"),
        (
            "traffic.har",
            "{path}: is recorded traffic, which is read by: mockserver init --from {path} --contract FILE DIRECTORY",
        ),
        (".", "schemas/openapi.yaml: does not exist; a contract directory needs it"),
    ],
)
def test_a_path_without_a_contract_is_reported_with_what_is_expected(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    (tmp_path / "traffic.har").touch()
    path = tmp_path / name
    with pytest.raises(ContractError) as caught:
        load_contract(path)
    assert str(caught.value) == message.format(path=path)


def test_a_directory_without_schemas_may_hold_a_document(tmp_path: Path) -> None:
    (tmp_path / "openapi.yml").touch()
    with pytest.raises(ContractError) as caught:
        load_contract(tmp_path)
    assert str(caught.value).endswith("needs it; to serve openapi.yml as it is, name the file")


def test_a_url_is_not_read() -> None:
    with pytest.raises(ContractError) as caught:
        load_contract(Path("https://example.com/openapi.yaml"))
    reason = "nothing is read from a network; save the document in a file first, and pass that"
    assert str(caught.value) == f"https://example.com/openapi.yaml: {reason}"


def test_a_contract_without_scenarios_starts_from_its_only_data_set(make_contract: MakeContract) -> None:
    root = make_contract(lambda files: [files.pop(name) for name in list(files) if name.startswith("scenarios/")])
    scenario = load_contract(root).scenarios["baseline"]
    assert len(scenario.records["jobs"]) == 4
    assert scenario.clock.start == 1_767_225_603_000


def test_a_scenario_merges_records_into_its_fixtures(make_contract: MakeContract) -> None:
    def put(files: Files) -> None:
        files["scenarios/baseline.yaml"]["records"] = {"jobs": [{"id": "a", "status": "done"}]}

    scenario = load_contract(make_contract(put)).scenarios["baseline"]
    assert scenario.records["jobs"][0] == {
        "id": "a", "owner_id": 1, "status": "done", "updated_at": "2026-01-01T00:00:01.000Z",
    }  # fmt: skip
    assert scenario.put_keys == {"jobs": frozenset({"a"})}


def test_lines_are_found_in_json_with_tabs() -> None:
    assert Source("a.json", '[\n\t{"a": 1},\n\t{"a": 2}\n]', None).line("/1/a") == 3


@pytest.mark.parametrize("text", ["[", "{}"])
def test_references_to_the_records_of_a_file_that_cannot_be_read_hide_no_mistake(problems: Problems, text: str) -> None:
    assert len(problems(**{"fixtures/small/jobs.json": text})) == 1
