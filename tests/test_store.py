"""Processes that share their sandboxes through Redis answer as one would."""

from __future__ import annotations

import os
import queue
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mockserver import BackgroundServer, Contract, create_app, load_contract
from mockserver.engine.shared import redis_store
from mockserver.engine.shared.sandbox import SharedSandbox
from mockserver.engine.shared.store import SandboxContent, Use
from tests.attack.scale import rounds, some
from tests.cli.test_main import SECONDS, replace_text, run, serving
from tests.conftest import MakeContract, start_redis
from tests.redis_server import RedisServer

JSON = {"Content-Type": "application/json"}
CLIENTS = 16


@pytest.fixture
def lasting(tmp_path: Path) -> Iterator[RedisServer]:
    """One that keeps its data when it is stopped."""
    server = start_redis(tmp_path, "--appendonly", "yes")
    yield server
    server.stop()


@pytest.fixture
def pair(redis: RedisServer, built_in: Contract, request: pytest.FixtureRequest) -> list[FlaskClient]:
    """Clients of two servers over one store, in a sandbox of the test's own."""
    return pair_on(redis.url, built_in, request.node.name)


def pair_on(url: str, contract: Contract, sandbox: str) -> list[FlaskClient]:
    return [client_of(contract, sandbox, url), client_of(contract, sandbox, url)]


def client_of(contract: Contract, sandbox: str, store: str | None) -> FlaskClient:
    client = create_app(contract, store=store).test_client(use_cookies=False)
    client.environ_base["HTTP_X_MOCK_SANDBOX"] = "".join(item if item.isalnum() else "-" for item in sandbox)[:64]
    return client


MILLISECONDS = re.compile(r'"milliseconds":[0-9.]+,')


def sent(response: TestResponse) -> tuple[Any, ...]:
    return response.status_code, sorted(response.headers.items()), response.get_data()


def commands(seed: int, count: int) -> Iterator[tuple[str, str, Any, dict[str, str]]]:
    """Random requests of every kind that changes something, and reads between them."""
    chance = random.Random(seed)
    for number in range(count):
        job = f"job-{chance.randint(1, 12)}"
        key = {"Idempotency-Key": f"k-{chance.randint(1, 6)}"}
        moves: list[Any] = [{"advance": "20s"}, {"advance": "next"}, {"rewind": "15s"}, {"undo": 2}, {"mode": "per-request", "step": "1s"}, {"mode": "manual"}]  # fmt: skip
        yield chance.choice(
            [
                ("POST", f"/admin/jobs/{job}/retry", None, {}),
                ("POST", f"/admin/jobs/{job}/cancel", None, {}),
                ("POST", f"/admin/jobs/{job}/cancel", None, key),
                ("GET", f"/admin/jobs/{job}", None, {}),
                ("GET", "/admin/jobs?limit=3", None, {}),
                ("GET", "/nowhere", None, {}),
                ("PUT", f"/__mock/state/courses/c-{number % 7}", {"title": f"T{number}"}, {}),
                ("DELETE", f"/__mock/state/courses/c-{number % 5}", None, {}),
                ("POST", "/__mock/clock", chance.choice(moves), {}),
                ("POST", "/__mock/overrides", {"operation": "getJob", "status": 503, "times": 2}, {}),
                ("POST", "/__mock/overrides", {"operation": "listJobs", "status": 418, "where": {"limit": 3}}, {}),
                ("DELETE", "/__mock/overrides", None, {}),
                ("PUT", "/__mock/scenario", {"name": chance.choice(["baseline", "stuck-queue", "cancel-race"])}, {}),
                ("POST", "/__mock/reset", {"scope": chance.choice(["run", "run", "sandbox"])}, {}),
                ("GET", "/__mock/state", None, {}),
                ("GET", "/__mock/clock", None, {}),
                ("GET", "/__mock/recording", None, {}),
            ]
        )


