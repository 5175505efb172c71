"""Refusals in the forms that documents declare for their errors."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Serve

TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "integer"}
TEXTS: dict[str, Any] = {"type": "array", "items": TEXT}
COUNT = '"x" is not of type integer'
NAME = '"name" is required and missing'
AGE = '"y" is not of type integer'
DETAIL = f"The request violates the contract: query count: {COUNT} (and 2 more)"
ACCESS = "POST /a requires credentials that are missing: the header Authorization: Bearer …. Any value is accepted."


def form(*required: str, **members: Any) -> dict[str, Any]:
    """An object that has these members alone."""
    return {"type": "object", "required": list(required), "properties": members, "additionalProperties": False}


def open_form(**members: Any) -> dict[str, Any]:
    """An object that may have other members too."""
    return {"type": "object", "properties": members}


def document(error: dict[str, Any], status: str = "422", **operation: Any) -> dict[str, Any]:
    """An API with one operation, whose errors are declared so."""
    person = {
        "type": "object",
        "required": ["name"],
        "properties": {"pets": {"type": "array", "items": {"type": "object", "properties": {"age": NUMBER}}}},
    }
    post = {
        "parameters": [{"name": "count", "in": "query", "schema": NUMBER}],
        "requestBody": {"content": {"application/json": {"schema": person}}},
        "responses": {"200": {"description": "done"}, status: {"description": "error", **error}},
        **operation,
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": "Forms", "version": "1"},
        "paths": {"/a": {"post": post}},
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    }


def as_json(schema: dict[str, Any], media_type: str = "application/json", **more: Any) -> dict[str, Any]:
    """A response in one media type."""
    return {"content": {media_type: {"schema": schema, **more}}}


def refused(serve: Serve, error: dict[str, Any], status: str = "422", **headers: str) -> Any:
    """The response to a request with three violations."""
    return serve(document(error, status)).post("/a?count=x", json={"pets": [{"age": "y"}]}, headers=headers)


def locked(serve: Serve, error: dict[str, Any]) -> Any:
    """The response to a request without the credentials that the operation requires."""
    return serve(document(error, "401", security=[{"bearer": []}])).post("/a", json={"name": "a"})


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (form("message", message=TEXT, code=TEXT), {"message": DETAIL, "code": "invalid-request"}),
        (form(statusCode=NUMBER, error=TEXT, message=TEXT), {"statusCode": 422, "error": "Unprocessable Content", "message": DETAIL}),
        (form(error=TEXT), {"error": DETAIL}),
        (form(error_description=TEXT, error=TEXT), {"error_description": DETAIL, "error": "Unprocessable Content"}),
        (form(success={"type": "boolean"}, msg=TEXT), {"success": False, "msg": DETAIL}),
        (form(error=form(code=NUMBER, message=TEXT)), {"error": {"code": 422, "message": DETAIL}}),
        (form(code={"type": "string", "enum": ["NOT_FOUND", "VALIDATION_ERROR"]}, message=TEXT), {"code": "VALIDATION_ERROR", "message": DETAIL}),
        (form(message={"type": "string", "maxLength": 12}), {"message": "The request…"[:12]}),
        (form(errors=TEXTS), {"errors": [f"query count: {COUNT}", NAME, f"body /pets/0/age: {AGE}"]}),
        (TEXT, DETAIL),
        (TEXTS, [f"query count: {COUNT}", NAME, f"body /pets/0/age: {AGE}"]),
        ({"type": "array", "items": form(message=TEXT, code=TEXT)}, [{"message": COUNT, "code": "type"}, {"message": NAME, "code": "required"}, {"message": AGE, "code": "type"}]),
        ({"type": "object", "additionalProperties": TEXTS}, {"count": [COUNT], "name": [NAME], "pets.0.age": [AGE]}),
        ({"type": "object", "additionalProperties": TEXT}, {"count": COUNT, "name": NAME, "pets.0.age": AGE}),
        (form(message=TEXT, errors={"type": "object", "additionalProperties": TEXTS}), {"message": DETAIL, "errors": {"count": [COUNT], "name": [NAME], "pets.0.age": [AGE]}}),
        (form(message=TEXT, details={"type": "array", "items": form(field=TEXT, issue=TEXT)}), {"message": DETAIL, "details": [{"field": "count", "issue": COUNT}, {"field": "name", "issue": NAME}, {"field": "pets.0.age", "issue": AGE}]}),
        (form(message=TEXT, errors=form(name=TEXTS, count=TEXTS, email=TEXTS)), {"message": DETAIL, "errors": {"name": [NAME], "count": [COUNT]}}),
        (
            form(errors={"type": "array", "items": form("message", field=TEXT, message=TEXTS)}),
            {"errors": [{"field": "count", "message": [COUNT]}, {"field": "name", "message": [NAME]}, {"field": "pets.0.age", "message": [AGE]}]},
        ),
        (
            form(errors={"type": "array", "items": form(field=TEXT, message=TEXT)}),
            {"errors": [{"field": "count", "message": COUNT}, {"field": "name", "message": NAME}, {"field": "pets.0.age", "message": AGE}]},
        ),
        (
            form(detail={"type": "array", "items": form("loc", "msg", "type", loc={"type": "array", "items": {"anyOf": [TEXT, NUMBER]}}, msg=TEXT, type=TEXT)}),
            {"detail": [
                {"loc": ["query", "count"], "msg": COUNT, "type": "type"},
                {"loc": ["body", "name"], "msg": NAME, "type": "required"},
                {"loc": ["body", "pets", 0, "age"], "msg": AGE, "type": "type"},
            ]},
        ),
        (
            form(errors={"type": "array", "items": form(status=TEXT, detail=TEXT, source=form(pointer=TEXT, parameter=TEXT))}),
            {"errors": [
                {"status": "422", "detail": COUNT, "source": {"parameter": "count"}},
                {"status": "422", "detail": NAME, "source": {"pointer": "/name"}},
                {"status": "422", "detail": AGE, "source": {"pointer": "/pets/0/age"}},
            ]},
        ),
        ({"oneOf": [form("reason", reason=TEXT), form("errors", errors=TEXTS)]}, {"reason": DETAIL}),
        ({"allOf": [{"type": "object", "properties": {"message": TEXT}}, {"required": ["trace"], "properties": {"trace": {"type": "string", "enum": ["t"]}}}], "additionalProperties": True}, None),
    ],
)  # fmt: skip
def test_a_declared_form_is_filled_from_the_violations(serve: Serve, schema: dict[str, Any], expected: Any) -> None:
    body = refused(serve, as_json(schema)).get_json()
    if expected is None:
        expected = {**body, "message": DETAIL, "trace": "t"}
    assert body == expected


@pytest.mark.parametrize("name", ["\xb2", "007", "9" * 5_000])
def test_a_member_whose_name_has_digits_is_no_index(serve: Serve, name: str) -> None:
    error = form("loc", loc={"type": "array", "items": {"anyOf": [TEXT, NUMBER]}})
    api = document(as_json(form(detail={"type": "array", "items": error})))
    numbers = {"type": "object", "additionalProperties": NUMBER}
    api["paths"]["/a"]["post"]["requestBody"] = {"content": {"application/json": {"schema": numbers}}}
    response = serve(api).post("/a", json={name: "x"})
    assert (response.status_code, response.get_json()) == (422, {"detail": [{"loc": ["body", name]}]})


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (form(message=TEXT, errors=TEXTS), {"message": ACCESS, "errors": [ACCESS]}),
        ({"type": "array", "items": form(message=TEXT)}, [{"message": ACCESS}]),
        (form(detail={"type": "array", "items": form("msg", "type", msg=TEXT, type=TEXT)}), {"detail": [{"msg": ACCESS, "type": "credentials-required"}]}),
        ({"type": "object", "additionalProperties": TEXTS}, {"detail": [ACCESS]}),
    ],
)  # fmt: skip
def test_a_list_of_errors_has_the_refusal_where_there_are_no_violations(
    serve: Serve, schema: dict[str, Any], expected: Any
) -> None:
    assert locked(serve, as_json(schema)).get_json() == expected


def test_the_members_of_a_problem_are_beside_those_of_a_form_that_allows_them(serve: Serve) -> None:
    body = refused(serve, as_json(open_form(message=TEXT, errors=TEXTS))).get_json()
    assert body["message"] == DETAIL
    assert len(body["errors"]) == 3
    assert body["status"] == 422
    assert body["code"] == "invalid-request"
    assert body["detail"] == DETAIL
    assert len(body["violations"]) == 3


def test_a_form_with_a_validation_problem_has_its_own_list_of_errors_too(serve: Serve) -> None:
    schema = open_form(type=TEXT, title=TEXT, status=NUMBER, detail=TEXT, errors={"type": "object", "additionalProperties": TEXTS})  # fmt: skip
    body = refused(serve, as_json(schema, "application/problem+json")).get_json()
    assert body["errors"] == {"count": [COUNT], "name": [NAME], "pets.0.age": [AGE]}
    assert body["title"] == "Unprocessable Content"
    assert body["detail"] == DETAIL


@pytest.mark.parametrize("media_type", ["*/*", "*", "application/*", "application/vnd.api+json"])
def test_a_form_is_filled_whatever_the_declared_media_type_of_its_json(serve: Serve, media_type: str) -> None:
    response = refused(serve, as_json(form("message", message=TEXT), media_type))
    assert response.status_code == 422
    assert response.get_json() == {"message": DETAIL}
    assert response.content_type == ("application/json" if "*" in media_type else media_type)


@pytest.mark.parametrize("status", ["422", "4XX", "default"])
def test_a_refusal_has_its_form_under_whatever_key_it_is_declared(serve: Serve, status: str) -> None:
    response = refused(serve, as_json(form("message", message=TEXT), "*/*"), status)
    assert response.status_code == 422
    assert response.get_json() == {"message": DETAIL}


@pytest.mark.parametrize(
    "error",
    [
        {"content": {"application/xml": {}}},
        as_json({"type": "string", "format": "binary"}, "application/pdf"),
        as_json({"type": "object", "required": ["a"], "additionalProperties": False}),
        as_json({"type": "object", "required": ["a"], "additionalProperties": False}, "*/*"),
        {"headers": {"X-Never": {"required": True, "schema": {"type": "string", "minLength": 2, "maxLength": 1}}}},
    ],
)
def test_a_refusal_that_the_declared_form_cannot_hold_is_a_problem_document(
    serve: Serve, error: dict[str, Any]
) -> None:
    response = refused(serve, error)
    assert response.status_code == 422
    assert response.content_type == "application/problem+json"
    assert response.get_json()["detail"] == DETAIL


@pytest.mark.parametrize(
    "schema",
    [form("id", id=NUMBER, name=TEXT), open_form(id=NUMBER), {"type": "array", "items": form("id", id=NUMBER)}],
)
def test_a_refusal_is_a_problem_where_the_only_response_is_that_of_success(
    serve: Serve, schema: dict[str, Any]
) -> None:
    api = document(as_json(schema), "default")
    del api["paths"]["/a"]["post"]["responses"]["200"]
    response = serve(api).post("/a?count=x", json={"name": "a"})
    assert response.status_code == 422
    assert response.get_json()["code"] == "invalid-request"


def test_a_refusal_has_headers_that_are_required_without_a_schema(serve: Serve) -> None:
    headers = {"X-Request-Id": {"required": True, "schema": {"type": "string", "format": "uuid"}}, "X-Node": {"required": True}}  # fmt: skip
    response = refused(serve, {**as_json(form(message=TEXT)), "headers": headers})
    assert response.status_code == 422
    assert response.get_json() == {"message": DETAIL}
    assert len(response.headers["X-Request-Id"]) == 36
    assert response.headers["X-Node"]


def test_a_challenge_is_as_the_response_declares_it(serve: Serve) -> None:
    headers = {"WWW-Authenticate": {"schema": {"type": "string", "enum": ["Basic"]}}}
    response = locked(serve, {**as_json(form(message=TEXT)), "headers": headers})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Basic"


@pytest.mark.parametrize(
    "schema",
    [
        {**form(message=TEXT), "nullable": True},
        {"nullable": True, "allOf": [form(message=TEXT)]},
        {"nullable": True, "oneOf": [form("message", message=TEXT)]},
    ],
)
def test_an_error_that_may_be_null_is_an_object(serve: Serve, schema: dict[str, Any]) -> None:
    assert refused(serve, as_json(schema)).get_json() == {"message": DETAIL}


def test_a_preferred_error_that_may_be_null_is_an_object(serve: Serve) -> None:
    client = serve(document(as_json({**form("message", message=TEXT), "nullable": True})))
    response = client.post("/a", json={"name": "a"}, headers={"Prefer": "code=422"})
    assert response.get_json() == {"message": "Unprocessable Content"}


@pytest.mark.parametrize(
    ("schema", "example", "expected"),
    [
        (form(code=TEXT, message=TEXT), {"code": "E42", "message": "wrong"}, {"code": "E42", "message": DETAIL}),
        (form(error=TEXT), {"error": "wrong"}, {"error": DETAIL}),
        (form(status=NUMBER, message=TEXT, trace=TEXT), {"status": 400, "message": "wrong", "trace": "t"}, {"status": 422, "message": DETAIL, "trace": "t"}),
        (form(error=form(type=TEXT, message=TEXT)), {"error": {"type": "invalid", "message": "x"}}, {"error": {"type": "invalid", "message": DETAIL}}),
        (form(message=TEXT, errors={"type": "array", "items": form(field=TEXT, message=TEXT, domain=TEXT)}), {"message": "x", "errors": [{"field": "a", "message": "b", "domain": "global"}]}, {"message": DETAIL, "errors": [{"field": "count", "message": COUNT, "domain": "global"}, {"field": "name", "message": NAME, "domain": "global"}, {"field": "pets.0.age", "message": AGE, "domain": "global"}]}),
        (form(reason={"type": "string", "enum": ["a", "b"]}), {"reason": "b"}, {"reason": "b"}),
    ],
)  # fmt: skip
def test_a_declared_example_is_filled_where_it_has_a_place_for_the_reason(
    serve: Serve, schema: dict[str, Any], example: Any, expected: Any
) -> None:
    assert refused(serve, as_json(schema, example=example)).get_json() == expected


def test_a_named_example_is_sent_as_it_is(serve: Serve) -> None:
    examples = {"short": {"value": {"message": "short"}}, "long": {"value": {"message": "very long"}}}
    error = as_json(form(message=TEXT), examples=examples)
    response = refused(serve, error, Prefer="code=422, example=long")
    assert response.status_code == 422
    assert response.get_json() == {"message": "very long"}


@pytest.mark.parametrize("preference", ["code=400, example=long", "code=422, example=none", "code=422", "code=200"])
def test_other_preferences_do_not_hide_why_a_request_is_refused(serve: Serve, preference: str) -> None:
    error = as_json(form(message=TEXT), examples={"long": {"value": {"message": "very long"}}})
    response = refused(serve, error, Prefer=preference)
    assert response.status_code == 422
    assert response.get_json() == {"message": DETAIL}


@pytest.mark.parametrize("media_type", ["text/plain", "text/*"])
def test_an_error_in_text_is_the_detail(serve: Serve, media_type: str) -> None:
    response = refused(serve, as_json(TEXT, media_type, example="Something went wrong"))
    assert response.content_type == "text/plain; charset=utf-8"
    assert response.text == DETAIL


def test_a_response_that_cannot_be_generated_is_a_501_beside_a_default_response(serve: Serve) -> None:
    api = document(as_json(open_form(message=TEXT), "application/xml"), "default")
    never = {"type": "object", "required": ["a"], "additionalProperties": False}
    api["paths"]["/a"]["post"]["responses"]["200"] = {"description": "x", **as_json(never)}
    response = serve(api).post("/a", json={"name": "a"})
    assert response.status_code == 501
    assert response.headers["X-Mock-Code"] == "no-example"


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (form(status=form(message=TEXT, code=NUMBER)), {"status": {"message": DETAIL, "code": 422}}),
        (form(apiError=form(message=TEXT)), {"apiError": {"message": DETAIL}}),
        (form(fault=form(faultstring=TEXT, detail=form(errorcode=TEXT))), {"fault": {"faultstring": DETAIL, "detail": {"errorcode": "invalid-request"}}}),
        (form(data={"type": "object", "nullable": True}, errors={"type": "array", "items": form(message=TEXT)}), {"errors": [{"message": COUNT}, {"message": NAME}, {"message": AGE}]}),
        ({"type": "integer"}, 422),
    ],
)  # fmt: skip
def test_the_error_is_found_inside_an_envelope(serve: Serve, schema: dict[str, Any], expected: Any) -> None:
    assert refused(serve, as_json(schema)).get_json() == expected


def test_an_error_that_may_have_a_cause_of_its_own_form_has_none(serve: Serve) -> None:
    api = document(as_json({"$ref": "#/components/schemas/Error"}))
    own = {"$ref": "#/components/schemas/Error"}
    api["components"]["schemas"] = {"Error": form(message=TEXT, cause=own, errors={"type": "array", "items": own})}
    body = serve(api).post("/a?count=x", json={"name": "a"}).get_json()
    assert body == {"message": DETAIL.replace(" (and 2 more)", ""), "errors": [{"message": COUNT}]}


@pytest.mark.parametrize(
    ("media_type", "start", "end"),
    [("application/x-ndjson", "", "\n"), ("application/yaml", "", ""), ("text/event-stream", "data: ", "\n\n")],
)
def test_an_error_in_a_syntax_that_contains_json_is_json(serve: Serve, media_type: str, start: str, end: str) -> None:
    response = refused(serve, as_json(form(message=TEXT), media_type))
    assert response.status_code == 422
    assert response.content_type.partition(";")[0] == media_type
    assert response.text.startswith(f'{start}{{"message":')
    assert response.text.endswith(f"}}{end}")


@pytest.mark.parametrize(
    ("declared", "status"),
    [((), 400), (("422",), 422), (("400", "422"), 400), (("4XX", "422"), 400), (("422", "default"), 400)],
)
def test_a_body_that_cannot_be_read_is_a_422_where_that_alone_is_declared(
    serve: Serve, declared: tuple[str, ...], status: int
) -> None:
    responses = {name: {"description": "done"} for name in ("200", *declared)}
    client = serve(document({}, responses=responses))
    response = client.post("/a", data=b"{", content_type="application/json")
    assert response.status_code == status
    assert response.headers["X-Mock-Code"] == "malformed-body"
