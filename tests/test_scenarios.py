"""Each scenario that moves tells its story, from a client's side."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from mockserver import BackgroundServer
from tests.cli.test_main import SECONDS


class Client:
    """A client in a sandbox and a scenario of its own."""

    def __init__(self, url: str, scenario: str) -> None:
        self._url, self._session = url, requests.Session()
        self._session.headers.update({"X-Mock-Scenario": scenario, "X-Mock-Sandbox": f"story-{scenario}"})
        self.post("/__mock/reset", {"scope": "run"})

    def get(self, path: str) -> Any:
        return self._session.get(self._url + path, timeout=SECONDS).json()

    def post(self, path: str, body: Any = None) -> Any:
        return self._session.post(self._url + path, json=body, timeout=SECONDS).json()

    def status(self, method: str, path: str) -> int:
        return self._session.request(method, self._url + path, timeout=SECONDS).status_code

    def seconds(self, path: str) -> float:
        return self._session.get(self._url + path, timeout=SECONDS).elapsed.total_seconds()

    def close(self) -> None:
        self._session.close()


@pytest.fixture
def story(server: BackgroundServer, request: pytest.FixtureRequest) -> Any:
    client = Client(server.url, request.param)
    yield client
    client.close()


@pytest.mark.parametrize("story", ["fails-then-recovers"], indirect=True)
def test_a_transcription_fails_once_and_succeeds_after_a_retry(story: Client) -> None:
    seen = [story.get("/admin/jobs/job-1")["status"]]
    story.post("/__mock/clock", {"advance": "5s"})
    seen.append(story.get("/admin/jobs/job-1")["status"])
    story.post("/__mock/clock", {"advance": "20s"})
    seen.append(story.get("/admin/jobs/job-1")["status"])
    seen.append(story.post("/admin/jobs/job-1/retry")["status"])
    story.post("/__mock/clock", {"advance": "1m"})
    seen.append(story.get("/admin/jobs/job-1")["status"])
    assert seen == ["queued", "running", "failed", "queued", "succeeded"]
    events = [item["event_type"] for item in story.get("/admin/jobs/job-1/events")["events"]]
    assert events == ["start", "fail", "retry", "start", "succeed"]


@pytest.mark.parametrize("story", ["cancel-race"], indirect=True)
def test_the_job_is_done_before_its_cancellation_arrives(story: Client) -> None:
    for _ in range(3):
        assert story.get("/admin/jobs/job-2")["status"] == "running"
    refused = story.post("/admin/jobs/job-2/cancel")
    assert refused["code"] == "transition-not-allowed"
    assert refused["current"] == "succeeded"
    assert story.get("/admin/jobs/job-2")["status"] == "succeeded"


@pytest.mark.parametrize("story", ["happy-path"], indirect=True)
def test_jobs_move_on_in_real_time_from_now(story: Client) -> None:
    clock = story.get("/__mock/clock")
    assert abs(datetime.fromisoformat(clock["now"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert clock["mode"] == "real"
    assert clock["next_due"] > clock["now"]
    latest = datetime.fromisoformat(story.get("/admin/jobs?limit=1")["jobs"][0]["updated_at"])
    assert datetime.now(UTC) - latest < timedelta(minutes=2)
    story.post("/__mock/clock", {"advance": "5m"})
    statuses = {job["status"] for job in story.get("/admin/jobs")["jobs"]}
    assert statuses == {"succeeded", "failed", "cancelled"}


@pytest.mark.parametrize("story", ["flaky-actions"], indirect=True)
def test_an_action_fails_once_and_works_when_repeated(story: Client) -> None:
    assert [story.status("POST", "/admin/jobs/job-7/retry") for _ in range(2)] == [503, 200]
    assert story.status("POST", "/admin/jobs/job-1/cancel") == 504
    assert story.get("/admin/jobs/job-1")["status"] == "cancelled"
    assert story.status("POST", "/admin/jobs/job-1/cancel") == 200
    assert len(story.get("/admin/jobs/job-1/events")["events"]) == 1


@pytest.mark.parametrize("story", ["slow"], indirect=True)
def test_everything_works_and_takes_its_time(story: Client) -> None:
    assert story.seconds("/tutor/courses") >= 1


@pytest.mark.parametrize("story", ["outage"], indirect=True)
def test_every_answer_is_503_with_when_to_come_back(story: Client) -> None:
    for method, path in (("GET", "/admin/jobs"), ("GET", "/tutor/courses"), ("POST", "/admin/jobs/job-7/retry")):
        assert story.status(method, path) == 503
    assert story.get("/admin/jobs")["code"] == "injected"


@pytest.mark.parametrize("story", ["forbidden"], indirect=True)
def test_an_admins_doings_are_forbidden_and_a_tutors_are_not(story: Client) -> None:
    assert [story.status("GET", path) for path in ("/admin/jobs", "/admin/jobs/job-7", "/tutor/courses")] == [
        403,
        403,
        200,
    ]
