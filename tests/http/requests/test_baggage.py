"""The W3C header `baggage` selects a sandbox and a scenario, as other headers do."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from mockserver.http.request.baggage import find_baggage_member


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("mock-sandbox=a", "a"),
        ("userId=alice,mock-sandbox=a,isProduction=false", "a"),
        (" userId = alice \t,\tmock-sandbox = a ; ttl=1;flag", "a"),
        ("mock-sandbox=a,mock-sandbox=b", "a"),
        ("mock-sandbox=%61%2Eb", "a.b"),
        ("mock-sandbox=", ""),
        ("x=mock-sandbox=a,mock-sandbox=b", "b"),
        ("mock-sandbox", None),
        ("mock-sandbox=a b", None),
        ('mock-sandbox="a"', None),
        ("mock-sandbox=\u00e9", None),
        ("mock sandbox=a, =, ,;,=mock-sandbox,mock-sandbox=c", "c"),
        ("not-mock-sandbox=a,mock-sandbox2=b,Mock-Sandbox=c", None),
        ("a=" + "x" * 8_192 + ",mock-sandbox=a", "a"),
    ],
)
def test_the_first_well_formed_member_with_the_key_counts(header: str, value: str | None) -> None:
    assert find_baggage_member(header, "mock-sandbox") == value


def test_baggage_selects_sandbox_and_scenario(client: FlaskClient) -> None:
    response = client.get("/admin/jobs", headers={"baggage": "a=b,mock-sandbox=ssr,mock-scenario=empty"})
    assert response.headers["X-Mock-Sandbox"] == "ssr"
    assert response.headers["X-Mock-Scenario"] == "empty"
    assert response.json == {"jobs": [], "total": 0}


def test_the_header_of_its_own_comes_before_baggage_and_baggage_before_the_base_address(client: FlaskClient) -> None:
    headers = {"baggage": "mock-sandbox=from-baggage"}
    own = client.get("/admin/jobs", headers={**headers, "X-Mock-Sandbox": "from-header"})
    assert own.headers["X-Mock-Sandbox"] == "from-header"
    base = client.get("/__mock/in/from-address/admin/jobs", headers=headers)
    assert base.headers["X-Mock-Sandbox"] == "from-baggage"


def test_malformed_baggage_selects_nothing(client: FlaskClient) -> None:
    response = client.get("/admin/jobs", headers={"baggage": ';;=,mock-sandbox="x y", \t'})
    assert response.status_code == 200
    assert response.headers["X-Mock-Sandbox"] == "default"


@pytest.mark.parametrize(
    ("member", "code"), [("mock-sandbox=a%20b", "bad-sandbox"), ("mock-scenario=emtpy", "unknown-scenario")]
)
def test_a_name_in_baggage_that_cannot_be_used_is_refused(client: FlaskClient, member: str, code: str) -> None:
    response = client.get("/admin/jobs", headers={"baggage": member})
    assert response.status_code == 400
    assert response.json["code"] == code
    assert "baggage" in response.json["detail"]
