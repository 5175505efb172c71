from __future__ import annotations

from flask.testing import FlaskClient

from mockserver import Contract, create_app


def test_the_start_page_shows_what_there_is_and_what_was_chosen(client: FlaskClient) -> None:
    page = client.get("/__mock/", headers={"Cookie": "mock_scenario=empty; mock_sandbox=a/b"}).get_data(as_text=True)
    for text in ("/admin/jobs", "stuck-queue", "Tutoring ingestion API", "mock_sandbox", "cookie mock_scenario"):
        assert text in page


def test_pages_load_nothing_from_elsewhere_and_run_no_inline_script(client: FlaskClient) -> None:
    answer = client.get("/__mock/")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    with client.get("/__mock/assets/shared/base.css") as asset:
        assert asset.mimetype == "text/css"


def test_the_root_leads_to_the_start_page(client: FlaskClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/__mock/")


def test_pages_can_be_left_out(built_in: Contract) -> None:
    client = create_app(built_in, serve_pages=False).test_client()
    paths = ("/", "/__mock/", "/__mock/assets/shared/base.css")
    assert [client.get(path).status_code for path in paths] == [404, 404, 404]
