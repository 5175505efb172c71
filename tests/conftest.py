from __future__ import annotations

import copy
import functools
import gc
import json
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings

from mockserver import BackgroundServer, Contract, ContractError, create_app, load_contract
from mockserver.web.reload import ReloadingApp
from tests.attack.scale import IS_FULL, rounds
from tests.push.receiver import Receiver
from tests.redis_server import RedisServer

MakeContract = Callable[..., Path]
Serve = Callable[..., FlaskClient]
SCENARIOS = [
    "baseline", "cancel-race", "dropped-stream", "empty", "fails-then-recovers", "flaky-actions", "forbidden", "happy-path", "large-queue",
    "outage", "slow", "stuck-queue",
]  # fmt: skip

# How many examples each property test has. The machine may be busy, so nothing is said of their time.
settings.register_profile(
    "mockserver",
    max_examples=rounds(8, 200), stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck),
)  # fmt: skip
settings.load_profile("mockserver")

LONGEST = ("tests/kits/javascript/", "tests/test_wheel.py", "tests/test_black_box.py", "tests/openapi/test_parameter_styles.py")  # fmt: skip

# The smallest contract with a lifecycle, a log, references and a derived field.
OPENAPI: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Small", "version": "1"},
    "paths": {
        "/jobs": {
            "get": {
                "operationId": "listJobs",
                "parameters": [
                    {"name": "status", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1}},
                    {"name": "sort", "in": "query", "schema": {"type": "string"}},
                ],
                "responses": {
                    "200": {
                        "description": "jobs",
                        "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "job.json"}}}},
                    }
                },
            },
            "post": {
                "operationId": "createJob",
                "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
                "responses": {
                    "201": {"description": "made", "content": {"application/json": {"schema": {"$ref": "job.json"}}}}
                },
            },
        },
        "/jobs/{job_id}": {
            "parameters": [{"name": "job_id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {
                "operationId": "getJob",
                "responses": {
                    "200": {"description": "job", "content": {"application/json": {"schema": {"$ref": "job.json"}}}},
                    "404": {
                        "description": "none",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["error"],
                                    "properties": {"error": {"type": "string"}},
                                    "additionalProperties": False,
                                },
                                "example": {"error": "no such job"},
                            }
                        },
                    },
                },
            },
            "put": {
                "operationId": "replaceJob",
                "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
                "responses": {
                    "200": {"description": "job", "content": {"application/json": {"schema": {"$ref": "job.json"}}}}
                },
            },
            "patch": {
                "operationId": "updateJob",
                "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
                "responses": {
                    "200": {"description": "job", "content": {"application/json": {"schema": {"$ref": "job.json"}}}}
                },
            },
            "delete": {"operationId": "deleteJob", "responses": {"204": {"description": "gone"}}},
        },
        "/jobs/{job_id}/cancel": {
            "parameters": [{"name": "job_id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "post": {
                "operationId": "cancelJob",
                "responses": {
                    "200": {"description": "job", "content": {"application/json": {"schema": {"$ref": "job.json"}}}}
                },
            },
        },
        "/owners/{owner_id}/jobs": {
            "parameters": [{"name": "owner_id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "get": {
                "operationId": "listOwnerJobs",
                "responses": {
                    "200": {
                        "description": "jobs",
                        "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "job.json"}}}},
                    }
                },
            },
        },
        "/message": {
            "get": {
                "operationId": "getMessage",
                "responses": {
                    "200": {
                        "description": "text",
                        "content": {"application/json": {"schema": {"type": "string"}, "example": "hello"}},
                    }
                },
            }
        },
    },
}
JOB: dict[str, Any] = {
    "type": "object",
    "required": ["id", "owner_id", "status", "updated_at"],
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "owner_id": {"type": "integer"},
        "status": {"enum": ["queued", "running", "done", "cancelled"]},
        "updated_at": {"type": "string", "format": "date-time"},
        "note": {"type": "string"},
    },
    "additionalProperties": False,
}
EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["job_id", "event_type", "at"],
    "properties": {
        "job_id": {"type": "string"},
        "event_type": {"enum": ["start", "finish", "cancel"]},
        "at": {"type": "string", "format": "date-time"},
    },
    "additionalProperties": False,
}
OWNER: dict[str, Any] = {
    "type": "object",
    "required": ["id", "state"],
    "properties": {"id": {"type": "integer"}, "state": {"enum": ["idle", "waiting", "busy", "over"]}},
    "additionalProperties": False,
}
RESOURCES: dict[str, Any] = {
    "resources": {
        "owners": {
            "schema": "owner.json",
            "key": "id",
            "derived": {
                "state": {
                    "latest": "jobs",
                    "where": {"owner_id": "id"},
                    "map": {
                        "field": "status",
                        "values": {"queued": "waiting", "running": "busy", "done": "over", "cancelled": "over"},
                        "none": "idle",
                    },
                }
            },
        },
        "jobs": {
            "schema": "job.json",
            "key": "id",
            "references": {"owner_id": "owners"},
            "sort": ["-updated_at", "id"],
            "lifecycle": {
                "field": "status",
                "initial": "queued",
                "transitions": {
                    "start": {"from": "queued", "to": "running"},
                    "finish": {"from": "running", "to": "done"},
                    "cancel": {"from": ["queued", "running"], "to": "cancelled"},
                },
                "touch": "updated_at",
                "log": "events",
            },
        },
        "events": {"schema": "event.json", "references": {"job_id": "jobs"}},
    },
    "operations": {
        "listJobs": {"list": "jobs", "paging": {"limit": "limit", "sort": "sort"}},
        "createJob": {"create": "jobs"},
        "getJob": {"read": "jobs"},
        "replaceJob": {"replace": "jobs"},
        "updateJob": {"update": "jobs"},
        "deleteJob": {"delete": "jobs"},
        "cancelJob": {"transition": "jobs.cancel"},
        "listOwnerJobs": {"list": "jobs"},
    },
}
FIXTURES: dict[str, Any] = {
    "owners": [{"id": 1}, {"id": 2}, {"id": 3}],
    "jobs": [
        {"id": "a", "owner_id": 1, "status": "queued", "updated_at": "2026-01-01T00:00:01.000Z"},
        {"id": "b", "owner_id": 1, "status": "running", "updated_at": "2026-01-01T00:00:02.000Z"},
        {"id": "c", "owner_id": 2, "status": "done", "updated_at": "2026-01-01T00:00:03.000Z"},
        {"id": "x/y", "owner_id": 2, "status": "queued", "updated_at": "2026-01-01T00:00:00.000Z"},
    ],
    "events": [
        {"job_id": "b", "event_type": "start", "at": "2026-01-01T00:00:02.000Z"},
        {"job_id": "c", "event_type": "start", "at": "2026-01-01T00:00:01.500Z"},
        {"job_id": "c", "event_type": "finish", "at": "2026-01-01T00:00:03.000Z"},
    ],
}
SCENARIO: dict[str, Any] = {"fixtures": "small", "clock": {"start": "2026-01-01T00:00:10Z"}}


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, pytest.CollectReport, object]:
    """Have each process begin at another entry of a folder, so that one compiles what the others only read."""
    report = yield
    worker: dict[str, Any] | None = getattr(collector.config, "workerinput", None)
    if worker is not None and isinstance(collector, pytest.Directory):
        number = int(worker["workerid"].removeprefix("gw"))
        first = len(report.result) * number // worker["workercount"]
        report.result = report.result[first:] + report.result[:first]
    return report


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item], config: pytest.Config) -> Generator[None, object, object]:
    """Begin with the longest tests, after the order was drawn: one that comes last leaves the other process idle.

    It is drawn from the same order in every process. Tests that are marked `full` belong to `make attack` alone.
    """
    if not IS_FULL:
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("full")])
        items[:] = [item for item in items if not item.get_closest_marker("full")]
    items.sort(key=lambda item: item.path)
    try:
        return (yield)
    finally:
        items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Have the garbage collector leave alone what collecting the tests creates.

    It is most of what a process has, so looking through it again and again takes a tenth of the time of all tests.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        # A test creates more than the default before it ends, and little of it in cycles.
        gc.set_threshold(20_000)
        gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what repeats the random order of this run; the quiet mode leaves out the plugin's own line."""
    if (seed := config.getoption("randomly_seed", None)) is not None:
        terminalreporter.write_line(f"Tests ran in random order; to repeat it: --randomly-seed={seed}")


