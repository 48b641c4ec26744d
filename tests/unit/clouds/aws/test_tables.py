"""All rows of the tables against the service models: what they name is there, and nothing of the library's types is left out."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")

import botocore.loaders
from botocore.exceptions import UnknownServiceError
from botocore.model import ListShape, ServiceModel, StructureShape

from perpend.clouds.aws.extended import EXTENDED
from perpend.clouds.aws.model import ABOVE, CloudCall, DetailCall, FieldSource, TypeRow
from perpend.clouds.aws.parse import _MEMBER
from perpend.clouds.aws.plan import REPORT
from perpend.clouds.aws.tables import CALLS, TYPES, UNPAGED, UNSERVED
from perpend.clouds.aws.transforms import TAKE_MISSING, TRANSFORMS
from perpend.load.repository import open_repository

LOADER = botocore.loaders.create_loader()
OTHERWISE_CALLED = {"access-analyzer:ListAnalyzers"}
ROWS = [row for first in TYPES.values() for row in first.rows]
GIVEN = {"account", "region", "partition"}
MADE_UP = {"name", "arn", "row"}
"""The members of a user of a credential report, which no model knows."""


def operation_of(call: CloudCall) -> Any:
    model = ServiceModel(LOADER.load_service_model(call.service, "service-2"), call.service)
    return model.operation_model(call.operation)


def shape_at(shape: Any, path: str) -> Any:
    for step in path.split(".") if path else ():
        assert isinstance(shape, StructureShape) and step in shape.members, (path, step)
        shape = shape.members[step]
    return shape


def item_shape(call: CloudCall) -> Any:
    found = operation_of(call).output_shape
    if call.result in ("", "@"):
        return found
    found = shape_at(found, call.result)
    return found.member if isinstance(found, ListShape) else found


@pytest.mark.parametrize("call", CALLS.values(), ids=lambda call: call.name)
def test_a_call_names_what_its_service_has(call: CloudCall) -> None:
    operation = operation_of(call)
    members = operation.input_shape.members if operation.input_shape else {}
    assert set(call.parameters) <= set(members)
    assert set(operation.input_shape.required_members if operation.input_shape else ()) <= set(call.parameters)
    item_shape(call)
    known = {shape.metadata.get("error", {}).get("code", shape.name) for shape in operation.error_shapes}
    assert {*call.facts, *call.gone} <= known
    assert call.wording.keys() <= call.facts.keys()
    if call.permission and call.permission not in OTHERWISE_CALLED:
        assert f"{call.service}:{call.operation}" == call.permission


@pytest.mark.parametrize("call", [call for call in CALLS.values() if call.result], ids=lambda call: call.name)
def test_a_listing_has_pages_or_says_why_not(call: CloudCall) -> None:
    try:
        paginators = LOADER.load_service_model(call.service, "paginators-1")["pagination"]
    except UnknownServiceError:
        paginators = {}
    assert (call.operation in paginators) is (call.name not in UNPAGED)
    if call.operation in paginators:
        keys = paginators[call.operation]["result_key"]
        assert call.result in ([keys] if isinstance(keys, str) else keys)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.type_name} {row.listed}")
def test_a_type_names_what_its_calls_answer_and_what_the_library_declares(row: TypeRow) -> None:
    above, item = shapes_of(row)
    details = {detail.call: detail for detail in row.details}
    for name, source in (*row.fields.items(), ("Id", FieldSource(row.id))):
        assert {*source.transform.split()} <= {*TRANSFORMS, *EXTENDED} and TAKE_MISSING <= TRANSFORMS.keys()
        assert {source.call, *source.after} <= {"", *details}, name
        for path in _MEMBER.findall(source.path) if "{" in source.path else [source.path]:
            if path in GIVEN or (row.listed == REPORT and path in MADE_UP):
                continue
            if source.call:
                look_up(answer_shape(details[source.call]), path, item)
            else:
                look_up(item, path, above)
    earlier: set[str] = set()
    for detail in row.details:
        if detail.otherwise:
            name, own, other = detail.otherwise
            together = shape_at(item_shape(CALLS[detail.call]), other).member
            assert together.name == shape_at(item_shape(CALLS[name]), own).name
        shape_at(item, detail.region)
        assert set(detail.after) <= earlier
        earlier.add(detail.call)
        wanted = {name for source in row.fields.values() for name in (source.call, *source.after)}
        assert detail.call in wanted | {name for one in row.details for name in one.after}
        used = [value[1:] for value in CALLS[detail.call].parameters.values() if str(value).startswith("@")]
        for path in [*used, *([detail.unless[0]] if detail.unless else [])]:
            call, _, rest = path.rpartition("#")
            assert call in {"", *detail.after}
            if not (row.listed == REPORT and path in MADE_UP):
                look_up(answer_shape(details[call]) if call else item, rest, above)
    assert {*row.fields} == {*TYPES[row.type_name].fields}, "all rows of a type have the same fields"
    declared = open_repository().declared_type(row.type_name)
    assert declared is not None
    unserved = {name.partition(".")[2] for name in UNSERVED if name.startswith(row.type_name)}
    collected = {"Id", *row.fields, *unserved, declared.deletion_field}
    assert set(declared.fields) == {name for name in collected if name}
    assert {lookup.key for lookup in declared.lookups.values()} <= row.fields.keys()


def shapes_of(row: TypeRow) -> tuple[Any, Any]:
    """Return the shapes of what lies above an object, and of the object."""
    above = item_shape(CALLS[row.listed])
    if row.each:
        return above, item_shape(CALLS[row.each])
    return above, shape_at(above, row.inside).member if row.inside else above


def answer_shape(detail: DetailCall) -> Any:
    return item_shape(CALLS[detail.call]) if detail.matched else operation_of(CALLS[detail.call]).output_shape


def look_up(shape: Any, path: str, above: Any) -> None:
    """Look a path up; what begins with ``^`` in what lies above. A text in a list is known as ``value``."""
    if path == "@" or (path == "value" and not isinstance(shape, StructureShape)):
        return
    shape_at(above if path.startswith(f"{ABOVE}.") else shape, path.removeprefix(f"{ABOVE}."))


def test_every_aws_type_of_the_library_is_served() -> None:
    assert {name for name in open_repository().type_names if "__CaAws" in name} == TYPES.keys()
