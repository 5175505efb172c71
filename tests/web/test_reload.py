from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from werkzeug.test import Client, TestResponse

from mockserver import create_app, load_contract
from mockserver.contract.server_settings import with_default_scenario
from mockserver.web.reload import ReloadingApp

Edit = Callable[[str, Callable[[Any], object]], list[str]]


@pytest.fixture
def client(reloading: ReloadingApp) -> Client:
    return Client(reloading, TestResponse, use_cookies=False)


@pytest.fixture
def edit(root: Path, reloading: ReloadingApp) -> Edit:
    """Changes what a JSON file holds, and reloads; what was said of it."""

    def change(name: str, by: Callable[[Any], object]) -> list[str]:
        data = json.loads((root / name).read_text())
        by(data)
        (root / name).write_text(json.dumps(data))
        return [str(problem) for problem in reloading.reload()]

    return change


def status_of(client: Client, key: str, **headers: str) -> str:
    response = client.get(f"/jobs/{key}", headers=headers).json
    result: str = response["status"]
    return result


def test_edited_fixtures_are_in_force_and_what_was_done_stays_done(client: Client, edit: Edit) -> None:
    assert client.post("/jobs/a/cancel").status_code == 200
    assert edit("fixtures/small/jobs.json", lambda jobs: jobs[1].update(note="edited")) == []
    assert client.get("/jobs/b").json["note"] == "edited"
    assert status_of(client, "a") == "cancelled"
    state = client.get("/__mock/state").json
    assert state["generation"] == 2
    assert state["revision"] == 0


def test_edited_schemas_and_paths_are_in_force(client: Client, root: Path, reloading: ReloadingApp) -> None:
    assert client.get("/work").status_code == 404
    document = root / "schemas" / "openapi.yaml"
    document.write_text(document.read_text().replace("/jobs:", "/work:").replace("/jobs/{", "/work/{"))
    assert reloading.reload() == []
    assert client.get("/work").status_code == 200
    assert client.get("/jobs").status_code == 404


def test_each_sandbox_keeps_its_own_state_clock_and_active_scenario(client: Client, edit: Edit) -> None:
    item, two = {"X-Mock-Sandbox": "one"}, {"X-Mock-Sandbox": "two"}
    client.post("/jobs/a/cancel", headers=item)
    client.put("/__mock/scenario", json={"name": "empty"}, headers=two)
    client.post("/__mock/clock", json={"advance": "5m"}, headers=item)
    before = client.get("/__mock/clock", headers=item).json["now"]
    edit("fixtures/small/jobs.json", lambda jobs: jobs[1].update(note="edited"))
    assert client.get("/__mock/clock", headers=item).json["now"] == before
    assert status_of(client, "a", **item) == "cancelled"
    assert client.get("/jobs", headers=two).json == []
    # The log goes with the run: it can be undone.
    client.post("/__mock/clock", json={"undo": 1}, headers=item)
    assert status_of(client, "a", **item) != "cancelled"


def test_a_run_whose_commands_are_refused_now_starts_over_and_says_so(
    client: Client, edit: Edit, caplog: pytest.LogCaptureFixture
) -> None:
    client.post("/jobs/a/cancel")
    client.post("/jobs/b/cancel", headers={"X-Mock-Sandbox": "other"})
    edit("fixtures/small/jobs.json", lambda jobs: jobs.pop(0))
    edit("fixtures/small/events.json", lambda events: events.__delitem__(slice(None)))
    assert client.get("/jobs/a").status_code == 404
    entry = client.get("/__mock/requests").json["requests"][0]
    assert entry["note"].startswith("this run has started over")
    assert "sandbox default, scenario baseline: this run has started over" in caplog.text
    assert status_of(client, "b", **{"X-Mock-Sandbox": "other"}) == "cancelled"