@pytest.fixture(scope="module")
def own_app() -> Flask:
    """An application that only the tests of one module use."""
    return create_app()


@pytest.fixture(scope="module")
def own(own_app: Flask) -> Iterator[BackgroundServer]:
    """A server of that application."""
    with BackgroundServer(own_app, "127.0.0.1") as running:
        yield running


@pytest.fixture
def root(make_contract: MakeContract) -> Path:
    """The directory of a contract that a test may edit."""
    return make_contract()


@pytest.fixture
def reloading(root: Path) -> ReloadingApp:
    """An application that serves that contract, and can load it again."""
    return ReloadingApp(create_app(root).extensions["mockserver"], lambda: load_contract(root))


def require_program(path: str | None, message: str) -> str:
    """The path of a program. Where there is none, the test is skipped, and in CI it fails."""
    if path is not None:
        return path
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def start_redis(folder: Path, *options: str) -> RedisServer:
    """A redis-server, to be stopped by the caller. Where it is not installed, as `require_program`."""
    require_program(shutil.which("redis-server"), "redis-server is not installed")
    return RedisServer(folder, *options)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A redis-server that the tests of a module share; it forgets everything when it is stopped."""
    server = start_redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


def _dump_yaml(value: Any) -> str:
    # The dumper in C is ten times as fast, and a test may write a contract for each of its cases.
    text: str = yaml.dump(value, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False)
    return text


def small_files() -> dict[str, Any]:
    """The small contract by file, to be changed at will."""
    return copy.deepcopy(
        {
            "schemas/openapi.yaml": OPENAPI,
            "schemas/job.json": JOB,
            "schemas/event.json": EVENT,
            "schemas/owner.json": OWNER,
            "schemas/resources.yaml": RESOURCES,
            **{f"fixtures/small/{name}.json": records for name, records in FIXTURES.items()},
            "scenarios/baseline.yaml": SCENARIO,
            "scenarios/empty.yaml": {"summary": "Nothing"},
        }
    )


def write_contract(folder: Path, change: Callable[[dict[str, Any]], object] | None = None, /, **texts: str) -> Path:
    """Write the small contract into `folder`, changed by `change`, with text files added as they are."""
    files = small_files()
    if change is not None:
        change(files)
    for name, content in files.items():
        dump = json.dumps if name.endswith(".json") else _dump_yaml
        _write(folder / name, dump(content))
    for name, text in texts.items():
        _write(folder / name, text)
    return folder


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def make_contract(tmp_path: Path) -> MakeContract:
    """Writes the small contract, changed by `change`, with text files added as they are."""
    return functools.partial(write_contract, tmp_path / "contract")


@pytest.fixture
def problems(make_contract: MakeContract) -> Callable[..., list[str]]:
    """What the loader says of the small contract, changed."""

    def load(change: Callable[[dict[str, Any]], object] | None = None, /, **texts: str) -> list[str]:
        try:
            load_contract(make_contract(change, **texts))
        except ContractError as error:
            return [str(problem) for problem in error.problems]
        return []

    return load


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """The small contract, loaded. A test that edits its files has `root`."""
    return load_contract(write_contract(tmp_path_factory.mktemp("small") / "contract"))


@pytest.fixture(scope="session")
def built_in() -> Contract:
    """The built-in contract."""
    return load_contract()


@pytest.fixture
def app(built_in: Contract) -> Flask:
    """An application over the built-in contract, nobody else's, in which delays take no time."""
    return create_app(built_in, sleep=lambda _: None)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of `app` that keeps no cookies."""
    return app.test_client(use_cookies=False)


@pytest.fixture
def small_client(small: Contract) -> FlaskClient:
    """A client of an application over the small contract."""
    return create_app(small).test_client(use_cookies=False)


@pytest.fixture(scope="session")
def server(built_in: Contract) -> Iterator[BackgroundServer]:
    """One server over the built-in contract; tests keep apart by sandboxes."""
    with BackgroundServer(create_app(built_in)) as running:
        yield running


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Makes a client of a bare OpenAPI document, with options of `create_app`."""

    def make(document: dict[str, Any], **options: Any) -> FlaskClient:
        file = tmp_path / "openapi.json"
        file.write_text(json.dumps(document))
        return create_app(file, **options).test_client(use_cookies=False)

    return make


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Receives webhooks."""
    with Receiver() as running:
        yield running
