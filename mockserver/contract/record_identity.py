"""What identifies a record: the fields, where an operation finds them, and where a new record can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from mockserver.contract.behaviour import CREATING, SELECTING, Behaviour, BehaviourKind
from mockserver.contract.model import Resource
from mockserver.errors import quote, unknown_name
from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import Operation, template_names, template_shape
from mockserver.schemas.shapes import Shape
from mockserver.syntax import json_pointer

KEY_TYPES = frozenset({"string", "integer"})
# Takes the pointer of a mistake, its message, and its code.
AddMistake = Callable[[str, str, str], None]


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


def requires_field(operation: Operation, field: str) -> bool:
    """Whether the body of an operation must have a member of this name, which clients set."""
    media = json_media_type(operation.body)
    shapes = (media.shape, *_member_shapes(media.shape)) if media is not None else ()
    return any(
        any(field in schema.value.get("required", ()) for schema in shape.unconditional())
        and field in shape.names
        and not shape.member(field).has_annotation("readOnly")
        for shape in shapes
    )


def _member_shapes(shape: Shape) -> Iterator[Shape]:
    return (shape.member(name) for name in shape.names)


def with_item_paths(behaviours: Mapping[str, Behaviour], operations: Mapping[str, Operation]) -> dict[str, Behaviour]:
    """The behaviours in the order of the operations, those that create records with the path of a record."""
    paths: dict[str, list[str]] = {}
    for name, behaviour in behaviours.items():
        if behaviour.kind == "read":
            paths.setdefault(behaviour.resource, []).append(operations[name].route.rstrip("/"))
    ordered = {name: behaviours[name] for name in operations if name in behaviours}
    created = {name: behaviour for name, behaviour in ordered.items() if behaviour.kind == "create"}
    return ordered | {
        name: replace(behaviour, item_path=_find_item_path(operations[name], paths.get(behaviour.resource, ())))
        for name, behaviour in created.items()
    }


def _find_item_path(operation: Operation, paths: Sequence[str]) -> tuple[str, ...] | None:
    """Where a record that an operation creates can be read, if not below the operation's own path.

    `paths` are those at which records of the resource are read.
    """
    own_shape = template_shape(operation.route.rstrip("/"))
    readable = [path for path in paths if set(template_names(path)[:-1]) <= set(operation.path_names)]
    if not readable or any(template_shape(path) == f"{own_shape}/{{}}" for path in paths):
        return None
    return tuple(readable[0].split("/")[1:])


def with_joined_keys(
    resources: Mapping[str, Resource], entries: Mapping[str, Mapping[str, Any]], add: AddMistake
) -> dict[str, Resource]:
    """The resources with the fields that join others: their keys that are unique below an owner, and references.

    Such a field has the names that it joins as its own. `entries` are those of `resources.yaml`.
    """
    owners = {name: _read_unique_within(resource, entries[name], add) for name, resource in resources.items()}
    if not any(owners.values()):
        return dict(resources)
    references = {
        name: {
            field: _referring_fields(name, field, target, resources, owners, add) or (field,)
            for field, target in resource.references.items()
        }
        for name, resource in resources.items()
    }
    joined: dict[str, Resource] = {}
    for name, resource in resources.items():
        key_fields = (*owners[name], resource.key)
        names = {field: ",".join(parts) for field, parts in references[name].items()}
        parts = {",".join(fields): fields for fields in (key_fields, *references[name].values()) if len(fields) > 1}
        joined[name] = replace(
            resource,
            key=",".join(key_fields),
            references={names[field]: target for field, target in resource.references.items()},
            owned_by=frozenset(names.get(field, field) for field in resource.owned_by),
            fields={**resource.fields, **dict.fromkeys(parts, frozenset({"string"}))},
            hidden=resource.hidden | parts.keys(),
            joined=parts,
            derived=tuple(
                replace(field, reference=",".join(references.get(field.resource, {}).get(field.reference, ())))
                if field.reference in references.get(field.resource, {})
                else field
                for field in resource.derived
            ),
        )
    return joined


def _read_unique_within(resource: Resource, entry: Mapping[str, Any], add: AddMistake) -> tuple[str, ...]:
    """The fields of the owner below which the key of a resource is unique."""
    pointer = json_pointer.join(("resources", resource.name))
    names: tuple[str, ...] = tuple(entry.get("unique_within", ()))
    if names and resource.single:
        add(f"{pointer}/unique_within", "a single record has no key that others may have", "invalid")
        return ()
    transitions = resource.lifecycle.transitions.items() if resource.lifecycle is not None else ()
    for index, name in enumerate(names):
        place = f"{pointer}/unique_within/{index}"
        if name not in resource.fields:
            add(place, unknown_name("field", name, resource.fields), "unknown-name")
            return ()
        if name == resource.key:
            add(place, f"{quote(name)} is the key itself; name the field of the owner", "invalid")
            return ()
        if not resource.fields[name] <= KEY_TYPES:
            add(place, f"{quote(name)} identifies the owner, so it must be a string or an integer", "invalid")
        for transition, step in transitions:
            if name in step.effects.values:
                place = json_pointer.join(("resources", resource.name, "lifecycle", "transitions", transition))
                message = f"{quote(name)} identifies the record with its key, so `set` cannot write it"
                add(json_pointer.append(f"{place}/set", name), message, "invalid")
    return names


def _referring_fields(
    name: str,
    field: str,
    target: str,
    resources: Mapping[str, Resource],
    owners: Mapping[str, tuple[str, ...]],
    add: AddMistake,
) -> tuple[str, ...]:
    """The fields of a resource that refer to a record together; none where it lacks one, which is a mistake."""
    fields: list[str] = []
    if owners.get(target) and resources[name].single and field == resources[name].key:
        message = f"a single record cannot have the key of a record of {target}, which is unique only below its owner"
        add(json_pointer.join(("resources", name, "references", field)), message, "invalid")
        return ()
    for owner in owners.get(target, ()):
        same = owner if owner in resources[name].fields else find_field_like(resources[name], owner, resources[target])
        if same is None:
            message = f"{quote(field)} alone does not say which record of {target} it refers to: their key is unique "
            message += f"within {owner}, which {name} has no field for; add {quote(owner)}, to `hidden` if not shown"
            add(json_pointer.join(("resources", name, "references", field)), message, "invalid")
            return ()
        fields.append(same)
    return (*fields, field)


def find_field_like(resource: Resource, field: str, other: Resource) -> str | None:
    """The one field of a resource that refers to the same records as a field of another; None if there is none."""
    target = other.references.get(field)
    names = [name for name, referred in resource.references.items() if referred == target]
    return names[0] if target is not None and len(names) == 1 else None


def missing_owners(resource: Resource, kind: BehaviourKind, path_fields: list[str], *, by_key: bool) -> str:
    """What is wrong with the path of an operation that must give the owner of a record, and does not; empty if nothing.

    It has these fields; `by_key` says that the list is paged by keys.
    """
    missing = [name for name in resource.unique_within if name not in path_fields]
    if not missing or (kind in (*SELECTING, *CREATING) and not by_key):
        return ""
    names = " and ".join(map(quote, missing))
    return f"has no parameter for {names}, within which {quote(resource.local_key)} of {resource.name} is unique"


def with_types_of_keys(resource: Resource, resources: Mapping[str, Resource]) -> Resource:
    """The resource with the types of its hidden fields: those of the keys that they hold."""
    targets = {field: resources.get(resource.target(field) or "") for field in resource.hidden - resource.joined.keys()}
    types = {
        field: target.fields.get(target.local_key, KEY_TYPES) for field, target in targets.items() if target is not None
    }
    return replace(resource, fields={**resource.fields, **types}) if types else resource
