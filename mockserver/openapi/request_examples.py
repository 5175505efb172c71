"""Requests that examples describe, and the responses that have an example of the same name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mockserver.openapi.content import example_value
from mockserver.openapi.model import Body, DeclaredResponse, Parameter, RequestExample

# The name of the single example of a media type.
UNNAMED = "example"


def pair_examples(
    parameters: Sequence[Parameter], body: Body | None, responses: Mapping[str, DeclaredResponse]
) -> tuple[RequestExample, ...]:
    """The requests for which there is an example of a response, those of successes first."""
    by_name: dict[str, DeclaredResponse] = {}
    for status in sorted(responses):
        for media in responses[status].media.values():
            for name in media.examples:
                by_name.setdefault(name, responses[status])
    by_name.pop(UNNAMED, None)
    pairs = []
    for name, declared in by_name.items():
        values = {
            (parameter.location, parameter.name): parameter.examples[name]
            for parameter in parameters
            if name in parameter.examples
        }
        content = body.media.values() if body is not None else ()
        bodies = [value for media in content if name in media.examples for value in example_value(media, name)]
        if values or bodies:
            pairs.append(RequestExample(name, declared, values, tuple(bodies)))
    return tuple(pairs)
