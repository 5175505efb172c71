"""Reads HAR 1.2 files (http://www.softwareishard.com/blog/har-12-spec/) as browsers, Playwright and proxies write them.

What is usable in a broken file is used; the rest is reported with the number of its entry, from 1.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
from msgspec import Struct, field

from mockserver.errors import count_noun, quote
from mockserver.recorder.exchanges import BODY_LIMIT, RecordedExchange, find_header
from mockserver.syntax.http.address_headers import replace_addresses
from mockserver.syntax.instants import parse_instant
from mockserver.syntax.redaction import redact_shapes

ENTRIES = re.compile(r'"entries"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")
DEFAULT_PORTS = {"http": 80, "https": 443}
# Browsers drop the byte order mark from the text, but not from the size.
MARK_SIZE = 3
NOT_MODIFIED, OK = 304, 200
# In an archive of Playwright, the HAR file is the one with this suffix.
SUFFIX = ".har"


class UnreadableHar(Exception):
    """The file is not in the format HAR; the message says why."""


class AmbiguousOrigin(Exception):
    """The requests went to several origins, or to none that was asked for; `origins` counts the requests of each."""

    def __init__(self, origins: Counter[str], chosen: str | None) -> None:
        self.origins, self.chosen = origins, chosen
        super().__init__(origins, chosen)

    def __str__(self) -> str:
        listed = ", ".join(
            f"{origin} ({count_noun(count, 'request')})" for origin, count in self.origins.most_common(20)
        )
        if self.chosen is not None:
            return f"no request went to {self.chosen}; the file has requests to {listed or 'no origin'}"
        return f"the file has requests to {listed}; choose one with --har-origin"


class _Unusable(Exception):
    """An entry cannot be used; the message says why."""


class HarFile(Struct):
    """The exchanges of a HAR file, in the order of their times.

    `unused` has a line for each entry that is not used, with the reason.
    """

    entries: list[Any]
    read_file: Callable[[str], bytes | None] = lambda _: None
    unused: Counter[str] = field(default_factory=Counter)

    def exchanges(self, origin: str | None = None) -> Iterator[RecordedExchange]:
        """The requests to an origin, a URL whose path is left out of those of the requests; by default the only one.

        Raises AmbiguousOrigin. The entries are released one by one, so this can be called once.
        """
        base = self._choose(origin)
        seen: set[tuple[str, str, bytes | None]] = set()
        for index in self._in_order_of_time():
            entry, self.entries[index] = self.entries[index], None
            try:
                exchange = self._exchange(entry, base)
            except _Unusable as reason:
                self.unused[f"entry {index + 1}: {reason}"] += 1
                continue
            if exchange is None:
                continue
            # A browser's cache says again what the backend has said before.
            key = (exchange.method, exchange.target, exchange.request_body)
            if key not in seen or not _is_cached(entry):
                yield exchange
            seen.add(key)

    def _choose(self, origin: str | None) -> str:
        origins: Counter[str] = Counter()
        for entry in self.entries:
            if (url := _url_of(entry)) is not None and not _is_preflight(entry):
                origins[_origin(url)] += 1
        if origin is None:
            if len(origins) > 1:
                raise AmbiguousOrigin(origins, None)
            return next(iter(origins), "")
        try:
            base = _origin(origin) + urlsplit(origin).path.rstrip("/")
        except ValueError:
            raise AmbiguousOrigin(origins, origin) from None
        if _origin(origin) not in origins:
            raise AmbiguousOrigin(origins, origin)
        return base

    def _in_order_of_time(self) -> list[int]:
        """The indexes of the entries by their times; as they are in the file if some have none."""
        indexes = range(len(self.entries))
        try:
            times = [parse_instant(entry["startedDateTime"]) for entry in self.entries]
        except (AttributeError, KeyError, TypeError, ValueError):
            return list(indexes)
        return sorted(indexes, key=times.__getitem__)

    def _exchange(self, entry: Any, base: str) -> RecordedExchange | None:
        """The exchange of an entry; None if it is about another origin or no request to a server. Raises _Unusable."""
        if not isinstance(entry, dict) or not isinstance(entry.get("request"), dict):
            raise _Unusable("it has no request")
        request, response = entry["request"], entry.get("response")
        url, method = request.get("url"), request.get("method")
        if not isinstance(url, str) or not isinstance(method, str) or not method:
            raise _Unusable("its request has no URL or no method")
        if url.split(":", 1)[0].lower() in ("ws", "wss") or "_webSocketMessages" in entry:
            raise _Unusable(f"{_shown(url)} is a WebSocket")
        if _url_of(entry) is None:
            if ":" in url:
                return None  # such as data: and blob:, which are not requests to a server
            raise _Unusable(f"{_shown(url)} is not an absolute URL")
        origin = urlsplit(base)
        if _origin(url) != f"{origin.scheme}://{origin.netloc}" or _is_preflight(entry):
            return None
        target = _target(url)
        if (origin.path and target.startswith((f"{origin.path}/", f"{origin.path}?"))) or target == origin.path:
            target = target[len(origin.path) :]
            target = target if target.startswith("/") else f"/{target}"
        status = _status(response)
        if not isinstance(response, dict) or status is None:
            raise _Unusable(f"{method} {_shown(target)} has no response: it was aborted or has failed")
        headers, response_headers = _headers(request), _headers(response)
        if find_header(headers, "host") is None:
            headers.append(("Host", urlsplit(url).netloc.rpartition("@")[2]))
        response_headers = [
            (name, replace_addresses(name, value, lambda address: _without_base(address, origin.path)))
            for name, value in response_headers
        ]
        body = self._response_body(response)
        if status == NOT_MODIFIED and body:
            status = OK
        content = response.get("content")
        media_type = content.get("mimeType") if isinstance(content, dict) else None
        # Chromium writes x-unknown where there is none.
        is_named = isinstance(media_type, str) and "/" in media_type
        if body and is_named and find_header(response_headers, "content-type") is None:
            response_headers.append(("Content-Type", str(media_type)))
        # What a browser has decoded has no coding any more.
        response_headers = [pair for pair in response_headers if pair[0].lower() != "content-encoding"]
        return RecordedExchange(
            method.upper(), target, headers, self._request_body(request, headers), status, response_headers, body
        )

    def _request_body(self, request: dict[str, Any], headers: list[tuple[str, str]]) -> bytes | None:
        data = request.get("postData")
        if not isinstance(data, dict):
            size = request.get("bodySize")
            return None if isinstance(size, int) and size > 0 else b""
        media_type = data.get("mimeType")
        if isinstance(media_type, str) and media_type and find_header(headers, "content-type") is None:
            headers.append(("Content-Type", media_type))
        params = data.get("params")
        if not data.get("text") and isinstance(params, list) and params and "multipart" not in str(media_type):
            return urlencode([
                (str(param["name"]), str(param.get("value", ""))) for param in params
                if isinstance(param, dict) and "name" in param
            ]).encode()  # fmt: skip
        return self._text(data)

    def _response_body(self, response: dict[str, Any]) -> bytes | None:
        """The body of a response; None if it is missing or was truncated."""
        content = response.get("content")
        if not isinstance(content, dict):
            return b"" if response.get("bodySize") == 0 else None
        body, size = self._text(content), content.get("size")
        if not body:
            is_empty = size == 0 or (size in (None, -1) and response.get("bodySize") == 0)
            return b"" if is_empty else None
        is_wide = "utf-16" in str(content.get("mimeType", "")).lower()
        is_truncated = isinstance(size, int) and size > len(body) + MARK_SIZE and not is_wide
        return None if is_truncated else body

    def _text(self, content: dict[str, Any]) -> bytes | None:
        text, coding = content.get("text"), content.get("encoding") or content.get("_encoding")
        if not isinstance(text, str):
            name = content.get("_file")
            return self.read_file(name) if isinstance(name, str) else None
        if coding != "base64":
            return text.encode(errors="replace")
        try:
            return base64.b64decode(text, validate=False)
        except (binascii.Error, ValueError):
            raise _Unusable("a body is not valid base64") from None


def read_har(path: Path) -> HarFile:
    """Read a HAR file, or an archive of Playwright with one. Raises UnreadableHar and OSError."""
    if zipfile.is_zipfile(path):
        return _read_archive(path)
    folder = path.parent
    unused: Counter[str] = Counter()
    return HarFile(_read_entries(path.read_bytes(), unused), lambda name: _read_beside(folder, name), unused)


def _read_archive(path: Path) -> HarFile:
    archive = zipfile.ZipFile(path)
    names = [name for name in archive.namelist() if name.endswith(SUFFIX)]
    if not names:
        raise UnreadableHar(f"{path} has no file *{SUFFIX}")
    unused: Counter[str] = Counter()

    def read_file(name: str) -> bytes | None:
        try:
            with archive.open(name) as file:
                # One byte more shows that it is too large.
                return file.read(BODY_LIMIT + 1)
        except (KeyError, zipfile.BadZipFile, OSError, RuntimeError):
            return None

    try:
        data = archive.read(names[0])
    except (zipfile.BadZipFile, RuntimeError) as error:
        raise UnreadableHar(f"{path}: {error}") from None
    return HarFile(_read_entries(data, unused), read_file, unused)


def _read_beside(folder: Path, name: str) -> bytes | None:
    """A file of a body, which is in the folder of the HAR file itself."""
    if PurePosixPath(name).name != name or "\\" in name:
        return None
    path = folder / name
    try:
        with path.open("rb") as file:
            return file.read(BODY_LIMIT + 1)
    except OSError:
        return None


def _read_entries(data: bytes, unused: Counter[str]) -> list[Any]:
    is_wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        value = orjson.loads(data.decode("utf-16") if is_wide else data.removeprefix(b"\xef\xbb\xbf"))
    except (orjson.JSONDecodeError, UnicodeDecodeError) as error:
        return _read_whole_entries(data.decode("utf-16" if is_wide else "utf-8", errors="replace"), str(error), unused)
    log = value.get("log") if isinstance(value, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list):
        raise UnreadableHar("it has no list log.entries, as a HAR file has")
    return entries


def _read_whole_entries(text: str, reason: str, unused: Counter[str]) -> list[Any]:
    """The entries up to the first that is not JSON: a file may have been cut off."""
    start = ENTRIES.search(text)
    if start is None:
        raise UnreadableHar(f"it is not JSON: {reason}")
    decoder, entries, position = json.JSONDecoder(), list[Any](), start.end()
    while True:
        between = _BETWEEN.match(text, position)
        position = between.end() if between is not None else position
        if text[position : position + 1] == "]":
            return entries
        try:
            entry, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            unused[f"entry {len(entries) + 1} and whatever follows: the file is not valid JSON there"] += 1
            return entries
        entries.append(entry)


def _url_of(entry: Any) -> str | None:
    """The URL of an entry if it is one of HTTP."""
    request = entry.get("request") if isinstance(entry, dict) else None
    url = request.get("url") if isinstance(request, dict) else None
    if not isinstance(url, str) or "_webSocketMessages" in entry:
        return None
    try:
        parts = urlsplit(url)
        has_address = parts.scheme in DEFAULT_PORTS and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        return None
    return url if has_address else None


def _shown(url: str) -> str:
    """A URL as a message shows it: without its query, and without secrets."""
    return quote(redact_shapes(url.partition("?")[0]))


def _origin(url: str) -> str:
    """The origin of a URL, without the port if that is the usual one. Raises ValueError."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    is_usual = parts.port is None or parts.port == DEFAULT_PORTS.get(parts.scheme)
    return f"{parts.scheme}://{host}" if is_usual else f"{parts.scheme}://{host}:{parts.port}"


