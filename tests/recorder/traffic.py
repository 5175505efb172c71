"""HAR files as Chromium writes them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

ORIGIN = "https://api.example.com"


def pairs(headers: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def entry(path: str, body: Any = None, *, method: str = "GET", status: Any = 200, origin: str = ORIGIN, sent: Any = None, second: int = 0, **more: Any) -> dict[str, Any]:  # fmt: skip
    """An entry as Chromium's developer tools save it: lower-case names, pseudo headers, members with an underscore."""
    text = json.dumps(body) if not isinstance(body, bytes | str) else body
    content: dict[str, Any] = {"size": len(text), "mimeType": "application/json", "compression": 3}
    if isinstance(text, bytes):
        content |= {"text": base64.b64encode(text).decode(), "encoding": "base64", "mimeType": "image/png"}
    else:
        content |= {"text": text, "size": len(text.encode())}
    request: dict[str, Any] = {
        "method": method, "url": origin + path, "httpVersion": "h2", "queryString": [], "cookies": [], "headersSize": -1,
        "headers": pairs({":authority": origin.partition("//")[2], ":method": method, "accept": "*/*", "cookie": "session=abcdef0123456789x"}),
        "bodySize": 0,
    }  # fmt: skip
    if sent is not None:
        request["postData"] = {"mimeType": "application/json", "text": json.dumps(sent)}
    return {
        "_initiator": {"type": "script"}, "_priority": "High", "_resourceType": "fetch", "cache": {}, "connection": "443",
        "startedDateTime": f"2026-01-15T09:00:{second:02}.123Z", "time": 12.3, "timings": {"wait": 10}, "serverIPAddress": "127.0.0.1",
        "request": request,
        "response": {
            "status": status, "statusText": "", "httpVersion": "h2", "cookies": [], "redirectURL": "", "headersSize": -1, "bodySize": -1,
            "headers": pairs({"content-type": content["mimeType"], "content-encoding": "br", "date": "Thu, 15 Jan 2026 09:00:00 GMT"}),
            "content": content, "_transferSize": 100, "_error": None,
        },
        **more,
    }  # fmt: skip


def har(*entries: Any) -> dict[str, Any]:
    return {"log": {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "pages": [], "entries": list(entries)}}  # fmt: skip


def write_har(folder: Path, *entries: Any) -> Path:
    path = folder / "traffic.har"
    path.write_text(json.dumps(har(*entries)))
    return path
