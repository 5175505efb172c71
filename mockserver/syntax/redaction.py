"""Which names and texts are secrets, and values and texts without them: what journals show and recordings write.

Every step takes time in proportion to the text: clients choose it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

REDACTED = "[redacted]"
SECRET = re.compile(
    r"(authorization|cookie2?|passw(or)?d|passphrase|pwd|secret|token|api[-_]?key|credentials?|jwt"
    r"|(access|secret|private|signing|encryption)[-_]?key|x-(amz|goog)-signature)$",
    re.I,
)
# Texts that are secrets whatever they are called: JSON Web Tokens, credentials of the Authorization header, the tokens
# and keys of Stripe, GitHub, GitLab, Slack, AWS, Google, OpenAI and npm, and private keys. Each begins where nothing
# could have continued another, and its repetitions are possessive. Before the first letters there is nothing, so that
# all other letters are passed over in a tenth of the time.
_CREDENTIALS = r"[ ] (?: [A-Za-z0-9][a-z]{0,19} [-A-Z0-9._~+/=] [-A-Za-z0-9._~+/=]{3,}+ | [A-Za-z]{20,}+ )"
SHAPES = re.compile(
    rf"""
    eyJ (?<![A-Za-z0-9_-]eyJ) [A-Za-z0-9_-]{{4,}}+ \.[A-Za-z0-9_-]{{4,}}+ \.[A-Za-z0-9_-]*+
    | Bearer (?<![A-Za-z]Bearer) {_CREDENTIALS} | bearer (?<![A-Za-z]bearer) {_CREDENTIALS}
    | BEARER (?<![A-Za-z]BEARER) {_CREDENTIALS}
    | Basic (?<![A-Za-z]Basic) {_CREDENTIALS} | basic (?<![A-Za-z]basic) {_CREDENTIALS}
    | sk (?<![A-Za-z0-9]sk) (?: _(?:live|test)_[A-Za-z0-9]{{4,}}+ | -[A-Za-z0-9_-]{{20,}}+ )
    | rk (?<![A-Za-z0-9]rk) _(?:live|test)_[A-Za-z0-9]{{4,}}+ | pk (?<![A-Za-z0-9]pk) _(?:live|test)_[A-Za-z0-9]{{4,}}+
    | whsec_ (?<![A-Za-z0-9]whsec_) [A-Za-z0-9+/=]{{8,}}+
    | gh (?<![A-Za-z0-9]gh) [pousr]_[A-Za-z0-9]{{10,}}+ | github_pat_ (?<![A-Za-z0-9]github_pat_) [A-Za-z0-9_]{{10,}}+
    | glpat- (?<![A-Za-z0-9]glpat-) [A-Za-z0-9_-]{{10,}}+ | xox (?<![A-Za-z0-9]xox) [abeoprs]-[A-Za-z0-9-]{{10,}}+
    | AKIA (?<![A-Za-z0-9]AKIA) [A-Z0-9]{{16}} (?![A-Za-z0-9])
    | ASIA (?<![A-Za-z0-9]ASIA) [A-Z0-9]{{16}} (?![A-Za-z0-9])
    | AIza (?<![A-Za-z0-9]AIza) [A-Za-z0-9_-]{{30,}}+ | ya29 (?<![A-Za-z0-9]ya29) \.[A-Za-z0-9_-]{{10,}}+
    | npm_ (?<![A-Za-z0-9]npm_) [A-Za-z0-9]{{30,}}+
    | -----BEGIN[ ][A-Z0-9 ]{{0,40}}PRIVATE[ ]KEY----- (?: [^-]++ | -(?!----END) )*+
      (?: -----END[ ][A-Z0-9 ]{{0,40}}----- )?
    """,
    re.X,
)
# The name and the password in an address.
_USER = re.compile(r"://[^/\s:@?#]{1,100}+:[^/\s@?#]{1,100}+(?=@)")
# These tokens lead to a page of a list.
PAGE_TOKEN = re.compile(r"(page|next|prev|previous|continuation|cursor)[-_[]?token$", re.I)
# A longer name is judged by its end.
NAME_KEPT = 200
# Text without any of these has no name that `SECRET` matches, unless it is percent-encoded. Searching for one after the
# other takes a hundredth of the time of a regular expression.
_HINTS = (
    "authorization", "cookie", "passw", "passphrase", "pwd", "secret", "token", "credential", "jwt", "key", "signature",
)  # fmt: skip

# A string of JSON, at the end of truncated text perhaps without its end; a bracket or a separator; any other value.
# Possessive quantifiers: what was read once is never read again.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{},:]|\s++|[^"\[\]{},:\s]++', re.DOTALL)
# A pair of a query or form. A name begins where none could have begun before it.
_PAIR = re.compile(r"(?<![^&=?\s])([^&=?\s]++)=([^&\s]*+)")
# What begins the parts of a multipart form, the empty line before the content of one, and its name.
_DELIMITER = re.compile(r"(?:\A|\n)(--[^\r\n]++)\r?\n")
_EMPTY_LINE = re.compile(r"\r?\n\r?\n")
_PART_NAME = re.compile(r"""[;\s]name="?([^";\r\n]*+)""", re.I)
# An element of XML with the text at its beginning, which may be cut off, and an attribute.
_ELEMENT = re.compile(
    r"<((?:[\w.-]++:)?)([\w.-]++)((?:\s[^<>]*+)?>)"
    r"(?:[^<]++|<!\[CDATA\[(?:[^\]]++|\](?!\]>))*+(?:\]\]>)?|<!--(?:[^-]++|-(?!->))*+(?:-->)?)++"
)
_BETWEEN_TAGS = re.compile(r"(?<=>)[^<>]++")
_ATTRIBUTE = re.compile(r"""(?<![\w.-])([\w.-]++)(\s*+=\s*+)(?:"[^"<]*+"?|'[^'<]*+'?)""")


