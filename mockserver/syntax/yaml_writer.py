"""JSON values as YAML that parsers of YAML 1.2 and of 1.1 read back as the same values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import yaml

from mockserver.syntax import strict_json
from mockserver.syntax.yaml_reader import FLOAT, INTEGER

# JSON values of more bytes are written as JSON in a sequence, and all values after so many bytes.
LARGE_SIZE, INDENTED_SIZE = 20_000, 500_000
# A longer name needs a `?` before it in YAML, whose limit is 1,024 characters.
NAME_SIZE = 900
# What may be such a name, also as parts between escaped quotes; and a number with an exponent, once all digits are 0.
_LONG_NAME, _EXPONENT = re.compile(rb'"[^"]{900}|\\"'), b"0e"
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
# Each string of JSON, and each number with an exponent.
_STRINGS = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*")(:)?')
_STRINGS_AND_EXPONENTS = re.compile(_STRINGS.pattern + r"|(-?[0-9]+(?:\.[0-9]+)?)e([-+]?[0-9]+)")
# In strings, YAML 1.1 takes these for line breaks, or for not printable.
_NOT_PRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Quotes a string where YAML 1.1 or 1.2 would read it as another type, and writes no aliases."""

    def ignore_aliases(self, _: Any) -> bool:
        return True


_Dumper.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(rf"(?:{INTEGER.pattern})$"), None)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(rf"(?:{FLOAT.pattern})$"), None)


def dump(value: Any) -> str:
    """Write JSON values as YAML that `yaml_reader` and a YAML 1.1 parser read back as the same values."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=10_000
    )
    return text


def dump_items(values: Iterable[Any]) -> str:
    """Write JSON values as the items of a YAML sequence; large ones, and what follows many, as JSON: that is faster.

    JSON is YAML, too, except for some characters in strings, some numbers and very long names.
    """
    written, size = [], 0
    for value in values:
        text = strict_json.dump(value)
        size += len(text)
        is_large = len(text) > LARGE_SIZE or size > INDENTED_SIZE or not isinstance(value, dict | list)
        written.append(f"- {_as_yaml(text)}\n" if is_large else dump([value]))
    return "".join(written)


def _as_yaml(data: bytes) -> str:
    """JSON as YAML parsers read it as the same value."""
    text = data.decode()
    has_exponents = _EXPONENT in data.translate(_ZEROS)
    if has_exponents or _LONG_NAME.search(data):
        text = (_STRINGS_AND_EXPONENTS if has_exponents else _STRINGS).sub(_adapt, text)
    if text.isascii() and "\x7f" not in text:
        return text
    return _NOT_PRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _adapt(match: re.Match[str]) -> str:
    string, colon, *number = match.groups()
    if string is None:
        digits, exponent = number
        # YAML 1.1 takes a number for a string that has an exponent without a fraction or a sign.
        return f"{digits}{'' if '.' in digits else '.0'}e{'' if exponent[0] in '+-' else '+'}{exponent}"
    return f"? {string} :" if colon and len(string) > NAME_SIZE else match[0]
