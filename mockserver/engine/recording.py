"""Recordings: a run written as a scenario file that reproduces its state, and the commands of such a file replayed."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.contract import overrides
from mockserver.contract.model import Contract, Scenario
from mockserver.documents.source import Source
from mockserver.engine.commands import (
    AddOverride,
    Command,
    DrawOverride,
    Fire,
    KeepResponse,
    Put,
    Remove,
    RemoveOverride,
    Transaction,
    UseOverride,
)
from mockserver.engine.reducer import apply, settle
from mockserver.engine.state.idempotency_keys import StoredResponse
from mockserver.engine.state.state import State, fingerprint
from mockserver.errors import ContractError, Refusal
from mockserver.refusals import InvalidRequest
from mockserver.syntax import yaml_writer
from mockserver.syntax.instants import format_instant, parse_instant
from mockserver.version import __version__

# The members of `clock` that say what moves it; the clock of a recording does not move.
MOVING_MEMBERS = ("mode", "speed", "step", "on")


def write_recording(scenario: Scenario, commands: Iterable[Command], now: int, state: State) -> str:
    """A run as the YAML of a scenario: its own scenario, the commands since, the clock, and the state's fingerprint."""
    clock = {name: value for name, value in scenario.data.get("clock", {}).items() if name not in MOVING_MEMBERS}
    clock |= {"start": format_instant(scenario.clock.start), "mode": "manual", "now": format_instant(now)}
    if scenario.clock.starts_now:
        clock["move_fixtures"] = True
    data = {
        **{name: value for name, value in scenario.data.items() if name != "commands"},
        "summary": f"Recorded from {scenario.name} at {format_instant(now)}",
        "clock": clock,
        "recorded": {"from": scenario.name, "fingerprint": fingerprint(state)},
    }
    written = yaml_writer.dump_items([*scenario.commands, *map(encode_command, commands)])
    heading = f"# Recorded by mockserver {__version__}. To continue from here: mockserver serve --scenario FILE\n"
    return "".join((heading, yaml_writer.dump(data), "commands:", f"\n{written}" if written else " []\n"))


def replay(contract: Contract, scenario: Scenario, state: State) -> State:
    """The state after the scenario's commands, and after the transitions that are due by `clock.now`.

    Raises ContractError for a command that is refused, with its place in the file.
    """
    for index, entry in enumerate(scenario.commands):
        try:
            command = decode_command(contract, entry)
            state, _ = settle(state, command.at)
            state = apply(state, command)
        except Refusal as refusal:
            source = scenario.source or Source(scenario.name, "", None)
            raise ContractError([source.problem(f"/commands/{index}", refusal.detail, refusal.code)]) from None
    return settle(state, scenario.clock.initial)[0]


def encode_command(command: Command) -> dict[str, Any]:
    """A command as an entry of a scenario file."""
    return {"at": format_instant(command.at), **_ENCODERS[type(command)](command)}


def decode_command(contract: Contract, entry: Mapping[str, Any]) -> Command:
    """The command of an entry of a scenario file. Raises InvalidRequest for an invalid override."""
    command: Command = _decode_named(contract, entry, parse_instant(entry["at"]))
    return command


def _decode_named(contract: Contract, entry: Mapping[str, Any], at: int) -> Any:
    name = next(name for name in _DECODERS if name in entry)
    return _DECODERS[name](contract, entry[name], at)


def _encode_put(command: Put) -> dict[str, Any]:
    members = {"resource": command.resource, "key": command.key, "record": dict(command.record)}
    for name in ("body", "subscription"):
        if (value := getattr(command, name)) is not None:
            members[name] = value
    for name in ("touch", "partial"):
        if getattr(command, name):
            members[name] = True
    return {"put": members}


def _encode_fire(command: Fire) -> dict[str, Any]:
    members = {"resource": command.resource, "key": command.key, "transition": command.transition}
    for name in ("body", "subscription"):
        if (value := getattr(command, name)) is not None:
            members[name] = value
    return {"fire": members}


def _encode_response(command: KeepResponse) -> dict[str, Any]:
    response = command.response
    try:
        body = {"body": response.body.decode()}
    except UnicodeDecodeError:
        body = {"body_base64": base64.b64encode(response.body).decode()}
    members = {
        "key": command.key,
        "request": response.request,
        "status": response.status,
        **body,
        "headers": _encode_headers(response.headers),
    }
    return members if response.media_type is None else members | {"media_type": response.media_type}


def _encode_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str | list[str]]:
    """Headers by name; a repeated header, such as `Set-Cookie`, has a list of values."""
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name, []).append(value)
    return {name: several[0] if len(several) == 1 else several for name, several in values.items()}


def _decode_response(entry: Mapping[str, Any]) -> StoredResponse:
    body = base64.b64decode(entry["body_base64"]) if "body_base64" in entry else entry["body"].encode()
    headers = tuple(
        (name, value)
        for name, values in entry["headers"].items()
        for value in ([values] if isinstance(values, str) else values)
    )
    return StoredResponse(entry["request"], entry["status"], body, entry.get("media_type"), headers)


def _decode_override(contract: Contract, entry: Any, at: int) -> AddOverride:
    override, violations = overrides.read_override(entry, contract.operations)
    if override is None:
        raise InvalidRequest(violations)
    return AddOverride(override, at)


_ENCODERS: Mapping[type[Command], Any] = {
    Fire: _encode_fire,
    Put: _encode_put,
    Remove: lambda command: {"remove": {"resource": command.resource, "key": command.key}},
    AddOverride: lambda command: {"add_override": dict(command.override.entry)},
    RemoveOverride: lambda command: {"remove_override": "all" if command.id is None else command.id},
    UseOverride: lambda command: {"use_override": command.id},
    DrawOverride: lambda command: {"draw_override": command.id},
    KeepResponse: lambda command: {"keep_answer": _encode_response(command)},
    Transaction: lambda command: {"transaction": [_ENCODERS[type(part)](part) for part in command.commands]},
}
_DECODERS: Mapping[str, Any] = {
    "fire": lambda _, entry, at: Fire(
        entry["resource"], entry["key"], entry["transition"], at, entry.get("body"), entry.get("subscription")
    ),
    "put": lambda _, entry, at: Put(
        entry["resource"],
        entry["key"],
        entry["record"],
        at,
        entry.get("touch", False),
        entry.get("body"),
        entry.get("partial", False),
        entry.get("subscription"),
    ),
    "remove": lambda _, entry, at: Remove(entry["resource"], entry["key"], at),
    "add_override": _decode_override,
    "remove_override": lambda _, entry, at: RemoveOverride(None if entry == "all" else entry, at),
    "use_override": lambda _, entry, at: UseOverride(entry, at),
    "draw_override": lambda _, entry, at: DrawOverride(entry, at),
    "keep_answer": lambda _, entry, at: KeepResponse(entry["key"], _decode_response(entry), at),
    "transaction": lambda contract, entries, at: Transaction(
        tuple(_decode_named(contract, entry, at) for entry in entries), at
    ),
}
