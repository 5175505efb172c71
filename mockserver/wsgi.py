"""`mockserver.wsgi:app`, for any WSGI server; `MOCKSERVER_*` variables stand for the options of `mockserver serve`."""

from __future__ import annotations

import os

from mockserver.web.app import create_app

app = create_app(
    os.environ.get("MOCKSERVER_CONTRACT"),
    scenario=os.environ.get("MOCKSERVER_SCENARIO"),
    strict=os.environ.get("MOCKSERVER_STRICT", "1") not in ("0", "false", "no"),
    allow_hosts=os.environ.get("MOCKSERVER_ALLOW_HOST", "").split(),
    token=os.environ.get("MOCKSERVER_TOKEN"),
    store=os.environ.get("MOCKSERVER_STORE"),
    stateful=os.environ.get("MOCKSERVER_STATEFUL", "") in ("1", "true", "yes"),
)