@pytest.mark.parametrize(
    ("edited", "statuses"),
    [
        ([], [200, 200]),
        ([{"operation": "listJobs", "status": 502, "times": 1}], [502, 200]),
        ([{"operation": "listJobs", "status": 502, "times": 1}, "old"], [502, 503]),
        (["old", {"operation": "listJobs", "status": 502, "times": 1}], [503, 502]),
    ],
)
def test_uses_of_an_override_stay_its_own_where_the_scenario_is_edited(
    root: Path, reloading: ReloadingApp, client: Client, edited: list[Any], statuses: list[int]
) -> None:
    old = {"operation": "listJobs", "status": 503, "times": 2}

    def respond_with(entries: list[Any]) -> None:
        path = root / "scenarios" / "baseline.yaml"
        responses = [old if entry == "old" else entry for entry in entries]
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), "responses": responses}))
        assert reloading.reload() == []

    respond_with(["old"])
    assert client.get("/jobs").status_code == 503
    assert client.post("/jobs/a/cancel").status_code == 200
    respond_with(edited)
    assert [client.get("/jobs").status_code for _ in range(2)] == statuses
    assert status_of(client, "a") == "cancelled"


def test_a_broken_file_leaves_the_last_good_contract_in_service_and_health_says_why(
    client: Client, root: Path, edit: Edit, reloading: ReloadingApp
) -> None:
    file = root / "fixtures" / "small" / "jobs.json"
    good = file.read_text()
    client.post("/jobs/a/cancel")
    file.write_text('[{"id": 1}]')
    assert any(str(item).startswith("fixtures/small/jobs.json:1 /0/id") for item in reloading.reload())
    assert status_of(client, "a") == "cancelled"
    health = client.get("/__mock/health").json
    assert health["status"] == "ok"
    reported = {"file": "fixtures/small/jobs.json", "line": 1, "pointer": "/0/id", "code": "type"}
    assert {**reported, "message": "1 is not of type string"} in health["problems"]
    file.write_text(good)
    assert reloading.reload() == []
    assert list(client.get("/__mock/health").json or ()) == ["status", "version"]
    assert status_of(client, "a") == "cancelled"


def test_a_scenario_that_is_gone_takes_its_runs_along(client: Client, root: Path, reloading: ReloadingApp) -> None:
    client.put("/__mock/scenario", json={"name": "empty"})
    assert client.get("/jobs").json == []
    (root / "scenarios" / "empty.yaml").unlink()
    assert reloading.reload() == []
    assert client.get("/jobs").json != []
    assert client.get("/jobs", headers={"X-Mock-Scenario": "empty"}).status_code == 400


def test_the_selected_default_scenario_must_remain(root: Path) -> None:
    app = create_app(with_default_scenario(load_contract(root), "empty"))
    reloading = ReloadingApp(app.extensions["mockserver"], lambda: with_default_scenario(load_contract(root), "empty"))
    (root / "scenarios" / "empty.yaml").unlink()
    assert [problem.code for problem in reloading.reload()] == ["unknown-scenario"]
    assert Client(reloading, TestResponse).get("/jobs").json == []


def test_a_clock_that_nothing_has_moved_begins_where_the_scenario_says_now(
    client: Client, root: Path, reloading: ReloadingApp
) -> None:
    client.get("/jobs")
    file = root / "scenarios" / "baseline.yaml"
    later = "2027-01-01T00:00:00.000Z"
    data = yaml.safe_load(file.read_text())
    data["clock"] = {"start": later}
    file.write_text(json.dumps(data))
    assert reloading.reload() == []
    assert client.get("/__mock/clock").json["now"] == later
    # But commands that would then lie before the start are not moved.
    client.post("/jobs/a/cancel")
    data["clock"]["start"] = "2028-01-01T00:00:00.000Z"
    file.write_text(json.dumps(data))
    reloading.reload()
    assert status_of(client, "a") != "cancelled"


def test_generations_go_on_over_reloads_rewinds_and_resets(client: Client, edit: Edit) -> None:
    seen = [client.get("/__mock/state").json["generation"]]
    client.post("/__mock/clock", json={"advance": "1m"})
    for act in (
        lambda: client.post("/__mock/clock", json={"rewind": "1s"}),
        lambda: edit("fixtures/small/jobs.json", list),
        lambda: client.post("/__mock/reset"),
        lambda: client.post("/__mock/reset", json={"scope": "run"}),
    ):
        act()
        seen.append(client.get("/__mock/state").json["generation"])
    assert seen == [1, 2, 3, 4, 5]
