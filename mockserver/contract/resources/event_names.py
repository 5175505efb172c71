"""The names of events that a stream sends for the transitions of a resource."""

from __future__ import annotations

from mockserver.contract.model import Resource
from mockserver.documents.source import FileReport
from mockserver.errors import quote
from mockserver.syntax import json_pointer

# The events of EventSource itself, and those with which a stream begins and ends.
RESERVED_EVENTS = ("open", "error", "message", "ready", "reset")


def check_event_names(resource: Resource, report: FileReport) -> None:
    """Check that no transition of a resource whose events are sent has a name with another meaning there."""
    for name in resource.lifecycle.transitions if resource.lifecycle is not None else ():
        if name in RESERVED_EVENTS:
            others = ", ".join(event for event in RESERVED_EVENTS if event != name)
            message = f"a transition whose events are streamed cannot be named {quote(name)}, nor {others}: "
            message += "clients would take its events for others"
            report.add(json_pointer.join(("resources", resource.name, "lifecycle", "transitions", name)), message)
