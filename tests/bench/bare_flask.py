"""The comparison in the benchmark: bare Flask views behind mockserver's own HTTP server.

Each view returns a constant: no validation, no state, no journal. `python -m tests.bench.bare_flask` prints its address.
"""

from __future__ import annotations

from flask import Flask

from mockserver.server.server import listen, serve

app = Flask("bare")


# The paths of the requests that mockserver gets, so that both get the same bytes.
@app.get("/admin/jobs")
def list_jobs() -> str:
    """The list."""
    return "hello"


@app.post("/admin/jobs/<job_id>/<action>")
def change_job(job_id: str, action: str) -> str:
    """Retry and cancel."""
    return "hello"


if __name__ == "__main__":
    serve(app, "127.0.0.1", listen("127.0.0.1", 0), lambda address: print("Listening on", address, flush=True))