def is_secret(name: str) -> bool:
    """Whether a member, header or parameter of this name, such as `user[password]`, holds a secret."""
    end = name[-NAME_KEPT:].rstrip("[]")
    return SECRET.search(end) is not None and PAGE_TOKEN.search(end) is None


def redact_value(name: str, value: Any) -> Any:
    """The JSON value of a member, or a header's text, without secrets."""
    return REDACTED if is_secret(name) and value not in (None, "") else redact_members(value)


def redact_members(value: Any) -> Any:
    """A JSON value without secrets."""
    if isinstance(value, dict):
        return {name: redact_value(name, member) for name, member in value.items()}
    if isinstance(value, str):
        return redact_shapes(value)
    return [redact_members(item) for item in value] if isinstance(value, list) else value


def redact_shapes(text: str) -> str:
    """Text without the secrets that their shape shows."""
    text = _USER.sub(f"://{REDACTED}", text) if "://" in text else text
    return SHAPES.sub(REDACTED, text)


def redact_text(text: str) -> str:
    """Text without secrets: it may be a JSON document, a form or XML, and cut off."""
    if _may_have_names(text):
        if text.lstrip("\ufeff \t\r\n").startswith("<"):
            return redact_shapes(_without_secret_elements(text))
        delimiter = _DELIMITER.search(text) if "form-data" in text else None
        if delimiter is not None:
            text = delimiter[1].join(map(_without_secret_content, text.split(delimiter[1])))
        elif '"' in text:
            text = "".join(_without_secret_members(text))
    return redact_shapes(redact_query(text))


def redact_query(text: str, secrets: frozenset[str] = frozenset()) -> str:
    """A query or form without secrets; `secrets` are further names, in lower case, that hold one."""

    def pair(match: re.Match[str]) -> str:
        name = unquote(match[1])
        return f"{match[1]}={REDACTED}" if name.lower() in secrets or is_secret(name) else match[0]

    may_have_secrets = "=" in text and (secrets or "%" in text or _may_have_names(text))
    return _PAIR.sub(pair, text) if may_have_secrets else text


def _may_have_names(text: str) -> bool:
    """Whether a name that holds a secret may be in a text."""
    folded = text.casefold()
    return any(hint in folded for hint in _HINTS)


def _without_secret_elements(text: str) -> str:
    """XML without the text of elements and the values of attributes that hold secrets."""

    def element(match: re.Match[str]) -> str:
        return f"<{match[1]}{match[2]}{match[3]}{REDACTED}" if is_secret(match[2]) else match[0]

    def attribute(match: re.Match[str]) -> str:
        return f'{match[1]}{match[2]}"{REDACTED}"' if is_secret(match[1]) else match[0]

    text = _BETWEEN_TAGS.sub(lambda match: redact_query(match[0]), _ELEMENT.sub(element, text))
    return _ATTRIBUTE.sub(attribute, text)


def _without_secret_content(part: str) -> str:
    """A part of a multipart form without its content, if its name says that this is a secret."""
    end = _EMPTY_LINE.search(part)
    name = _PART_NAME.search(part, 0, end.start()) if end is not None else None
    if end is None:
        return part
    head, content = part[: end.end()], part[end.end() :]
    if name is not None and is_secret(name[1]):
        return head + REDACTED + content[len(content.rstrip("\r\n")) :]
    return head + "".join(_without_secret_members(content)) if content.startswith(("{", "[")) else part


def _without_secret_members(text: str) -> Iterator[str]:
    """The tokens of JSON text; the value of a member that holds a secret is replaced, with all that it contains."""
    name = ""
    # How many brackets are open in the value that is being left out; None outside of one.
    depth: int | None = None
    for match in _TOKEN.finditer(text):
        token = match[0]
        if depth == 0 and token in ",]}":
            depth = None
        if depth is not None:
            depth += (token in "[{") - (token in "]}")
            continue
        yield token
        if token == ":" and is_secret(name):
            yield f'"{REDACTED}"'
            depth = 0
        elif not token.isspace():
            name = token.strip('"') if token[0] == '"' else ""