@pytest.mark.parametrize("seed", range(rounds(1, 3)))
def test_two_servers_in_turn_answer_byte_for_byte_as_one_alone(
    pair: list[FlaskClient], built_in: Contract, seed: int, request: pytest.FixtureRequest
) -> None:
    alone = client_of(built_in, request.node.name, None)
    for number, (method, path, body, headers) in enumerate(commands(seed, 200)):
        answers = [client.open(path, method=method, json=body, headers=headers) for client in (alone, pair[number % 2])]
        assert sent(answers[1]) == sent(answers[0]), (number, method, path, body)
    for path in ("/__mock/verdict", "/__mock/violations", "/__mock/requests?limit=50&offset=7"):
        texts = [client.get(path).get_data(as_text=True) for client in (alone, *pair)]
        journals = [MILLISECONDS.sub("", text) for text in texts]
        assert journals[1] == journals[0] == journals[2]


def test_of_sixteen_that_race_each_is_counted_once(pair: list[FlaskClient]) -> None:
    sandbox = pair[0].environ_base["HTTP_X_MOCK_SANDBOX"]
    pair[0].post("/__mock/overrides", json={"operation": "listCourses", "status": 503, "times": 5})

    def ask(number: int) -> tuple[int, int]:
        client = pair[number % 2].application.test_client(use_cookies=False)
        headers = {"X-Mock-Sandbox": sandbox}
        put = client.put(f"/__mock/state/courses/race-{number}", json={"title": "T"}, headers=headers)
        return put.status_code, client.get("/tutor/courses", headers=headers).status_code

    with ThreadPoolExecutor(CLIENTS) as pool:
        result = list(pool.map(ask, range(CLIENTS)))
    assert [item for item, _ in result] == [201] * CLIENTS
    assert sorted(item for _, item in result) == [200] * (CLIENTS - 5) + [503] * 5
    # One for the override, five for its uses.
    assert [client.get("/__mock/state").json["revision"] for client in pair] == [CLIENTS + 6] * 2


