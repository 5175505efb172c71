"""The console at `/__mock/`: what this browser is shown, and what can be done about it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Flask, Response, g, redirect, request

from mockserver.contract import diagram, formats
from mockserver.contract.model import Contract, Resource
from mockserver.http.selection import sandbox_via
from mockserver.http.service import PREFIX, Service, current
from mockserver.syntax import strict_json
from mockserver.web.pages import shell

# As many columns as a table of records can have and still be read.
COLUMNS = 5
IN = f"{PREFIX}/in/"
FROM_BASE = "base address"


def register(app: Flask, mock: Service) -> None:
    """Add the console, and a way there from `/` unless the contract owns that."""
    pages = shell.blueprint("console", __name__)
    faults = strict_json.parse(formats.path("override").read_bytes())["properties"]["fault"]["enum"]

    def console() -> Response:
        contract = current().contract
        return shell.page(
            "console.html",
            operations=contract.operations.values(),
            scenarios=sorted(contract.scenarios.values(), key=lambda one: one.name),
            resources=contract.resources.values(),
            pictures={
                name: diagram.draw(one.lifecycle)
                for name, one in contract.resources.items()
                if one.lifecycle is not None
            },
            declared=strict_json.dump([_declared(one) for one in contract.resources.values()]).decode(),
            faults=faults,
            sandbox_via=sandbox_via(request, g.selection.sandbox),
            mount=request.script_root.partition(IN)[0],
            switch=_switch,
            sample=_sample(contract),
        )

    def root() -> Response:
        response: Response = redirect(f"{request.script_root}{PREFIX}/", 303)  # type: ignore[assignment]
        response.autocorrect_location_header = False
        return response

    pages.add_url_rule(f"{PREFIX}/", "console", console, methods=["GET"], strict_slashes=False)
    if all(operation.path != "/" for operation in mock.contract.operations.values()):
        pages.add_url_rule("/", "root", root, methods=["GET"], strict_slashes=False)
    app.register_blueprint(pages)


def _switch(scenario: str) -> str:
    """Where this browser is sent to be in a scenario: what a base address names, no cookie can change."""
    if g.selection.via != FROM_BASE:
        return f"?__scenario={quote(scenario, safe='')}"
    mount = request.script_root.partition(IN)[0]
    return f"{mount}{IN}{g.selection.sandbox.name}@{quote(scenario, safe='')}{PREFIX}/"


def _sample(contract: Contract) -> str:
    """A path that can be asked for as it is."""
    for one in contract.operations.values():
        if one.method == "GET" and not one.path_names:
            return one.path
    return f"{PREFIX}/clock"


def _declared(resource: Resource) -> dict[str, Any]:
    """What the page has to know of a resource."""
    lifecycle = resource.lifecycle
    first = [name for name in (resource.key, lifecycle.field if lifecycle is not None else "") if name]
    others = [*resource.fields, *(one.name for one in resource.derived)]
    return {
        "name": resource.name,
        "key": resource.key,
        "columns": list(dict.fromkeys([*first, *others]))[:COLUMNS],
        "field": lifecycle.field if lifecycle is not None else None,
        "states": list(lifecycle.states) if lifecycle is not None else [],
        "transitions": [
            {"name": one.name, "sources": list(one.sources), "target": one.target}
            for one in (lifecycle.transitions.values() if lifecycle is not None else ())
        ],
    }
