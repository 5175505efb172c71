"""What a browser is shown where the server asks for its token."""

from __future__ import annotations

from flask import Flask, Response, request

from mockserver.http.problems import refuse
from mockserver.http.responses import respond
from mockserver.http.selection import TOKEN_QUERY, is_navigation
from mockserver.http.service import Service
from mockserver.refusals import TokenRequired
from mockserver.web.pages import shell


def register(app: Flask, mock: Service) -> None:
    """Answer page navigations without the token with a page, and everything else with the problem."""
    app.register_blueprint(shell.blueprint("token", __name__))

    @app.errorhandler(TokenRequired)
    def ask(error: TokenRequired) -> Response:
        problem = respond(refuse(mock, None, error), request)
        if not is_navigation(request):
            return problem
        page = shell.html("token.html", problem.status_code, wrong=TOKEN_QUERY in request.args, path=request.path)
        for name in ("X-Mock-Code", "WWW-Authenticate"):
            page.headers[name] = problem.headers[name]
        page.headers["Cache-Control"] = "no-store"
        return page
