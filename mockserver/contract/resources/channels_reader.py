"""Channels: paths at which clients open a WebSocket, declared in `channels:` of `resources.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from mockserver.contract.model import Channel, ChannelReply, Resource
from mockserver.contract.resources.event_names import check_event_names
from mockserver.contract.runtime_expressions import find_embedded, mistake_in
from mockserver.contract.webhooks.expressions import find_body_mistakes
from mockserver.documents.source import FileReport
from mockserver.openapi.model import DeclaredResponse, MediaType, Operation
from mockserver.schemas.inline_schemas import compile_condition
from mockserver.syntax import json_pointer
from mockserver.syntax.http.media_types import JSON

# What a handler may respond with to a message: any JSON, or nothing.
RESPONSES = {
    "200": DeclaredResponse("200", {JSON: MediaType(JSON, None, None, {})}, ()),
    "204": DeclaredResponse("204", {}, ()),
}


class ChannelsReader(Struct):
    """Reads the file of `report`, whose form has been validated."""

    report: FileReport

    def read(self, operations: Mapping[str, Operation], resources: Mapping[str, Resource]) -> dict[str, Channel]:
        """The channels by path."""
        channels: dict[str, Channel] = {}
        operation_paths = {operation.path for operation in operations.values()}
        for path, entry in self.report.source.data.get("channels", {}).items():
            pointer = json_pointer.append("/channels", path)
            if path in operation_paths:
                self.report.add(pointer, f"{path} is a path of an operation; a channel needs one of its own")
            resource = resources.get(entry.get("stream", ""))
            if "stream" in entry:
                self.report.check_name(f"{pointer}/stream", "resource", entry["stream"], resources)
            where = entry.get("where", {})
            if resource is not None:
                check_event_names(resource, self.report)
                for name in where:
                    self.report.check_name(json_pointer.append(pointer, "where", name), "field", name, resource.fields)
            replies = tuple(
                reply
                for number, part in enumerate(entry.get("reply", ()))
                if (reply := self._read_reply(f"{pointer}/reply/{number}", part)) is not None
            )
            message = entry.get("message")
            for place, mistake in find_body_mistakes(message):
                self.report.add(f"{pointer}/message{place}", mistake)
            operation = Operation(path, "GET", path, "", (), None, RESPONSES)
            name = resource.name if resource is not None else None
            channels[path] = Channel(path, operation, name, where, replies, message)
        return channels

    def _read_reply(self, pointer: str, entry: Mapping[str, Any]) -> ChannelReply | None:
        match, errors = compile_condition(entry.get("match", True))
        for place, message in errors:
            self.report.add(f"{pointer}/match{place}", f"is not a JSON Schema: {message}")
        for place, expression in find_embedded(entry["send"]):
            if mistake := mistake_in(expression):
                self.report.add(f"{pointer}/send{place}", mistake)
        return ChannelReply(match, entry["send"]) if match is not None else None
