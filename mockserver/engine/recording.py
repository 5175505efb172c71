"""Recordings: a run as a scenario file that leads to the same state, and such a file's commands folded again."""

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
    Fire,
    KeepResponse,
    Put,
    Remove,
    RemoveOverride,
    UseOverride,
    apply,
    settle,
)
from mockserver.engine.state.idempotency_keys import StoredResponse
from mockserver.engine.state.state import State, fingerprint
from mockserver.errors import ContractError, Refusal
from mockserver.refusals import InvalidRequest
from mockserver.syntax import yaml_reader
from mockserver.syntax.instants import format_instant, parse_instant
from mockserver.version import __version__

# What moves a clock on, and has no place in a recording, which stands still.
MOVERS = ("mode", "speed", "step", "on")


def write_recording(scenario: Scenario, commands: Iterable[Command], now: int, state: State) -> str:
    """A run as the YAML of a scenario: where it began, what was done since, its clock, and the state it led to."""
    clock = {name: value for name, value in scenario.data.get("clock", {}).items() if name not in MOVERS}
    clock |= {"start": format_instant(scenario.clock.start), "mode": "manual", "now": format_instant(now)}
    if scenario.clock.starts_now:
        clock["move_fixtures"] = True
    data = {
        **scenario.data,
        "summary": f"Recorded from {scenario.name} at {format_instant(now)}",
        "clock": clock,
        "recorded": {"from": scenario.name, "fingerprint": fingerprint(state)},
        "commands": [*scenario.commands, *map(encode_command, commands)],
    }
    return f"# A recording by mockserver {__version__}. To go on from here: mockserver serve --scenario FILE\n" + (
        yaml_reader.dump(data)
    )


def replay(contract: Contract, scenario: Scenario, state: State) -> State:
    """The state after the scenario's commands, and after all that is due by `clock.now`.

    Raises ContractError for a command that is refused, with its place in the file.
    """
    for index, entry in enumerate(scenario.commands):
        try:
            command = decode_command(contract, entry)
            state, _ = settle(contract, state, command.at)
            state = apply(contract, state, command)
        except Refusal as refusal:
            source = scenario.source or Source(scenario.name, "", None)
            raise ContractError([source.problem(f"/commands/{index}", refusal.detail, refusal.code)]) from None
    return settle(contract, state, scenario.clock.initial)[0]


def encode_command(command: Command) -> dict[str, Any]:
    """A command as it stands in a file."""
    return {"at": format_instant(command.at), **_ENTRIES[type(command)](command)}


def decode_command(contract: Contract, entry: Mapping[str, Any]) -> Command:
    """The command that an entry of a file stands for. Raises InvalidRequest for an override that cannot be."""
    at = parse_instant(entry["at"])
    name = next(name for name in _COMMANDS if name in entry)
    command: Command = _COMMANDS[name](contract, entry[name], at)
    return command


def _keep_entry(command: KeepResponse) -> dict[str, Any]:
    kept = command.kept
    try:
        body = {"body": kept.body.decode()}
    except UnicodeDecodeError:
        body = {"body_base64": base64.b64encode(kept.body).decode()}
    told = {"key": command.key, "request": kept.request, "status": kept.status, **body, "headers": dict(kept.headers)}
    return told if kept.media_type is None else told | {"media_type": kept.media_type}


def _kept(entry: Mapping[str, Any]) -> StoredResponse:
    body = base64.b64decode(entry["body_base64"]) if "body_base64" in entry else entry["body"].encode()
    headers = tuple(entry["headers"].items())
    return StoredResponse(entry["request"], entry["status"], body, entry.get("media_type"), headers)


def _add_override(contract: Contract, entry: Any, at: int) -> AddOverride:
    override, violations = overrides.read_override(entry, contract.operations)
    if override is None:
        raise InvalidRequest(violations)
    return AddOverride(override, at)


_ENTRIES: Mapping[type[Command], Any] = {
    Fire: lambda one: {"fire": {"resource": one.resource, "key": one.key, "transition": one.transition}},
    Put: lambda one: {
        "put": {"resource": one.resource, "key": one.key, "record": dict(one.record)}
        | ({"touch": True} if one.touch else {})
    },
    Remove: lambda one: {"remove": {"resource": one.resource, "key": one.key}},
    AddOverride: lambda one: {"add_override": dict(one.override.entry)},
    RemoveOverride: lambda one: {"remove_override": "all" if one.id is None else one.id},
    UseOverride: lambda one: {"use_override": one.id},
    KeepResponse: lambda one: {"keep_answer": _keep_entry(one)},
}
_COMMANDS: Mapping[str, Any] = {
    "fire": lambda _, one, at: Fire(one["resource"], one["key"], one["transition"], at),
    "put": lambda _, one, at: Put(one["resource"], one["key"], one["record"], at, one.get("touch", False)),
    "remove": lambda _, one, at: Remove(one["resource"], one["key"], at),
    "add_override": _add_override,
    "remove_override": lambda _, one, at: RemoveOverride(None if one == "all" else one, at),
    "use_override": lambda _, one, at: UseOverride(one, at),
    "keep_answer": lambda _, one, at: KeepResponse(one["key"], _kept(one), at),
}
