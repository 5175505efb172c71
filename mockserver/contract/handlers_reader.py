"""Reads `handlers.py`: functions that respond to operations and that compute members of records, by checked names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mockserver import generate
from mockserver.contract.behaviour import Behaviour
from mockserver.contract.model import ComputedField, Resource
from mockserver.documents.source import Report
from mockserver.errors import CannotGenerate, Problem, did_you_mean, quote
from mockserver.handlers.declarations import Declarations, DerivedDeclaration, HandlerDeclaration
from mockserver.handlers.modules import HANDLERS, ContractModules
from mockserver.handlers.python import (
    PARAMETERS,
    ContractPython,
    PythonFunction,
    accepted_parameters,
    import_problem,
    signature_mistake,
)
from mockserver.openapi.model import Operation, unknown_operation
from mockserver.schemas.properties import declared_properties

# What a function that computes a member may take besides the record.
OF_DERIVED = ("records",)
# Values of the usual types, one of which most schemas allow.
PLAIN_VALUES: tuple[Any, ...] = (0, "", False, [], {}, None, 1, "2026-01-01T00:00:00Z")


class HandlersReader(Struct):
    """Reads the Python of the contract directory `root`; mistakes go to `report`."""

    root: Path
    operations: Mapping[str, Operation]
    behaviours: Mapping[str, Behaviour]
    report: Report
    has_mistakes: bool = False

    def read(self, resources: Mapping[str, Resource]) -> tuple[ContractPython | None, dict[str, Resource]]:
        """The functions, and the resources with the members that are computed; no functions without `handlers.py`."""
        if not (self.root / HANDLERS).is_file():
            return None, dict(resources)
        # As tracebacks have it.
        modules = ContractModules(self.root.absolute())
        python = ContractPython(modules)
        try:
            declarations = python.import_files()
        except BaseException as error:
            self._add_problem(import_problem(modules, error))
            return None, dict(resources)
        python.handlers = self._read_handlers(declarations, python)
        computed = self._read_derived(declarations, python, resources)
        python.has_computed_members = bool(computed)
        python.operations = frozenset(python.handlers) | {
            name
            for name, behaviour in self.behaviours.items()
            if resources[behaviour.resource].returned_by(behaviour) in computed
        }
        return python, {
            name: replace(resource, computed=tuple(computed[name])) if name in computed else resource
            for name, resource in resources.items()
        }

    def _read_handlers(self, declarations: Declarations, python: ContractPython) -> dict[str, PythonFunction]:
        handlers: dict[str, PythonFunction] = {}
        for declared in declarations.handlers:
            place = python.modules.place_of_function(declared.function)
            mistake = self._handler_mistake(declared, handlers)
            if mistake is not None:
                self._add(place, mistake, "unknown-name" if declared.operation not in self.operations else "handlers")
                continue
            subject = f"the handler of {declared.operation}"
            handlers[declared.operation] = PythonFunction(
                subject, declared.function, *place, accepted_parameters(declared.function, PARAMETERS), python
            )
        return handlers

    def _handler_mistake(self, declared: HandlerDeclaration, handlers: Mapping[str, PythonFunction]) -> str | None:
        name = declared.operation
        if name not in self.operations:
            return unknown_operation(name, self.operations)
        if name in self.behaviours:
            kind = self.behaviours[name].kind
            return f"{name} has the behaviour {quote(kind)} in resources.yaml: it can have that or a handler, not both"
        if name in handlers:
            return f"{name} has another handler in {handlers[name].file}:{handlers[name].line}"
        mistake = signature_mistake(declared.function, PARAMETERS)
        return f"the handler of {name} {mistake}" if mistake is not None else None

    def _read_derived(
        self, declarations: Declarations, python: ContractPython, resources: Mapping[str, Resource]
    ) -> dict[str, list[ComputedField]]:
        computed: dict[str, list[ComputedField]] = {}
        for declared in declarations.derived:
            place = python.modules.place_of_function(declared.function)
            resource = resources.get(declared.resource)
            if resource is None:
                hint = did_you_mean(declared.resource, resources)
                self._add(place, f"there is no resource {quote(declared.resource)}.{hint}", "unknown-name")
                continue
            others = computed.setdefault(resource.name, [])
            mistake = _derived_mistake(declared, resource, others)
            if mistake is not None:
                self._add(place, mistake, "unknown-name" if declared.member not in resource.fields else "handlers")
                continue
            subject = f"the derived member {declared.member} of {resource.name}"
            function = PythonFunction(
                subject,
                declared.function,
                *place,
                accepted_parameters(declared.function, OF_DERIVED, positional=1),
                python,
                is_handler=False,
            )
            others.append(ComputedField(declared.member, function, _stand_in(resource, declared.member)))
        return {name: fields for name, fields in computed.items() if fields}

    def _add(self, place: tuple[str, int], message: str, code: str) -> None:
        self._add_problem(Problem(place[0], message, line=place[1], code=code))

    def _add_problem(self, problem: Problem) -> None:
        self.has_mistakes = True
        self.report.add_problem(problem)


def _derived_mistake(declared: DerivedDeclaration, resource: Resource, others: Iterable[ComputedField]) -> str | None:
    name, lifecycle = declared.member, resource.lifecycle
    if name not in resource.fields:
        return f"the schema of {resource.name} has no member {quote(name)}.{did_you_mean(name, resource.fields)}"
    if name in {*(field.name for field in resource.derived), *(field.name for field in others)}:
        return f"{quote(name)} of {resource.name} is derived twice"
    if any(criterion.name == name for criterion in resource.sort):
        return f"{quote(name)} is in the `sort` of {resource.name}: records are kept in an order of stored members"
    references = (*resource.references, *(part for parts in resource.joined.values() for part in parts))
    used = {**dict.fromkeys(references, "a reference"), **dict.fromkeys(resource.key_fields, "the key")}
    if lifecycle is not None:
        used |= {lifecycle.field: "the state of the lifecycle", lifecycle.touch or "": "the lifecycle's stamp"}
    if name in used:
        return f"{quote(name)} is {used[name]} of {resource.name}, which is stored and cannot be computed"
    mistake = signature_mistake(declared.function, OF_DERIVED, positional=1)
    return f"the function for {quote(name)} of {resource.name} {mistake}" if mistake is not None else None


def _stand_in(resource: Resource, member: str) -> Any:
    """A valid value of a computed member: records are stored without it, and validated with this in its place."""
    schema = declared_properties(resource.schema)[member]
    validator = resource.validator.schemas.validator(schema)
    for value in (*resource.shape.member(member).examples, *PLAIN_VALUES):
        if validator.is_valid(value):
            return value
    try:
        generator = generate.Generator.seeded(resource.schema.documents, resource.validator.schemas, member)
        return generator.generate(schema, member)
    except CannotGenerate:
        return None
