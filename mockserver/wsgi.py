"""`mockserver.wsgi:app`, for any WSGI server; `MOCKSERVER_*` variables stand for the options of `mockserver serve`.

Those about the server itself (host, port, workers, watch) are for the WSGI server to decide.
"""

from __future__ import annotations

from mockserver.cli.serve import app_from_environment

app = app_from_environment()
