"""A lifecycle as a Mermaid state diagram, for documents."""

from __future__ import annotations

import re

from mockserver.contract.diagrams.diagram import arrows, is_final, layers
from mockserver.contract.lifecycle import Lifecycle

_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_KEYWORDS = {"state", "note", "end", "direction", "class", "click", "hide", "as"}


def write_mermaid(name: str, lifecycle: Lifecycle) -> str:
    """The diagram of the resource `name`; states whose names Mermaid would misread get numbers as ids."""
    states = [state for layer in layers(lifecycle) for state in layer]
    plain = {state: bool(_PLAIN_NAME.fullmatch(state)) and state.lower() not in _KEYWORDS for state in states}
    ids = {state: state if plain[state] else f"state_{number}" for number, state in enumerate(states, 1)}
    lines = ["stateDiagram-v2", f"    %% {_one_line(name)}"]
    lines += [f'    state "{_escape(state)}" as {ids[state]}' for state in states if not plain[state]]
    lines.append(f"    [*] --> {ids[lifecycle.initial]}")
    for (source, target), names in arrows(lifecycle).items():
        lines += [f"    {ids[source]} --> {ids[target]}: {_escape(transition)}" for transition in names]
    lines += [f"    {ids[state]} --> [*]" for state in states if is_final(lifecycle, state)]
    return "\n".join(lines)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _escape(text: str) -> str:
    """Text with Mermaid's special characters written as numbers."""
    return re.sub(r'[#;:"<>&{}%]', lambda match: f"#{ord(match[0])};", _one_line(text))
