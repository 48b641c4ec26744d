"""All rows of the tables against the service models: what they name is there, and nothing of the library's types is left out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.every import faults

pytest.importorskip("botocore", reason="the extra aws is not installed")

import botocore.loaders
from botocore.exceptions import UnknownServiceError
from botocore.model import ListShape, MapShape, ServiceModel, StructureShape

from perpend.collectors.aws.catalog import CALLS, TYPES, UNPAGED, UNSERVED
from perpend.collectors.aws.model import (
    CONSTANT,
    IDENTITY_OF,
    REPORT,
    VALUE,
    WHOLE,
    CloudCall,
    DetailCall,
    FieldSource,
    TypeRow,
    own_path,
)
from perpend.collectors.aws.parse import _MEMBER
from perpend.collectors.aws.policy_access_levels import EXTENDED
from perpend.collectors.aws.report_decisions import DECISIONS
from perpend.collectors.aws.transforms import TAKE_MISSING, TRANSFORMS
from perpend.collectors.items import ABOVE
from perpend.core.clouds.aws import AWS
from perpend.language.syntax.repository import open_repository

LOADER = botocore.loaders.create_loader()
OTHERWISE_ALLOWED = {
    "s3.buckets": "s3:ListAllMyBuckets",
    "s3.lifecycle": "s3:GetLifecycleConfiguration",
    "s3.lock": "s3:GetBucketObjectLockConfiguration",
    "s3.public-access": "s3:GetBucketPublicAccessBlock",
    "s3.encryption": "s3:GetEncryptionConfiguration",
    "s3control.public-access": "s3:GetAccountPublicAccessBlock",
    **dict.fromkeys(("apigateway.apis", "apigateway.stages", "apigateway2.apis", "apigateway2.stages"), "apigateway:GET"),
    "tagging.resources": "tag:GetResources",
}
"""Calls whose permission has another name than the operation."""

UNMODELLED = {"AWS.SimpleQueueService.NonExistentQueue"}
"""Codes that come over the wire, and in no model."""

NAMELESS = {
    *("s3control.public-access", "cloudtrail.status", "kms.policy", "elb.v2-attributes", "elb.classic-attributes"),
    *("apigateway.stages", "apigateway2.stages", "redshift.logging", "dynamodb.backups", "efs.backup-policy"),
    *(f"s3.{name}" for name in ("versioning", "logging", "lifecycle", "lock", "public-access", "policy", "encryption")),
    *("s3.ownership", "s3.acl"),
    "kms.rotation",  # names the key by its ID or by its ARN
    "lambda.policy",  # whoever wrote the policy wrote the ARNs in it
    "lambda.aliases",  # names the function within the ARN of each alias
}
"""Calls for an item whose answers do not name it, or name it in another form."""

METRICS = {detail.call: detail.metric for row in TYPES.values() for detail in row.details if detail.metric}
MEASURED = {"MetricDataQueries", "StartTime", "EndTime"}
"""The parameters of a call for a metric, which are of the objects that it is asked of."""

GIVEN = {"account", "region", "partition"}
MADE_UP = {"name", "arn", "row", "root"}
"""The members of a user of a credential report, which no model knows."""


def operation_of(call: CloudCall) -> Any:
    model = ServiceModel(LOADER.load_service_model(call.service, "service-2"), call.service)
    return model.operation_model(call.operation)


def shape_at(shape: Any, path: str) -> Any:
    for step in path.split(".") if path not in ("", WHOLE) else ():
        name = step.removesuffix("[]")
        if name == VALUE and not isinstance(shape, StructureShape):
            continue
        if isinstance(shape, MapShape):
            shape = shape.value
            continue
        assert isinstance(shape, StructureShape) and name in shape.members, (path, step)
        shape = shape.members[name]
        if name != step:
            assert isinstance(shape, ListShape), (path, step)
            shape = shape.member
    return shape


def shapes_of(row: TypeRow) -> list[Any]:
    """Return the shapes of a row's objects: what is listed, then what is nested in it, to the objects themselves."""
    found = [item_shape(CALLS[row.listed])]
    if row.each:
        found.append(item_shape(CALLS[row.each]))
    for step in row.inside.split(".") if row.inside else ():
        found.append(shape_at(found[-1], f"{step}[]"))
    return found


def check_member(shapes: list[Any], path: str) -> None:
    above = path.count(f"{ABOVE}.")
    shape_at(shapes[-1 - above], path.removeprefix(f"{ABOVE}." * above))


def answer_shape(detail: DetailCall) -> Any:
    """Return the shape of what a detail call says of an object."""
    return item_shape(CALLS[detail.call]) if detail.matched or detail.metric else operation_of(CALLS[detail.call]).output_shape


def item_shape(call: CloudCall) -> Any:
    found = operation_of(call).output_shape
    if call.result in ("", "@"):
        return found
    found = shape_at(found, call.result)
    return found.member if isinstance(found, ListShape) else found


def paths_of(source: FieldSource) -> list[str]:
    """Return the members that a field reads."""
    if "{" in source.path:
        return [path for braces in _MEMBER.findall(source.path) for path in braces.rstrip("/").split("|")]
    return [] if not source.path or source.path.startswith(CONSTANT) else [source.path]


