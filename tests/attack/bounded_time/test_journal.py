"""Reading the journal takes time in proportion to what it holds, whatever clients have sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mockserver.syntax.redaction import REDACTED, redact_query, redact_text
from tests.attack.growth import assert_grows_linearly
from tests.attack.scale import combine

# Each is repeated until it is as long as the test wants.
TEXTS = [
    "a", '"', '\\"', '"\\', '"a" ', '"a"  :', '"token" :', '"token":"', '"token":{', '"token":[', "token=", "=token", "?",
    "a?", "&a", " ", "token", "{[", "}]", "%74oken=", "<", "<token>", "<token ", "<token>a", "</", "<a:", 'token="', "\n",
    "\n--", "\n\n", ";name=", "\n--;name=token\n\n", "=  ",
]  # fmt: skip
STARTS = [
    "",
    '"',
    '"token',
    '"token" :',
    '"token":"',
    '{"note":"',
    "token=",
    "token",
    "<token>",
    "<token ",
    "form-data token",
]


@pytest.mark.parametrize(("text", "start"), combine(TEXTS, STARTS))
def test_the_time_to_redact_text_grows_linearly(start: str, text: str) -> None:
    def prepare(size: int) -> Callable[[], object]:
        body = start + text * (size // len(text))
        return lambda: redact_text(body)

    assert_grows_linearly(prepare, 8_000)


@pytest.mark.parametrize("text", TEXTS)
def test_the_time_to_redact_a_query_grows_linearly(text: str) -> None:
    def prepare(size: int) -> Callable[[], object]:
        query = text * (size // len(text))
        return lambda: redact_query(query)

    assert_grows_linearly(prepare, 16_000)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"password": "s3', f'{{"password":"{REDACTED}"'),
        ('{"password":"a\\"s3", "name": "k3', f'{{"password":"{REDACTED}", "name": "k3'),
        ('{"data":{"password":"s3","name":"k3', f'{{"data":{{"password":"{REDACTED}","name":"k3'),
        ('{"secret": {"a": ["s3", {"b": "s3"}]}, "name": "k3', f'{{"secret":"{REDACTED}", "name": "k3'),
        ('[{"token":123},{"name":"k3', f'[{{"token":"{REDACTED}"}},{{"name":"k3'),
        ('{"token":', f'{{"token":"{REDACTED}"'),
        ('{"note": "token", "name": "k3', '{"note": "token", "name": "k3'),
        ('["token", "k3', '["token", "k3'),
        ('{"token \\', '{"token \\'),
        ("name=k3&password=s3&x=1", f"name=k3&password={REDACTED}&x=1"),
        ("%70assword=s3", f"%70assword={REDACTED}"),
        ('{"url": "/a?token=s3&page=1", "name": "k3', f'{{"url": "/a?token={REDACTED}&page=1", "name": "k3'),
        ("k3=" * 3, "k3=" * 3),
        ("user[password]=s3&name=k3", f"user[password]={REDACTED}&name=k3"),
        ("<a><password>s3</password><b>k3</b></a>", f"<a><password>{REDACTED}</password><b>k3</b></a>"),
        ("<a token=\"s3 s3\" b='k3'>k3</a>", f"<a token=\"{REDACTED}\" b='k3'>k3</a>"),
        ('<x:token y="1">s3', f'<x:token y="1">{REDACTED}'),
        ("<a>/a?token=s3&b=k3</a>", f"<a>/a?token={REDACTED}&b=k3</a>"),
        (
            '--x\r\nContent-Disposition: form-data; name="password"\r\n\r\ns3\r\n--x\r\ncontent-disposition: form-data; '
            'name=k\r\n\r\nk3\r\n--x\r\nContent-Disposition: form-data; name="a[token]"; filename="f"\r\n\r\ns3',
            f'--x\r\nContent-Disposition: form-data; name="password"\r\n\r\n{REDACTED}\r\n--x\r\ncontent-disposition: '
            'form-data; name=k\r\n\r\nk3\r\n--x\r\nContent-Disposition: form-data; name="a[token]"; filename="f"'
            f"\r\n\r\n{REDACTED}",
        ),
    ],
)
def test_secrets_of_truncated_text_are_redacted(text: str, shown: str) -> None:
    assert redact_text(text) == shown