def test_a_request_that_another_process_overtook_is_handled_again(
    pair: list[FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = pair
    first.get("/admin/jobs")
    whole = SharedSandbox.commit

    def commit(sandbox: SharedSandbox) -> None:
        monkeypatch.undo()
        assert second.put("/__mock/state/courses/other", json={"title": "T"}).status_code == 201
        whole(sandbox)

    monkeypatch.setattr(SharedSandbox, "commit", commit)
    assert first.put("/__mock/state/courses/mine", json={"title": "T"}).status_code == 201
    for client in pair:
        state = client.get("/__mock/state").json
        assert state["revision"] == 2
        assert {"mine", "other"} <= {item["id"] for item in state["records"]["courses"]}


CONTENT = SandboxContent(is_empty=False, summary="")


def test_an_append_that_is_sent_twice_is_there_once(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    store = redis_store.RedisStore(redis.url, "appends")
    created = store.fetch_updates("one", "", 0, 10, Use.LAST)
    assert created is not None
    epoch = created.epoch
    store.append("one", epoch, 0, "[]", None, "", CONTENT)  # the script is known there from now on
    once = store._execute

    def twice(*command: Any) -> Any:
        once(*command)
        return once(*command)

    monkeypatch.setattr(store, "_execute", twice)
    store.append("one", epoch, 1, "[]", None, "", CONTENT)
    monkeypatch.undo()
    stored = store.fetch_updates("one", "", 0, 10, Use.LAST)
    assert stored is not None
    assert len(stored.batches) == 2


def test_a_real_clock_is_the_same_in_every_process(pair: list[FlaskClient]) -> None:
    pair[0].post("/__mock/clock", json={"mode": "real", "speed": 1})
    before = pair[0].get("/__mock/clock").json["now"]
    between = pair[1].get("/__mock/clock").json["now"]
    assert before <= between <= pair[0].get("/__mock/clock").json["now"]


def test_a_handler_is_called_where_each_request_moves_the_clock(
    redis: RedisServer, make_contract: MakeContract, request: pytest.FixtureRequest
) -> None:
    def change(files: dict[str, Any]) -> None:
        del files["schemas/resources.yaml"]["operations"]["cancelJob"]
        files["scenarios/baseline.yaml"]["clock"] |= {"mode": "per-request", "step": "5s"}

    handler = "from mockserver import handler\n\n@handler('cancelJob')\ndef cancel(call, records):\n"
    handler += "    return records.jobs.fire(call.path['job_id'], 'cancel')\n"
    contract = load_contract(make_contract(change, **{"handlers.py": handler}))
    first, second = pair_on(redis.url, contract, request.node.name)
    assert first.post("/jobs/a/cancel").json["updated_at"] == "2026-01-01T00:00:15.000Z"
    assert second.post("/jobs/b/cancel").json["updated_at"] == "2026-01-01T00:00:20.000Z"


def test_a_store_that_was_flushed_is_a_fresh_start(pair: list[FlaskClient]) -> None:
    pair[0].put("/__mock/state/courses/mine", json={"title": "T"})
    store = pair[0].application.extensions["mockserver"].sandboxes.store
    store._execute("FLUSHALL")
    assert [client.get("/__mock/state").json["revision"] for client in pair] == [0, 0]


def test_sandboxes_are_listed_and_deleted_for_all(lasting: RedisServer, built_in: Contract) -> None:
    first, second = pair_on(lasting.url, built_in, "mine")
    first.put("/__mock/state/courses/mine", json={"title": "T"})
    assert [item["name"] for item in second.get("/__mock/sandboxes").json["sandboxes"]] == ["mine"]
    assert second.delete("/__mock/sandboxes/mine").status_code == 204
    assert first.get("/__mock/state").json["revision"] == 0
    first.put("/__mock/state/courses/mine", json={"title": "T"})
    assert second.post("/__mock/reset", json={"scope": "all"}).status_code == 200
    assert first.get("/__mock/state").json["revision"] == 0


def test_a_kept_answer_is_given_again_only_until_another_process_changes_the_sandbox(
    lasting: RedisServer, built_in: Contract
) -> None:
    with (
        BackgroundServer(create_app(built_in, store=lasting.url)) as first,
        BackgroundServer(create_app(built_in, store=lasting.url)) as second,
        requests.Session() as session,
    ):
        for status in (503, 502):
            for _ in range(3):
                for server in (first, second):
                    before = session.get(f"{server.url}/tutor/courses", timeout=SECONDS)
                    assert before.status_code == (200 if status == 503 else 503)
            override = {"operation": "listCourses", "status": status}
            session.post(f"{second.url}/__mock/overrides", json=override, timeout=SECONDS)
        assert session.get(f"{first.url}/tutor/courses", timeout=SECONDS).status_code == 502
        assert session.get(f"{second.url}/__mock/requests", timeout=SECONDS).json()["total"] == 13
        for _ in range(2):
            assert session.get(f"{first.url}/admin/jobs", timeout=SECONDS).status_code == 200
        lasting.stop()
        assert session.get(f"{first.url}/admin/jobs", timeout=SECONDS).status_code == 503
        lasting.start()
        assert session.get(f"{first.url}/admin/jobs", timeout=SECONDS).status_code == 200


def test_only_idle_sandboxes_make_room(
    lasting: RedisServer, built_in: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = create_app(built_in, store=lasting.url, sandbox_limit=2).test_client()

    def ask(name: str) -> int:
        return client.post("/admin/jobs/job-7/retry", headers={"X-Mock-Sandbox": name}).status_code

    assert [ask("a"), ask("b"), ask("c")] == [200, 200, 429]
    monkeypatch.setattr(redis_store, "IDLE_SECONDS", 0.0)
    assert ask("c") == 200
    assert len(client.get("/__mock/sandboxes", headers={"X-Mock-Sandbox": "c"}).json["sandboxes"]) == 2


def test_a_process_counts_the_requests_since_another_has_reset_the_sandbox(pair: list[FlaskClient]) -> None:
    first, second = pair
    second.get("/admin/jobs")
    first.post("/__mock/reset")
    first.get("/admin/jobs")
    assert second.get("/__mock/requests").get_json()["seen"] == 1


def test_a_full_log_says_to_reset(pair: list[FlaskClient], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_store, "EVENT_LIMIT", 3)
    result = [pair[n % 2].put(f"/__mock/state/courses/c{n}", json={"title": "T"}) for n in range(4)]
    assert [item.status_code for item in result] == [201, 201, 201, 429]
    assert result[-1].headers["X-Mock-Code"] == "store-log-full"
    assert pair[1].get("/__mock/state").json["revision"] == 3
    assert pair[0].post("/__mock/reset").status_code == 200
    assert pair[1].put("/__mock/state/courses/c0", json={"title": "T"}).status_code == 201


def test_while_the_store_is_away_requests_are_refused_and_then_all_is_there(
    lasting: RedisServer, built_in: Contract
) -> None:
    pair = pair_on(lasting.url, built_in, "away")
    assert pair[0].put("/__mock/state/courses/mine", json={"title": "T"}).status_code == 201
    before = pair[1].get("/__mock/state").get_data()
    lasting.stop()
    for client in pair:
        for response in (client.get("/admin/jobs"), client.put("/__mock/state/courses/no", json={"title": "T"})):
            assert response.status_code == 503
            assert response.headers["X-Mock-Code"] == "store-unavailable"
        assert client.get("/__mock/health").json["store"] == "unavailable"
    lasting.start()
    for client in pair:
        assert client.get("/__mock/health").json["store"] == "ok"
        assert client.get("/__mock/state").get_data() == before


@pytest.fixture
def paused(lasting: RedisServer) -> Iterator[RedisServer]:
    """One that is resumed in the end."""
    yield lasting
    lasting.resume()


def test_while_the_store_does_not_respond_requests_are_refused_without_waiting_for_it(
    paused: RedisServer, built_in: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_store, "TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr(redis_store, "PROBE_SECONDS", 0.05)
    client = client_of(built_in, "silent", paused.url)
    assert client.put("/__mock/state/courses/mine", json={"title": "T"}).status_code == 201
    before = client.get("/__mock/state").get_data()
    paused.pause()
    assert client.get("/admin/jobs").status_code == 503
    with monkeypatch.context() as patch:
        patch.setattr(redis_store.RedisStore, "_connected", lambda _: pytest.fail("a request waits for the store"))
        for _ in range(10):
            response = client.get("/admin/jobs")
            assert response.status_code == 503
            assert response.headers["X-Mock-Code"] == "store-unavailable"
        assert client.get("/__mock/health").json["store"] == "unavailable"
    paused.resume()
    for thread in threading.enumerate():
        if thread.name == "mockserver-store":
            thread.join(SECONDS)
    assert client.get("/__mock/health").json["store"] == "ok"
    assert client.get("/__mock/state").get_data() == before


def test_a_store_that_goes_away_before_the_answer_leaves_no_replica_ahead(
    lasting: RedisServer, built_in: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(built_in, "ahead", lasting.url)
    client.get("/admin/jobs")
    whole = SharedSandbox.commit

    def commit(sandbox: SharedSandbox) -> None:
        if sandbox.events:
            lasting.stop()
        whole(sandbox)

    monkeypatch.setattr(SharedSandbox, "commit", commit)
    assert client.put("/__mock/state/courses/mine", json={"title": "T"}).status_code == 503
    monkeypatch.undo()
    lasting.start()
    assert client.get("/__mock/state").json["revision"] == 0


def children(pid: int) -> list[int]:
    result = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in result.stdout.split()]


def test_of_workers_that_are_killed_no_answered_write_is_lost_and_none_is_there_twice(redis: RedisServer) -> None:
    headers = {"X-Mock-Sandbox": "killed"}
    with serving("--workers", "2", "--store", redis.url, "--no-watch") as (process, url, _):
        answered: queue.SimpleQueue[str] = queue.SimpleQueue()
        done = threading.Event()

        def write(writer: int) -> None:
            number = 0
            while not done.is_set():
                number += 1
                with suppress(requests.ConnectionError):
                    key = f"k-{writer}-{number}"
                    path = f"{url}/__mock/state/courses/{key}"
                    response = requests.put(path, json={"title": "T"}, headers=headers, timeout=SECONDS)
                    assert response.status_code == 201
                    answered.put(key)

        known: list[str] = []
        with ThreadPoolExecutor(4) as pool:
            writers = [pool.submit(write, number) for number in range(4)]
            try:
                for victim in (0, -1, 0):
                    known += [answered.get(timeout=SECONDS) for _ in range(60)]
                    os.kill(children(process.pid)[victim], signal.SIGKILL)
                known += [answered.get(timeout=SECONDS) for _ in range(60)]
            finally:
                done.set()
            for item in writers:
                item.result()
        while not answered.empty():
            known.append(answered.get())
        with requests.Session() as session:
            session.headers.update(headers)
            state = session.get(f"{url}/__mock/state", timeout=SECONDS).json()
            recorded = session.get(f"{url}/__mock/recording", timeout=SECONDS).text
        there = [item["id"] for item in state["records"]["courses"] if item["id"].startswith("k-")]
        assert set(known) <= set(there)
        assert len(there) == len(set(there)) == state["revision"] == recorded.count("put:")


@pytest.mark.parametrize("number", some([signal.SIGTERM, signal.SIGINT], 1))
def test_workers_are_announced_once_and_end_with_their_supervisor(redis: RedisServer, number: signal.Signals) -> None:
    with serving("--workers", "2", "--store", redis.url) as (process, url, lines):
        assert not [line for line in lines if line.startswith("Listening")]
        workers = children(process.pid)
        assert len(workers) == 2
        assert requests.get(f"{url}/__mock/health", timeout=SECONDS).json()["store"] == "ok"
        process.send_signal(number)
        assert process.wait(SECONDS) == 0
        for worker in workers:
            with pytest.raises(ProcessLookupError):
                os.kill(worker, 0)


def gone(pid: int) -> bool:
    """Whether a process has ended; waited for, SECONDS at most."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_workers_end_when_their_supervisor_is_killed(redis: RedisServer) -> None:
    with serving("--workers", "2", "--store", redis.url, "--no-watch") as (process, _, _):
        workers = children(process.pid)
        assert len(workers) == 2
        process.kill()
        process.wait(SECONDS)
        assert [gone(worker) for worker in workers] == [True, True]


def test_every_worker_takes_up_what_is_edited(redis: RedisServer, make_contract: MakeContract) -> None:
    root = make_contract()
    file = root / "fixtures" / "small" / "jobs.json"
    with serving("--workers", "2", "--store", redis.url, str(root)) as (_, url, _):
        assert requests.post(f"{url}/jobs/a/cancel", timeout=SECONDS).status_code == 200
        replace_text(file, '"id": "c"', '"note": "edited", "id": "c"')
        # Each request comes over a connection of its own, to whichever worker takes it.
        until, edited = time.monotonic() + SECONDS, 0
        while edited < 30 and time.monotonic() < until:
            edited = edited + 1 if "note" in requests.get(f"{url}/jobs/c", timeout=SECONDS).json() else 0
        assert edited == 30
        for _ in range(10):
            assert requests.get(f"{url}/jobs/a", timeout=SECONDS).json()["status"] == "cancelled"


def test_workers_without_a_store_are_refused() -> None:
    result = run("serve", "--workers", "2")
    assert result.exit_code == 2
    assert "--workers needs --store" in result.stderr


def test_what_is_no_address_of_a_store_is_refused() -> None:
    result = run("serve", "--store", "localhost:1")
    assert result.exit_code == 2
    assert "localhost:1" in result.stderr


def test_without_redis_installed_a_store_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    result = run("serve", "--store", "redis://localhost")
    assert result.exit_code == 2
    assert "pip install 'redis[hiredis]>=8,<9'" in result.stderr


def test_a_wait_ends_by_a_request_to_another_process(redis: RedisServer, built_in: Contract) -> None:
    other = create_app(built_in, store=redis.url).test_client()

    def sleep(_: float) -> None:
        other.get("/admin/jobs", headers=headers)

    headers = {"X-Mock-Sandbox": "waiting"}
    waiting = create_app(built_in, store=redis.url, sleep=sleep).test_client()
    response = waiting.get("/__mock/requests?operation=listJobs&times=2&wait=10s", headers=headers)
    assert response.status_code == 200
    assert response.json["total"] == 2
    body = {"expect": [{"operation": "listJobs", "where": {"status": "failed"}, "times": 0}]}
    assert waiting.post("/__mock/verify", json=body, headers=headers).status_code == 200
