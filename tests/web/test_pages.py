from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from mockserver import Contract, create_app
from mockserver.web.pages.tutoring import rules


def test_the_start_page_shows_what_there_is_and_what_was_chosen(client: FlaskClient) -> None:
    page = client.get("/__mock/", headers={"Cookie": "mock_scenario=empty; mock_sandbox=a/b"}).get_data(as_text=True)
    for text in ("/admin/jobs", "stuck-queue", "Tutoring ingestion API", "mock_sandbox", "cookie mock_scenario"):
        assert text in page


def test_pages_load_nothing_from_elsewhere_and_run_no_inline_script(client: FlaskClient) -> None:
    response = client.get("/__mock/")
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    with client.get("/__mock/assets/0/shared/base.css") as asset:
        assert asset.mimetype == "text/css"


def test_the_root_leads_to_the_start_page(client: FlaskClient) -> None:
    response = client.get("/")
    assert response.status_code == 303
    assert response.headers["Location"] == "/__mock/"


def test_pages_can_be_left_out(built_in: Contract) -> None:
    client = create_app(built_in, serve_pages=False).test_client()
    paths = ("/", "/admin/queue", "/tutor", "/__mock/", "/__mock/assets/0/shared/base.css")
    assert [client.get(path).status_code for path in paths] == [404] * 5


@pytest.mark.parametrize("path", ["/admin/queue", "/tutor", "/tutor/courses/course-algebra"])
def test_the_built_in_contract_has_pages_of_its_own(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert response.mimetype == "text/html"
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]


def test_another_contract_has_none_of_them(small_client: FlaskClient) -> None:
    assert [small_client.get(path).status_code for path in ("/admin/queue", "/tutor")] == [404, 404]
    assert "/admin/queue" not in small_client.get("/__mock/").get_data(as_text=True)


def test_a_page_passes_over_a_bad_cookie_and_says_so(client: FlaskClient) -> None:
    response = client.get("/admin/queue", headers={"Cookie": "mock_scenario=nonsense"})
    assert response.status_code == 200
    assert response.headers["X-Mock-Ignored-Cookie"] == "mock_scenario"


def test_a_page_below_a_base_address_stays_there(client: FlaskClient) -> None:
    text = client.get("/__mock/in/mine@empty/admin/queue").get_data(as_text=True)
    links = re.findall(r'(?:href|src)="(/[^"]*)"', text)
    assert [link for link in links if not link.startswith("/__mock/in/mine@empty/")] == []
    assert "/__mock/in/mine@empty/tutor" in links


def test_a_page_marks_where_it_is_among_the_pages(client: FlaskClient) -> None:
    def marked(path: str) -> list[tuple[str, str]]:
        return re.findall(r'aria-current="(\w+)">(\w+)', client.get(path).get_data(as_text=True).split("</nav>")[0])

    assert marked("/admin/queue") == [("page", "Queue")]
    assert marked("/tutor") == [("page", "Tutor")]
    assert marked("/tutor/courses/course-algebra") == [("true", "Tutor")]
    assert marked("/__mock/") == [("page", "Console")]


def test_the_queue_gets_the_rules_for_jobs_from_the_contract(built_in: Contract) -> None:
    jobs = rules(built_in)
    assert jobs["statuses"] == ["queued", "running", "succeeded", "failed", "cancelled"]
    assert jobs["badges"]["running"] == {"status": "running", "label": "Processing", "style": "info"}
    assert jobs["types"] == ["transcription", "summarization"]
    assert {name: list(sources) for name, sources in jobs["actions"].items()} == {
        "retry": ["failed"],
        "cancel": ["queued", "running"],
    }
    assert jobs["targets"]["succeed"] == "succeeded"


def test_assets_of_pages_need_no_token(built_in: Contract) -> None:
    client = create_app(built_in, token="secret").test_client()
    with client.get("/__mock/assets/0/tutoring/queue.js") as asset:
        assert asset.status_code == 200
    assert client.get("/__mock/state").status_code == 401


@pytest.mark.parametrize("headers", [{}, {"Cookie": "mock_sandbox=qa"}, {"X-Mock-Scenario": "empty"}])
def test_browsers_keep_an_asset_whatever_is_selected(client: FlaskClient, headers: dict[str, str]) -> None:
    address = re.findall(r'href="([^"]+/base\.css)"', client.get("/__mock/", headers=headers).text)[0]
    with client.get(address, headers=headers) as asset:
        assert asset.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert asset.headers["Vary"] == "Origin"
        assert not [name for name, _ in asset.headers if name.startswith("X-Mock-")]


def test_browsers_do_not_keep_an_asset_of_another_version(client: FlaskClient) -> None:
    with client.get("/__mock/assets/0123456789abcdef/shared/base.css") as asset:
        assert asset.status_code == 200
        assert asset.headers["Cache-Control"] == "no-cache"
