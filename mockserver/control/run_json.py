"""Runs, their clocks and their overrides as JSON."""

from __future__ import annotations

from typing import Any

from mockserver.engine.overrides import ActiveOverride
from mockserver.engine.run import Run
from mockserver.http.exchange import Selection
from mockserver.syntax.instants import format_instant


def run_as_json(selection: Selection) -> dict[str, Any]:
    """The run that a request selects, after what is due was settled. Raises TooMuchDue."""
    run = selection.settle()
    return {
        "sandbox": selection.sandbox.name,
        "scenario": selection.scenario,
        "generation": run.generation,
        "revision": run.revision,
        "fingerprint": run.fingerprint,
    }


def clock_as_json(run: Run) -> dict[str, Any]:
    """The clock of a run, and when something is due next."""
    clock, due = run.clock, run.next_due
    state: dict[str, Any] = {
        "now": format_instant(run.now),
        "mode": clock.mode,
        "next_due": format_instant(due) if due else None,
    }
    if clock.mode == "real":
        state["speed"] = clock.speed
    elif clock.mode == "per-request":
        state["step"] = clock.step
    return state


def override_as_json(run: Run, active: ActiveOverride) -> dict[str, Any]:
    """An override as it was added, with its id and the number of its uses."""
    return {"id": active.id, "used": run.count_uses(active), **active.override.entry}
