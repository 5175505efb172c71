"""What an override sends takes time in proportion to what it declares."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient
from msgspec.structs import replace

from mockserver import load_contract
from mockserver.contract.overrides import UNKNOWN_LISTED, read_override
from mockserver.control.expectations import read_expectations
from mockserver.control.verification import JournalComparison, compare_all
from mockserver.engine.commands import AddOverride
from mockserver.engine.journal import Entry, LoggedMessage
from mockserver.engine.overrides import Overrides
from mockserver.engine.run import Run
from mockserver.engine.start import Start
from mockserver.http.messages import Response
from mockserver.schemas.reading_work import ReadingWork
from tests.attack.growth import assert_grows_linearly
from tests.attack.scale import rounds


class NoContent:
    """What conditions are about, of a request without headers and body."""

    body = None

    def __init__(self) -> None:
        self.work = ReadingWork()

    def header(self, _name: str) -> None:
        """None was sent."""

    def cookie(self, _name: str) -> None:
        """None was sent."""


def test_the_time_to_replace_headers_grows_linearly() -> None:
    def prepare(size: int) -> Callable[[], object]:
        headers = {f"X-{number}": ("a", "b") for number in range(size)}

        def replace() -> None:
            response = Response(200, headers=[("Content-Type", "text/plain"), ("x-1", "c"), ("X-1", "d")])
            response.replace_headers(headers)

        return replace

    assert_grows_linearly(prepare, 1_000)


def test_replaced_headers_stay_in_their_place() -> None:
    response = Response(200, headers=[("x-a", "1"), ("X-B", "2"), ("X-A", "3")])
    response.replace_headers({"X-A": ["4", "5"], "X-C": ["6"], "X-D": ["7", "8"]})
    assert response.headers == [("X-A", "4"), ("X-B", "2"), ("X-A", "5"), ("X-C", "6"), ("X-D", "7"), ("X-D", "8")]


def test_thousands_of_headers_are_sent(client: FlaskClient) -> None:
    headers = {f"X-{number}": "a" for number in range(rounds(2_000, 5_000))}
    client.post("/__mock/overrides", json={"operation": "listJobs", "status": 503, "headers": headers})
    response = client.get("/admin/jobs")
    assert response.status_code == 503
    assert headers.items() <= dict(response.headers).items()


def test_the_time_to_match_repeated_parameters_grows_linearly() -> None:
    operations = load_contract().operations

    def prepare(size: int) -> Callable[[], object]:
        entries = [{"operation": "listJobs", "where": {"status": f"a{number}"}} for number in range(size)]
        read = [read_override({**entry, "status": 503}, operations) for entry in entries]
        overrides = Overrides.from_scenario(tuple(override for override, _ in read if override is not None))
        assert len(overrides.active) == size
        parameters = {"status": [f"b{number}" for number in range(size)]}
        return lambda: list(overrides.matches("listJobs", parameters, NoContent()))

    assert_grows_linearly(prepare, 1_000)


def test_the_time_to_verify_repeated_parameters_grows_linearly() -> None:
    contract = load_contract()
    nothing = LoggedMessage.received((), b"")

    def prepare(size: int) -> Callable[[], object]:
        entries = [{"operation": "listJobs", "where": {"status": f"a{number}"}} for number in range(size)]
        expectations = read_expectations(entries, contract)
        values = [f"b{number}" for number in range(size)]
        sent = {"status": values}
        entry = Entry(1, 0, "baseline", "listJobs", "GET", "/", "", 200, 0.0, nothing, nothing, parameters=sent)
        return lambda: compare_all([JournalComparison(expectation) for expectation in expectations], [entry], {})

    assert_grows_linearly(prepare, 1_000)


def test_the_time_to_draw_for_each_override_grows_linearly() -> None:
    contract = load_contract()
    override, _ = read_override({"operation": "listJobs", "share": 0.000001, "status": 503}, contract.operations)
    assert override is not None
    scenario = replace(contract.scenarios["baseline"], responses=())

    def prepare(size: int) -> Callable[[], object]:
        run = Run(Start(contract, scenario), 1, lambda: 0.0)
        for _ in range(size):
            run.submit(lambda _, at: AddOverride(override, at))
        return lambda: run.use_override("listJobs", {}, NoContent())

    assert_grows_linearly(prepare, 500)


def test_a_body_that_the_schemas_of_overrides_would_read_too_often_is_refused(small_client: FlaskClient) -> None:
    schema = {"properties": {"items": {"items": {"maxLength": 100}}}}
    for _ in range(100):
        override = {"operation": "createJob", "match": {"body": schema}, "status": 503}
        assert small_client.post("/__mock/overrides", json=override).status_code == 201
    response = small_client.post("/jobs", json={"items": ["a" * 200] * 20_000})
    assert (response.status_code, response.headers["X-Mock-Code"]) == (413, "too-much-to-match")
    assert small_client.post("/jobs", json={"items": ["a"]}).status_code == 503


def test_of_many_unknown_parameters_the_first_are_reported(client: FlaskClient) -> None:
    where = {f"a{number}": 1 for number in range(5_000)}
    for path, body in (
        ("/__mock/overrides", {"operation": "getJob", "status": 503, "where": where}),
        ("/__mock/verify", {"expect": [{"operation": "getJob", "where": where}]}),
    ):
        response = client.post(path, json=body)
        assert response.status_code == 422
        assert len(response.get_json()["violations"]) == UNKNOWN_LISTED