def test_a_call_names_what_its_service_has() -> None:
    assert {} == faults(check_call, {call.name: call for call in CALLS.values()})


def check_call(call: CloudCall) -> None:
    operation = operation_of(call)
    members = operation.input_shape.members if operation.input_shape else {}
    assert set(call.parameters) <= set(members)
    given = {*call.parameters, *(MEASURED if call.name in METRICS else ())}
    assert set(operation.input_shape.required_members if operation.input_shape else ()) <= given
    item_shape(call)
    assert call.required not in ("", WHOLE), "some member that each answer holds"
    shape_at(operation.output_shape, call.required.removesuffix(".Statement"))
    if call.resource:
        assert call.holds != call.resource[0], "a member that names the resource is required anyway"
        shape_at(item_shape(call), call.resource[0])
    known = {shape.metadata.get("error", {}).get("code", shape.name) for shape in operation.error_shapes}
    assert {*call.facts, *call.gone} <= known | UNMODELLED or call.service == "s3", "models of S3 name no errors"
    assert call.wording.keys() <= call.facts.keys()
    if call.permission and call.permission != OTHERWISE_ALLOWED.get(call.name):
        meta = operation.service_model.metadata
        prefixes = {call.service, meta["endpointPrefix"], meta.get("signingName", "")}
        assert call.permission in {f"{prefix}:{call.operation}" for prefix in prefixes}


def test_an_answer_to_a_call_for_an_item_names_it_if_aws_does() -> None:
    assert {call.name for call in CALLS.values() if call.of_an_item and not call.resource} == NAMELESS


def test_a_listing_has_pages_or_says_why_not() -> None:
    assert {} == faults(check_listing, {call.name: call for call in CALLS.values() if call.result})


def check_listing(call: CloudCall) -> None:
    try:
        paginators = LOADER.load_service_model(call.service, "paginators-1")["pagination"]
    except UnknownServiceError:
        paginators = {}
    assert (call.operation in paginators) is (call.name not in UNPAGED)
    if call.operation in paginators:
        keys = paginators[call.operation]["result_key"]
        assert call.result in ([keys] if isinstance(keys, str) else keys)


def test_a_type_names_what_its_calls_answer_and_what_the_library_declares() -> None:
    rows = [row for of_type in TYPES.values() for row in of_type.rows]
    assert {} == faults(check_row, {f"{number} {row.type_name} {row.listed}": row for number, row in enumerate(rows)})


def check_row(row: TypeRow) -> None:
    shapes = shapes_of(row)
    shape_at(shapes[0], row.owner)
    details = {detail.call: detail for detail in row.details}
    for name, source in (*row.fields.items(), ("Id", FieldSource(row.id))):
        assert {*source.transform.split()} <= TRANSFORMS.keys() | EXTENDED.keys() and TAKE_MISSING <= TRANSFORMS.keys()
        assert {source.call, *source.after} <= details.keys() | {""}, name
        for path in paths_of(source):
            if path in GIVEN or (row.listed == REPORT and path in MADE_UP):
                continue
            check_member([answer_shape(details[source.call])] if source.call else shapes, path)
    needed = {call for source in row.fields.values() for call in (source.call, *source.after)}
    needed |= {call for detail in row.details for call in detail.after}
    earlier: set[str] = set()
    for detail in row.details:
        assert detail.call in needed and earlier >= set(detail.after)
        earlier.add(detail.call)
        if detail.otherwise:
            name, own, other = detail.otherwise
            together = shape_at(item_shape(CALLS[detail.call]), other).member
            assert together.name == shape_at(item_shape(CALLS[name]), own).name
        shape_at(shapes[-1], detail.region)
        values = [path for value in CALLS[detail.call].parameters.values() if (path := own_path(value))]
        for path in [*values, *detail.unless[:1]] if detail.unless else values:
            call, _, rest = path.rpartition("#")
            assert call in ("", *detail.after)
            if not (row.listed == REPORT and path in MADE_UP):
                check_member([answer_shape(details[call])] if call else shapes, rest)
        assert not detail.decided or detail.call in DECISIONS
        if detail.matched:
            made_up = row.listed == REPORT or detail.matched[0] == IDENTITY_OF
            check_member(shapes, detail.matched[0]) if not made_up else None
            shape_at(item_shape(CALLS[detail.call]), detail.matched[1])
    assert not row.decided or row.each in DECISIONS
    declared = open_repository().declared_type(row.type_name)
    assert declared is not None
    unserved = {name.partition(".")[2] for name in UNSERVED if name.startswith(row.type_name)}
    collected = {"Id", *row.fields, declared.deletion_field} - {None}
    assert collected <= set(declared.fields) <= collected | unserved
    assert row.fields.keys() == TYPES[row.type_name].fields.keys()
    assert {lookup.key for lookup in declared.lookups.values()} <= row.fields.keys()


def test_every_aws_type_of_the_library_is_served() -> None:
    assert {name for name in open_repository().type_names if AWS.has_type(name)} == TYPES.keys()
