"""What an override sends takes time in proportion to what it declares."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient

from mockserver.http.messages import Response
from tests.attack.growth import assert_grows_linearly


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
    headers = {f"X-{number}": "a" for number in range(5_000)}
    client.post("/__mock/overrides", json={"operation": "listJobs", "status": 503, "headers": headers})
    response = client.get("/admin/jobs")
    assert response.status_code == 503
    assert headers.items() <= dict(response.headers).items()
