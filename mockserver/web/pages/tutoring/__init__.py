"""The reference pages of the built-in contract: the admin's queue of jobs and the tutor's courses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.contract.model import Contract
from mockserver.engine.events.changes import CREATE, DELETE, PUT, REPLACE, UPDATE
from mockserver.http.exchange import Exchange
from mockserver.http.messages import Response
from mockserver.http.request.addressing import decode_parameter
from mockserver.http.router import Router
from mockserver.schemas.properties import declared_properties
from mockserver.web.pages import shell


def register(router: Router) -> None:
    """Add the queue, the courses, and a page for each course."""
    for path, page in (("/admin/queue", _queue), ("/tutor", _courses), ("/tutor/courses/<course_id>", _course)):
        router.add_page(f"{shell.ENDPOINT}tutoring{page.__name__}", path, page)


def _queue(exchange: Exchange, _: object) -> Response:
    return shell.page(exchange, "queue.html", rules=rules(exchange.service.contract))


def _courses(exchange: Exchange, _: object) -> Response:
    return shell.page(exchange, "courses.html")


def _course(exchange: Exchange, arguments: Mapping[str, str]) -> Response:
    return shell.page(exchange, "course.html", course_id=decode_parameter(arguments["course_id"]))


def rules(contract: Contract) -> dict[str, Any]:
    """The contract's rules for jobs, as the scripts of the queue read them: `Rules` in `types.d.ts`."""
    jobs = contract.resources["jobs"]
    badge = next(field for field in contract.resources["sessions"].derived if field.resource == jobs.name)
    lifecycle = jobs.lifecycle
    assert lifecycle is not None
    actions = [behaviour.transition for behaviour in contract.behaviours.values() if behaviour.kind == "transition"]
    return {
        "statuses": list(badge.values),
        "badges": dict(badge.values),
        "types": declared_properties(jobs.schema)["type"].resolve().value["enum"],
        "actions": {name: lifecycle.transitions[name].sources for name in actions if name is not None},
        "events": [*lifecycle.transitions, CREATE, UPDATE, REPLACE, DELETE, PUT],
        "targets": {name: transition.target for name, transition in lifecycle.transitions.items()},
    }
