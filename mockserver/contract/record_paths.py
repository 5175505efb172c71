"""Where an operation on one record finds its key, and where a record that is created can be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mockserver.contract.behaviour import Behaviour, BehaviourKind
from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import Operation, template_names, template_shape
from mockserver.schemas.shapes import Shape


def has_key_in_body(kind: BehaviourKind, operation: Operation, path_fields: Mapping[str, str], key: str) -> bool:
    """Whether the body of an operation on one record names the record: no parameter of its path holds the key."""
    if kind not in ("replace", "update"):
        return False
    names = operation.path_names
    return not names or path_fields.get(names[-1], key) != key


def sends_field(operation: Operation, field: str) -> bool:
    """Whether the body of an operation has a member of this name, itself or in a member such as `data`."""
    media = json_media_type(operation.body)
    return media is not None and any(field in shape.names for shape in (media.shape, *_member_shapes(media.shape)))


def _member_shapes(shape: Shape) -> Iterator[Shape]:
    return (shape.member(name) for name in shape.names)


def find_item_path(
    operation: Operation, behaviours: Mapping[str, Behaviour], operations: Mapping[str, Operation]
) -> tuple[str, ...] | None:
    """Where a record that an operation creates can be read, if not below the operation's own path."""
    created = behaviours[operation.id]
    if created.kind != "create":
        return None
    own = template_shape(operation.route.rstrip("/"))
    paths = [
        operations[name].route
        for name, behaviour in behaviours.items()
        if behaviour.kind == "read" and behaviour.resource == created.resource
    ]
    readable = [path for path in paths if set(template_names(path)[:-1]) <= set(operation.path_names)]
    if not readable or any(template_shape(path) == f"{own}/{{}}" for path in paths):
        return None
    return tuple(readable[0].split("/")[1:])
