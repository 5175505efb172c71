"""The reference pages of the built-in contract: the admin's queue and the tutor's courses."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response

from mockserver.contract.model import Contract
from mockserver.contract.resources import properties
from mockserver.http.addressing import parameter
from mockserver.http.service import current
from mockserver.web.pages import shell


def register(app: Flask) -> None:
    """Add the queue, the courses, and a page for each course."""
    pages = shell.blueprint("tutoring", __name__)

    def queue() -> Response:
        return shell.page("queue.html", rules=rules(current().contract))

    def courses() -> Response:
        return shell.page("courses.html")

    def course(course_id: str) -> Response:
        return shell.page("course.html", course_id=parameter(course_id))

    for path, view in (("/admin/queue", queue), ("/tutor", courses), ("/tutor/courses/<course_id>", course)):
        pages.add_url_rule(path, view.__name__, view, methods=["GET"], strict_slashes=False)
    app.register_blueprint(pages)


def rules(contract: Contract) -> dict[str, Any]:
    """What the contract says of jobs: badge by status, types, which statuses an action takes, where an event leads."""
    jobs = contract.resources["jobs"]
    badge = next(one for one in contract.resources["sessions"].derived if one.resource == jobs.name)
    lifecycle = jobs.lifecycle
    assert lifecycle is not None
    offered = [behaviour.transition for behaviour in contract.behaviours.values() if behaviour.kind == "transition"]
    return {
        "statuses": list(badge.values),
        "badges": dict(badge.values),
        "types": properties(jobs.schema)["type"].follow().value["enum"],
        "actions": {name: lifecycle.transitions[name].sources for name in offered if name is not None},
        "leads": {name: one.target for name, one in lifecycle.transitions.items()},
    }
