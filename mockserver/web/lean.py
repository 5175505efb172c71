"""Flask without what no request here needs: host matching, async views, headers worked out twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Request, Response
from werkzeug.routing import MapAdapter

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Of these, get_wsgi_headers makes something else.
WORKED_OUT = frozenset({"location", "content-location"})
WITHOUT_LENGTH = (204, 304)


class LeanResponse(Response):
    """A response that is sent as it is where its body is at hand and nothing in its headers has to be worked out."""

    autocorrect_location_header = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send it (PEP 3333)."""
        body, headers = self.response, self.headers.to_wsgi_list()
        if (
            type(body) is not list
            or len(body) > 1
            or self.status_code in WITHOUT_LENGTH
            or any(name.lower() in WORKED_OUT for name, _ in headers)
        ):
            return super().__call__(environ, start_response)
        data: bytes = body[0] if body else b""
        if "Content-Length" not in self.headers:
            headers.append(("Content-Length", str(len(data))))
        start_response(self.status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [data]


class LeanFlask(Flask):
    """Flask for one host name and plain views."""

    response_class = LeanResponse

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Match by the path alone: every host name that leads here is served alike."""
        if request is None:
            return None
        environ = request.environ
        return self.url_map.bind(
            "",
            script_name=environ.get("SCRIPT_NAME", ""),
            path_info=environ["PATH_INFO"].encode("latin-1").decode(errors="replace"),
            default_method=environ["REQUEST_METHOD"],
        )

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """There are no async views."""
        return func
