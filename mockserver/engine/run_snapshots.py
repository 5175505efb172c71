"""What a run was at one moment: to go back to, and for a handler to begin with."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from mockserver.engine.clock import Clock
from mockserver.engine.commands import Fired
from mockserver.engine.state.state import State
from mockserver.engine.timeline import TimelinePosition


class SavedRun(Struct, frozen=True):
    """Everything that can change in a run, as it was when `Run.save` was called."""

    timeline: TimelinePosition
    revision: int
    generation: int
    override_uses: Mapping[str, int]
    unreported: tuple[int, tuple[Fired, ...]]


class Basis(Struct, frozen=True):
    """What a handler begins with: state and clock of a run, `at` in milliseconds since 1970.

    `position` is the number of commands since the start of the run, `revision` since it last started anew.
    """

    state: State
    clock: Clock
    at: int
    position: int
    revision: int
    generation: int
    next_due: int | None
