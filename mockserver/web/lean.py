"""Flask without what no request here needs: host matching, sessions, async views, what was worked out before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from flask import Flask, Request, Response
from flask.sessions import NullSession, SessionInterface
from werkzeug.routing import MapAdapter, Rule

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Of these, get_wsgi_headers makes something else.
WORKED_OUT = frozenset({"location", "content-location"})
WITHOUT_LENGTH = (204, 304)
# So many ways are remembered, of paths that are no longer than that: those that are asked again and again.
ROUTES_LIMIT, PATH_LIMIT = 4_096, 256
Route = tuple[Rule, Mapping[str, Any]]


class LeanResponse(Response):
    """A response that is sent as it is where its body is at hand and nothing in its headers has to be worked out."""

    autocorrect_location_header = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send it (PEP 3333)."""
        body, headers = self.response, self.headers.to_wsgi_list()
        names = {name.lower() for name, _ in headers}
        if (
            type(body) is not list
            or len(body) > 1
            or self.status_code in WITHOUT_LENGTH
            or not names.isdisjoint(WORKED_OUT)
        ):
            return super().__call__(environ, start_response)
        data: bytes = body[0] if body else b""
        if "content-length" not in names:
            headers.append(("Content-Length", str(len(data))))
        start_response(self.status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [data]


class NoSessions(SessionInterface):
    """Nobody has one."""

    _null = NullSession()

    def open_session(self, *_: Any) -> NullSession:
        """The same nothing for everyone."""
        return self._null


class RememberedRoutes(MapAdapter):
    """Where a method and path lead is looked up once."""

    routes: dict[tuple[str, str], Route]

    def match(self, *args: Any, **options: Any) -> Any:
        """As MapAdapter has it; Flask asks for the rule of the request, and nothing else."""
        if args or options != {"return_rule": True}:
            return super().match(*args, **options)
        asked = self.default_method, self.path_info
        found = self.routes.get(asked)
        if found is None:
            found = super().match(return_rule=True)
            if len(self.routes) >= ROUTES_LIMIT:
                self.routes.clear()
            if len(self.path_info) <= PATH_LIMIT:
                self.routes[asked] = found
        return found


class LeanFlask(Flask):
    """Flask for one host name and plain views."""

    response_class = LeanResponse
    session_interface = NoSessions()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._routes: dict[tuple[str, str], Route] = {}

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Match by the path alone: every host name that leads here is served alike."""
        if request is None:
            return None
        environ = request.environ
        path = environ["PATH_INFO"]
        adapter = RememberedRoutes(
            self.url_map,
            "",
            environ.get("SCRIPT_NAME", ""),
            None,
            "http",
            path if path.isascii() else path.encode("latin-1").decode(errors="replace"),
            environ["REQUEST_METHOD"],
        )
        adapter.routes = self._routes
        return adapter

    def full_dispatch_request(self) -> Response:
        """As Flask has it, without signals, blueprints and sessions, which nothing here uses."""
        try:
            answered = self.preprocess_request() or self.dispatch_request()
        except Exception as error:
            answered = self.handle_user_exception(error)
        return self.process_response(self.make_response(answered))

    def preprocess_request(self) -> Any:
        """What comes before the view: its answer, if it has one."""
        for act in self.before_request_funcs.get(None, ()):
            if (answered := act()) is not None:
                return answered
        return None

    def process_response(self, response: Response) -> Response:
        """What comes after the view."""
        for act in reversed(self.after_request_funcs.get(None, ())):
            response = act(response)
        return response

    def do_teardown_request(self, *args: Any) -> None:
        """As Flask has it, where there is something to do."""
        if self.teardown_request_funcs:
            super().do_teardown_request(*args)

    def do_teardown_appcontext(self, *args: Any) -> None:
        """As Flask has it, where there is something to do."""
        if self.teardown_appcontext_funcs:
            super().do_teardown_appcontext(*args)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """There are no async views."""
        return func
