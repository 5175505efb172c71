from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from mockserver import BackgroundServer, Contract, create_app, load_contract
from tests.conftest import MakeContract
from tests.push.reader import Reader
from tests.push.receiver import Hook, Receiver
from tests.redis_server import RedisServer

STREAM = "/admin/jobs/stream"
Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="session")
def server(built_in: Contract) -> Iterator[BackgroundServer]:
    with BackgroundServer(create_app(built_in), "127.0.0.1") as server:
        yield server


class Api:
    """The API and the control API of a server, in one sandbox and scenario; and its streams."""

    def __init__(self, url: str, sandbox: str, scenario: str = "baseline") -> None:
        self.url, self.headers = url, {"X-Mock-Sandbox": sandbox, "X-Mock-Scenario": scenario}
        self._readers: list[Reader] = []

    def open(self, path: str = STREAM, last_id: str | None = None, **headers: str) -> Reader:
        """A stream, without the events `ready` or `reset` that it may begin with."""
        if last_id is not None:
            headers["Last-Event-ID"] = last_id
        reader = Reader(self.url, path, self.headers | headers)
        self._readers.append(reader)
        return reader

    def call(self, method: str, path: str, body: Any = None) -> Any:
        response = requests.request(method, self.url + path, json=body, headers=self.headers, timeout=30)
        return response.json() if response.content else None

    def post(self, path: str, body: Any = None) -> Any:
        return self.call("POST", path, body)

    def close(self) -> None:
        for reader in self._readers:
            reader.close()


Pair = tuple[Api, Api]


@pytest.fixture
def make_api(request: pytest.FixtureRequest) -> Iterator[Callable[..., Api]]:
    apis: list[Api] = []

    def make(url: str, scenario: str = "baseline", sandbox: str = "") -> Api:
        name = sandbox or hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:16]
        apis.append(Api(url, name, scenario))
        return apis[-1]

    yield make
    for api in apis:
        api.close()


@pytest.fixture
def api(server: BackgroundServer, make_api: Callable[..., Api]) -> Api:
    return make_api(server.url)


def with_webhooks(webhooks: Any, change: Change | None = None) -> Change:
    """Adds webhooks to the small contract, and changes it by `change`."""

    def add(files: dict[str, Any]) -> None:
        files["schemas/resources.yaml"]["webhooks"] = webhooks
        if change is not None:
            change(files)

    return add


@pytest.fixture
def start(make_contract: MakeContract, make_api: Callable[..., Api]) -> Iterator[Callable[..., Api]]:
    """Starts a server of the small contract with webhooks."""
    with ExitStack() as servers:

        def started(webhooks: Any, change: Change | None = None, **options: Any) -> Api:
            app = create_app(load_contract(make_contract(with_webhooks(webhooks, change))), **options)
            server = servers.enter_context(BackgroundServer(app, "127.0.0.1"))
            return make_api(server.url)

        yield started


@pytest.fixture
def start_pair(
    redis: RedisServer, make_contract: MakeContract, make_api: Callable[..., Api]
) -> Iterator[Callable[..., Pair]]:
    """Starts two servers of the small contract with webhooks, which share their state."""
    with ExitStack() as servers:

        def started(webhooks: Any, change: Change | None = None) -> Pair:
            root = make_contract(with_webhooks(webhooks, change))
            apps = [create_app(load_contract(root), store=redis.url) for _ in range(2)]
            urls = [servers.enter_context(BackgroundServer(app, "127.0.0.1")).url for app in apps]
            return make_api(urls[0]), make_api(urls[1])

        yield started


def cancelled_to(url: str, **members: Any) -> dict[str, Any]:
    """A webhook that sends cancelled jobs."""
    return {"jobCancelled": {"on": ["jobs.cancel"], "to": url, **members}}


def delivered_cancellation(hook: Hook, receiver: Receiver) -> dict[str, Any]:
    """How the cancellation of job a is listed, once it was received."""
    return {
        "id": hook.headers["webhook-id"],
        "webhook": "jobCancelled",
        "resource": "jobs",
        "event": "cancel",
        "key": "a",
        "url": receiver.url,
        "status": "delivered",
        "attempts": [{"at": "2026-01-01T00:00:10.000Z", "status": 200}],
        "next_attempt": None,
    }


def deliveries(api: Api, status: str = "pending", attempts: int = 1, times: int = 1) -> list[Any]:
    """The deliveries, once `times` of them have that status and at least so many attempts."""
    query = f"status={status}&attempts={attempts}&times={times}&wait=20s"
    listed: list[Any] = api.call("GET", f"/__mock/deliveries?{query}")["deliveries"]
    return listed
