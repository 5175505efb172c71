"""What must happen to an address before Flask matches it: base addresses, and slashes that were percent-encoded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BASE = re.compile(r"/__mock/in/([^/]*)(/.*)?", re.DOTALL)
_KEPT = re.compile("%(25|2F|2C|3B|3D)")
SANDBOX, SCENARIO = "mockserver.sandbox", "mockserver.scenario"


class Addressing:
    """WSGI middleware.

    `/__mock/in/SANDBOX@SCENARIO/…` becomes a mount point (SCRIPT_NAME), and the selection goes into the environ.
    A path parameter may hold `%2F`; WSGI decodes it to a slash, which would be a separator. So where the server
    passes the target as sent, PATH_INFO keeps `%2F`, and `%2C`, `%3B` and `%3D`, which separate the items of an array
    and the members of an object; and `%25`. `parameter` decodes them after matching.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Hand the request on with its address prepared."""
        path = environ.get("PATH_INFO", "")
        raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
        if "%" in raw.partition("?")[0] or "%" in path:
            path = environ["PATH_INFO"] = _keep(path, raw, environ.get("SCRIPT_NAME", ""))
        if path.startswith("/__mock/in/"):
            _mount(environ, path)
        return self._app(environ, start_response)


def _keep(path: str, raw: str, mounted: str) -> str:
    target = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*", "", raw).partition("?")[0].removeprefix(mounted)
    if unquote_to_bytes(target).decode("latin-1") != path:
        # The server passes something else on as the target: what is decoded is all there is.
        return path.replace("%", "%25")
    kept = re.sub("%(25|2[fF]|2[cC]|3[bBdD])", lambda found: f"%25{found[1].upper()}", target)
    return unquote_to_bytes(kept).decode("latin-1")


def _mount(environ: dict[str, Any], path: str) -> None:
    found = BASE.fullmatch(path)
    if found is None:
        return
    name, at, scenario = parameter(found[1].encode("latin-1").decode(errors="replace")).partition("@")
    environ[SANDBOX] = name
    if at:
        environ[SCENARIO] = scenario
    environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + f"/__mock/in/{found[1]}"
    environ["PATH_INFO"] = found[2] or "/"


def parameter(text: str) -> str:
    """A path parameter as the client meant it."""
    return _KEPT.sub(lambda found: chr(int(found[1], 16)), text) if "%" in text else text
