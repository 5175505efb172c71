"""A response of Flask whose headers are sent as they are where Werkzeug cannot write an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import flask
from werkzeug.datastructures import Headers

from mockserver.syntax.http.header_names import ADDRESSES

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class FlaskResponse(flask.Response):
    """A response of the pipeline, or of an upstream."""

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        """The headers as they are sent. An address that is not valid, such as `http://[`, is left as it is."""
        try:
            return super().get_wsgi_headers(environ)
        except ValueError:
            addresses = [pair for pair in self.headers if pair[0].lower() in ADDRESSES]
            for name in ADDRESSES:
                self.headers.remove(name)
            headers = super().get_wsgi_headers(environ)
            headers.extend(addresses)
            return headers
