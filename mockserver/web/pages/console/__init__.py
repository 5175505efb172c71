"""The console at `/__mock/`, where people see and change the state of their sandbox."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import quote

from mockserver.contract import formats
from mockserver.contract.model import Contract, Resource
from mockserver.contract.webhooks.callbacks import callback_names
from mockserver.http.exchange import Exchange
from mockserver.http.messages import Response
from mockserver.http.request.selection import BASE_ADDRESS
from mockserver.http.response.redirects import see_other
from mockserver.http.router import CONTROL_PREFIX as PREFIX
from mockserver.http.router import Router
from mockserver.syntax import strict_json
from mockserver.web.pages import shell

# A table of records with more columns than this is hard to read.
COLUMNS = 5
# The members of an override that the form has fields for.
FIELDS = ("operation", "status", "times", "delay", "fault")
IN = f"{PREFIX}/in/"


def register(router: Router) -> None:
    """Add the console, and a redirect to it from `/` unless the contract has that path."""

    def console(exchange: Exchange, _: object) -> Response:
        from mockserver.contract.diagrams.diagram import draw

        contract, members = exchange.service.contract, _override_members()
        return shell.page(
            exchange,
            "console.html",
            operations=contract.operations.values(),
            scenarios=sorted(contract.scenarios.values(), key=lambda scenario: scenario.name),
            resources=contract.resources.values(),
            webhooks=sorted({*contract.webhooks, *callback_names(contract.callbacks)}),
            drawings={
                name: draw(resource.lifecycle)
                for name, resource in contract.resources.items()
                if resource.lifecycle is not None
            },
            resource_data=strict_json.dump([_resource_data(each) for each in contract.resources.values()]).decode(),
            faults=members["fault"]["enum"],
            other_members=[name for name in members if name not in FIELDS],
            sandbox_via=exchange.sandbox_via,
            mount=exchange.request.root_path.partition(IN)[0],
            switch=partial(_switch, exchange),
            sample=_sample(contract),
        )

    router.add_page(f"{shell.ENDPOINT}console", f"{PREFIX}/", console)
    if not router.has_path("/"):
        router.add_page(f"{shell.ENDPOINT}root", "/", _to_console)


def _override_members() -> dict[str, Any]:
    """The schemas of an override's members."""
    schema = strict_json.parse_fast(formats.schema_path("override").read_bytes())
    members: dict[str, Any] = schema["properties"]
    return members


def _to_console(exchange: Exchange, _: object) -> Response:
    return see_other(f"{exchange.request.root_path}{PREFIX}/")


def _switch(exchange: Exchange, scenario: str) -> str:
    """The address that switches to a scenario. A base address takes precedence over a cookie, so it is changed."""
    if exchange.selection.via != BASE_ADDRESS:
        return f"?__scenario={quote(scenario, safe='')}"
    mount = exchange.request.root_path.partition(IN)[0]
    return f"{mount}{IN}{exchange.selection.sandbox.name}@{quote(scenario, safe='')}{PREFIX}/"


def _sample(contract: Contract) -> str:
    """A path that a GET request needs no parameters for."""
    for operation in contract.operations.values():
        if operation.method == "GET" and not operation.path_names:
            return operation.path
    return f"{PREFIX}/clock"


def _resource_data(resource: Resource) -> dict[str, Any]:
    """A resource, as the scripts of the page read it: `Resource` in `types.d.ts`."""
    lifecycle = resource.lifecycle
    first = [name for name in (resource.key, lifecycle.field if lifecycle is not None else "") if name]
    others = [*resource.fields, *(field.name for field in resource.derived_fields)]
    return {
        "name": resource.name,
        "key": resource.key,
        "columns": list(dict.fromkeys([*first, *others]))[:COLUMNS],
        "field": lifecycle.field if lifecycle is not None else None,
        "states": list(lifecycle.states) if lifecycle is not None else [],
        "transitions": [
            {"name": transition.name, "sources": list(transition.sources), "target": transition.target}
            for transition in (lifecycle.transitions.values() if lifecycle is not None else ())
        ],
    }
