"""The clock of a run: read, moved, and its commands undone; and the run as a recording."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from mockserver.control import journal_json
from mockserver.control.run_json import clock_as_json
from mockserver.engine.behaviours.calls import OperationCall
from mockserver.engine.commands import Fired
from mockserver.engine.recording import write_recording
from mockserver.errors import quote as quoted
from mockserver.http.exchange import Exchange
from mockserver.http.router import ControlHandler, ControlResult
from mockserver.refusals import BadTime
from mockserver.syntax.instants import parse_duration, parse_instant


def _get_clock(exchange: Exchange, call: OperationCall) -> ControlResult:
    run = exchange.selection.settle()
    return 200, {**clock_as_json(run), "generation": run.generation, "revision": run.revision}


def _move_clock(exchange: Exchange, call: OperationCall) -> ControlResult:
    move, run = call.body, exchange.selection.run
    fired: list[Fired] = []
    if "mode" in move:
        step = _duration(move["step"]) if "step" in move else None
        run.set_clock_mode(move["mode"], move.get("speed"), step)
    elif "undo" in move:
        # To JSON Schema 1.0 is an integer, too.
        run.undo(int(move["undo"]))
    elif "rewind" in move:
        run.rewind(_duration(move["rewind"]))
    elif "set" in move:
        fired = run.set_clock(_instant(move["set"]))
    elif move["advance"] == "next":
        fired = run.advance_to_next()
    else:
        fired = run.advance(_duration(move["advance"]))
    return 200, {**clock_as_json(run), "fired": journal_json.fired(fired)}


def _duration(text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise BadTime(f"{error}.") from None


def _instant(text: str) -> int:
    try:
        return parse_instant(text)
    except ValueError:
        raise BadTime(f"{quoted(text)} is not a valid instant for the clock.") from None


def _get_recording(exchange: Exchange, call: OperationCall) -> ControlResult:
    text = write_recording(exchange.selection.run.scenario, *exchange.selection.run.recording_input())
    name = f"{exchange.selection.scenario}-recording.yaml"
    # Without a need for the extended form, not all clients read it (RFC 6266, appendix D).
    file = f'filename="{name}"' if quote(name, safe="") == name else f"filename*=UTF-8''{quote(name, safe='')}"
    return 200, text, {"Content-Disposition": f"attachment; {file}"}


HANDLERS: Mapping[str, ControlHandler] = {
    "getClock": _get_clock,
    "moveClock": _move_clock,
    "getRecording": _get_recording,
}