def _target(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _status(response: Any) -> int | None:
    """The status of a response; None if there was none, which is written as 0 or -1."""
    status = response.get("status") if isinstance(response, dict) else None
    if isinstance(status, str) and status.isascii() and status.isdigit():
        status = int(status)
    return status if isinstance(status, int) and status >= 100 else None


def _headers(message: dict[str, Any]) -> list[tuple[str, str]]:
    headers = message.get("headers")
    pairs = [
        (entry["name"], str(entry.get("value", "")))
        for entry in (headers if isinstance(headers, list) else ())
        if isinstance(entry, dict) and isinstance(entry.get("name"), str)
    ]
    # Firefox joins values of the same name with line feeds.
    return [(name, part) for name, value in pairs for part in value.split("\n")]


def _without_base(location: str, base: str) -> str:
    """The address that a response names, without the path that is left out of the requests."""
    if not base:
        return location
    try:
        parts = urlsplit(location)
    except ValueError:
        return location
    is_below = parts.path.startswith(f"{base}/")
    return parts._replace(path=parts.path[len(base) :]).geturl() if is_below else location


def _is_preflight(entry: Any) -> bool:
    request = entry.get("request") if isinstance(entry, dict) else None
    if not isinstance(request, dict) or str(request.get("method")).upper() != "OPTIONS":
        return False
    headers = _headers(request)
    return entry.get("_resourceType") == "preflight" or (
        find_header(headers, "access-control-request-method") is not None
    )


def _is_cached(entry: Any) -> bool:
    cached = entry.get("_fromCache")
    return isinstance(cached, str) and cached in ("memory", "disk")
