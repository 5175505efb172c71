"""Parameters, body members and webhooks that are declared and that no behaviour uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from mockserver.contract.behaviour import LAST_EVENT_ID, SELECTED_BY_BODY, Behaviour
from mockserver.contract.model import Resource
from mockserver.contract.runtime_expressions import body_members
from mockserver.contract.webhooks.callbacks import Callbacks
from mockserver.contract.webhooks.model import Webhook, subscriptions_of
from mockserver.documents.nodes import Node
from mockserver.documents.source import Report
from mockserver.errors import quote
from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import Operation
from mockserver.syntax import json_pointer, words

CODE = "unused"


def warn_of_unused(
    document: Node,
    operations: Mapping[str, Operation],
    behaviours: Mapping[str, Behaviour],
    resources: Mapping[str, Resource],
    webhooks: Mapping[str, Webhook],
    callbacks: Callbacks,
    report: Report,
) -> None:
    """Report what has no effect on the operations that have a behaviour."""
    source = document.source
    for name, behaviour in behaviours.items():
        operation, resource = operations[name], resources[behaviour.resource]
        pointer = json_pointer.join(("paths", operation.path, operation.method.lower()))
        for parameter in unused_parameters(operation, behaviour):
            place = _parameter_pointer(document, pointer, parameter)
            report.warn(source, place, f"{name} does nothing with its query parameter {quote(parameter)}", CODE)
        subscriptions = subscriptions_of(name, behaviour, webhooks.values())
        sent = [text for callback in callbacks.get(name, ()) for text in callback.webhook.url.expressions]
        read = {member for text in (*subscriptions, *sent) for member in body_members(text)}
        for member in _unused_members(operation, behaviour, resource):
            if member in read:
                continue
            message = f"{name} does nothing with {quote(member)} in its body"
            report.warn(source, f"{pointer}/requestBody", message, CODE)
    if behaviours:
        for webhook in _members(document, "/webhooks"):
            if webhook in webhooks:
                continue
            message = f"the webhook {quote(webhook)} is never sent"
            report.warn(source, json_pointer.append("/webhooks", webhook), message, CODE)


def _used_parameters(behaviour: Behaviour) -> set[str | None]:
    cursor = behaviour.selection.cursor
    paging = {behaviour.limit, behaviour.offset, behaviour.sort, behaviour.order, behaviour.page}
    paging |= {cursor.parameter, cursor.before} if cursor is not None else set()
    paging |= {LAST_EVENT_ID} if behaviour.kind == "stream" else set()
    return paging | set(behaviour.filters) | behaviour.selection.parameters


def unused_parameters(operation: Operation, behaviour: Behaviour) -> Iterator[str]:
    """The query parameters that do not change what an operation with a behaviour responds."""
    used = _used_parameters(behaviour)
    for parameter in operation.parameters:
        if parameter.location == "query" and used.isdisjoint(leaf.name for leaf in parameter.leaves()):
            yield parameter.name


def _unused_members(operation: Operation, behaviour: Behaviour, resource: Resource) -> list[str]:
    media = json_media_type(operation.body)
    if media is None:
        return []
    if behaviour.kind == "transition":
        assert resource.lifecycle is not None
        paths = resource.lifecycle.transitions[behaviour.transition or ""].effects.body_paths
        if any(not path for path in paths):
            return []
        return sorted(media.shape.names - {path[0] for path in paths})
    if behaviour.kind in SELECTED_BY_BODY:
        return sorted(media.shape.names - _used_parameters(behaviour))
    if behaviour.kind in ("create_all", "replace_all"):
        return []
    if behaviour.kind in ("add_item", "update_item", "replace_item"):
        shape = media.shape if behaviour.body_member is None else media.shape.member(behaviour.body_member)
        items = resource.shape.member(behaviour.member or "").items
        return sorted(shape.names - items.names - words.find_respelled(shape.names, items.names).keys())
    if behaviour.kind not in ("create", "replace", "update"):
        return sorted(media.shape.names)
    if behaviour.member is not None:
        return sorted(media.shape.names - {behaviour.body_member}) if behaviour.body_member is not None else []
    shape = media.shape if behaviour.body_member is None else media.shape.member(behaviour.body_member)
    read = {path[0] for path in (*_body_paths(resource), *behaviour.effects.body_paths) if path}
    return sorted(shape.names - resource.fields.keys() - read) if resource.fields else []


def _body_paths(resource: Resource) -> list[list[str]]:
    steps = resource.lifecycle.transitions.values() if resource.lifecycle is not None else ()
    return [path for step in steps for path in step.effects.body_paths]


def _parameter_pointer(document: Node, pointer: str, name: str) -> str:
    """Where a query parameter of an operation is declared; the operation itself where it is elsewhere."""
    for place in (pointer, pointer.rpartition("/")[0]):
        for number, entry in enumerate(_members(document, f"{place}/parameters")):
            if isinstance(entry, dict) and (entry.get("name"), entry.get("in")) == (name, "query"):
                return f"{place}/parameters/{number}"
    return pointer


def _members(document: Node, pointer: str) -> list[Any]:
    """The names of an object, or the items of an array, at a place of the document; nothing where there is neither."""
    with suppress(LookupError):
        value = json_pointer.resolve(document.value, pointer)
        return list(value) if isinstance(value, dict | list) else []
    return []
