"""Secrets are recognized by their names and by their shapes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mockserver.syntax.redaction import REDACTED, is_secret, redact_members, redact_query, redact_shapes, redact_text
from tests.attack.growth import assert_grows_linearly

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N"


@pytest.mark.parametrize(
    "name",
    ["password", "newPassword", "passwd", "pwd", "X-Amz-Signature", "x-goog-signature", "access_token", "refreshToken", "client_secret", "api_key", "apiKey",
     "X-Api-Key", "Authorization", "Proxy-Authorization", "Set-Cookie", "aws_secret_access_key", "private_key", "jwt",
     "Cookie2", "passphrase", "credentials", "user[password]", "token[]", "signing-key", "encryption_key", "pa\u017f\u017fword", "API\u212aEY"],
)  # fmt: skip
def test_a_name_shows_that_it_holds_a_secret(name: str) -> None:
    assert is_secret(name)
    assert redact_query(f"a=b&{name}=c") == f"a=b&{name}={REDACTED}"
    assert redact_text(f'{{"{name}": "c"}}') == f'{{"{name}":"{REDACTED}"}}'


@pytest.mark.parametrize(
    "name",
    [
        "name",
        "next_page_token",
        "page[token]",
        "pageToken",
        "nextToken",
        "continuation-token",
        "token_type",
        "key",
        "session_id",
        "passwords_changed",
        "tokens",
        "author",
    ],
)
def test_other_names_hold_no_secret(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize(
    "text",
    [JWT, "Bearer abc.def123", "Basic dXNlcjpwYXNz", "Bearer abcdefghijklmnopqrstuvwxyz", "sk_live_4eC39HqLyjWDarjtT1zd", "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
     "github_pat_11ABCDEFG0abcdefghij", "glpat-abcdefghij0123456789", "xoxb-123456789012-abcdef", "AKIAIOSFODNN7EXAMPLE",
     "-----BEGIN RSA PRIVATE KEY-----\nMIIE-abc\n-----END RSA PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\nMIIE"],
)  # fmt: skip
def test_a_text_has_the_shape_of_a_secret(text: str) -> None:
    assert redact_shapes(f"before {text}") == f"before {REDACTED}"


@pytest.mark.parametrize(
    "text", ["Bearer of news", "basic training", "ghp", "sky_live", "https://host:80/a@b", "risk_test_a"]
)
def test_other_texts_stay(text: str) -> None:
    assert redact_shapes(text) == text


def test_the_password_of_an_address_is_a_secret() -> None:
    assert redact_shapes("see https://ann:s3cret@host/a") == f"see https://{REDACTED}@host/a"


def test_secrets_inside_of_members_are_replaced() -> None:
    assert redact_members({"a": [f"x {JWT}", 1], "token": "t"}) == {"a": [f"x {REDACTED}", 1], "token": REDACTED}


@pytest.mark.parametrize(
    "text",
    ["eyJ", "eyJaaaa.", "eyJaaaa.eyJaaaa.", "Bearer ", "Bearer a", "bearer1", "-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "-----END", "://", "://a:", "a:b@", "sk-a", "xoxb-"],
)  # fmt: skip
def test_the_time_to_find_shapes_grows_linearly(text: str) -> None:
    def prepare(size: int) -> Callable[[], object]:
        long = text * (size // len(text))
        return lambda: redact_shapes(long)

    assert_grows_linearly(prepare, 16_000)


PART = '--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{content}\r\n--b--\r\n'


@pytest.mark.parametrize(
    "text",
    [
        '{"note": "form-data", "password": "hunter2"',
        PART.format(name="password", content="--hunter2"),
        PART.format(name="password", content="a\r\n--hunter2"),
        PART.format(name="data", content='{"password": "hunter2"}'),
        "before\r\n" + PART.format(name="password", content="hunter2"),
        "<a><password><![CDATA[hunter2]]></password></a>",
        "<a><password><![CDATA[]] > ]hunter2",
        "<a><password>b<!-- c -->hunter2</password></a>",
        "\ufeff<a><password>hunter2</password></a>",
    ],
)
def test_no_form_of_a_text_keeps_its_secrets(text: str) -> None:
    assert "hunter2" not in redact_text(text)


@pytest.mark.parametrize(
    "text",
    [PART.format(name="data", content='{"tokens": "a"}'), "<a><b><![CDATA[token]]></b>x<c>token<!-- d --></c></a>"],
)
def test_a_text_without_secrets_stays_as_it_is(text: str) -> None:
    assert redact_text(text) in (text, text.replace('": "', '":"'))


@pytest.mark.parametrize("piece", ["<token><![CDATA[", "<token>]]>", "<a><![CDATA[]]>x", "<token><!--", "<token>--"])
def test_xml_is_redacted_in_proportion_to_its_length(piece: str) -> None:
    assert_grows_linearly(lambda count: lambda: redact_text(piece * count), 2_000)
