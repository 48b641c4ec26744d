"""The map against its schema, the library's types and policies, and the provider's schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from perpend.core.clouds.aws import AWS
from perpend.core.clouds.registry import cloud_of_type
from perpend.evaluation.verdicts.selection import select_policies
from perpend.inventory.readers.terraform.documents import DOCUMENT_FORMS
from perpend.inventory.readers.terraform.forms import FORMS
from perpend.inventory.readers.terraform.mapping import MappedField, MappedType, SourcePath, aws_map
from perpend.inventory.readers.terraform.values import steps_of
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.program.required_columns import fields_by_type
from perpend.language.syntax.repository import open_repository
from tests.terraform_plans import DIRECTORY

MAP = aws_map()
OF_ALL = ("Id", "__account__c", "__regionName__c", "__disappearanceTime__c")
LATER = {
    "aws_ami.imds_support",
    "aws_kms_key.multi_region",
    "aws_redshift_cluster.multi_az",
    "aws_acm_certificate.key_algorithm",
    "aws_acm_certificate.not_after",
    "aws_ami_launch_permission.group",
    "aws_cloudtrail.advanced_event_selector[]",
    "aws_config_delivery_channel.s3_kms_key_arn",
    "aws_db_cluster_snapshot.shared_accounts",
    "aws_db_snapshot.shared_accounts",
    "aws_dynamodb_table.deletion_protection_enabled",
    "aws_eks_cluster.deletion_protection",
    "aws_rds_cluster.auto_minor_version_upgrade",
    "aws_s3_bucket.object_lock_enabled",
    "aws_securityhub_account.arn",
    "aws_sqs_queue.sqs_managed_sse_enabled",
}
"""Attributes that version 3.39 of the provider does not have: names of version 6.62."""

LATER_RESOURCES = {
    "aws_ec2_instance_state",
    "aws_efs_backup_policy",
    "aws_kms_key_policy",
    "aws_opensearch_domain",
    "aws_opensearch_domain_policy",
    "aws_redshift_logging",
    "aws_s3_bucket_acl",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_logging",
    "aws_s3_bucket_object_lock_configuration",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
}


def document(name: str) -> Any:
    return json.loads(files("perpend.inventory.readers.terraform").joinpath(name).read_text(encoding="utf-8"))


@cache
def schema() -> dict[str, Any]:
    known: dict[str, Any] = json.loads((DIRECTORY / "schema-3.39.json").read_text(encoding="utf-8"))
    return known


def sources() -> Iterator[tuple[MappedType, str, SourcePath]]:
    for mapped in MAP.types.values():
        for field in mapped.fields:
            for source in field.sources:
                yield mapped, field.name, source


def test_the_map_fits_its_schema() -> None:
    jsonschema.validate(document("aws.json"), document("map.schema.json"))


def test_the_map_has_all_types_of_the_library() -> None:
    aws = {name for name in open_repository().type_names if name.partition("__")[2].startswith("CaAws")}
    assert sorted(aws) == sorted(MAP.types)


def test_the_map_has_all_policies_of_the_library() -> None:
    policies = {one.removeprefix("/ce/ca/") for one in open_repository().logic_ids if one.startswith("/ce/ca/aws/")}
    assert sorted({one.rpartition("/")[0] for one in policies}) == sorted(MAP.policies)


def test_the_map_has_all_fields_that_policies_read() -> None:
    programs = select_policies(Analyzer(open_repository()), ()).programs
    lacking = {
        f"{type_name}.{name}"
        for type_name, names in fields_by_type(programs).items()
        if cloud_of_type(type_name) is AWS
        for name in names - {field.name for field in MAP.types[type_name].fields}
        if not name.endswith(OF_ALL)
    }
    assert lacking == set()


@pytest.mark.parametrize("name", sorted(MAP.types))
def test_types_declare_what_the_map_names(name: str) -> None:
    declared = open_repository().declared_type(name)
    assert declared is not None
    assert {field.name for field in MAP.types[name].fields} <= declared.fields.keys()
    for one in MAP.types[name].lists:
        assert (one.type_name, one.key) == (declared.children[one.name].type_name, declared.children[one.name].key)
    lookups = {lookup.key: lookup.target for lookup in declared.lookups.values()}
    for field in MAP.types[name].fields:
        for source in field.sources:
            targets = {other.name for other in MAP.types.values() for one in source.refers if one in other.resources}
            assert not source.refers or targets == {lookups[field.name]}, field.name


def test_conversions_exist() -> None:
    used = {source.form for _, _, source in sources() if not source.form.startswith("template:")}
    assert used - {*FORMS, *DOCUMENT_FORMS} == set()


def test_attached_resources_are_joined() -> None:
    for mapped, field, source in sources():
        assert source.resource in mapped.resources or source.resource in mapped.joins, (mapped.name, field)


def test_paths_are_in_the_schema_of_the_provider() -> None:
    unknown, resources = set(), set()
    for _, _, source in sources():
        base, _, block = source.resource.partition(".")
        if base not in schema():
            resources.add(base)
        elif source.path not in ("@", "@owner"):
            path = f"{block}.{source.path}" if block else source.path
            unknown |= set() if _is_in(schema()[base], path) else {f"{base}.{path}"}
    assert (unknown, resources) == (LATER, LATER_RESOURCES)


def test_blocks_that_are_attributes_are_listed() -> None:
    known = {f"{name}.{one}" for name, names in schema().items() for one, kind in names.items() if "as_block" in kind}
    in_map = {f"{base}.{steps_of(path)[0][0]}" for base, path in _block_paths()}
    blocks = {one for one in in_map if one in known}
    assert blocks <= MAP.attribute_blocks
    assert {one for one in MAP.attribute_blocks if _kind(one) == "block"} == set()


def test_defaults_that_have_not_always_held_have_a_day() -> None:
    defaults = [field.default for one in MAP.types.values() for field in one.fields if field.default]
    announced = [
        one for one in defaults if "announcement" in one.source or "since April" in one.source or "since 20" in one.source
    ]
    assert announced
    assert all(one.since for one in announced)


def _block_paths() -> Iterator[tuple[str, str]]:
    for _, _, source in sources():
        base, _, block = source.resource.partition(".")
        if block:
            yield base, block
        elif "[" in source.path:
            yield base, source.path


def _kind(name: str) -> str:
    base, _, attribute = name.partition(".")
    kind = schema().get(base, {}).get(attribute, "attribute")
    return kind if isinstance(kind, str) else next(iter(kind))


def _is_in(names: Any, path: str) -> bool:
    for name, kind in steps_of(path):
        if name == "value" or names == "attribute":
            return True
        if name not in names or ("block" in names[name]) > bool(kind):
            return False
        below = names[name]
        names = below if isinstance(below, str) else next(iter(below.values()))
    return True


def test_an_object_is_looked_up_wherever_its_name_is_read() -> None:
    missing = [
        f"{mapped.name}.{followed.name}: {source.resource}.{source.path}"
        for mapped in MAP.types.values()
        for followed in mapped.fields
        for read in mapped.fields
        if read is not followed
        and (places := _places(followed)) & _places(read)
        and any(one.refers for one in followed.sources)
        for source in read.sources
        if (source.resource, source.path) not in places
    ]
    assert [] == missing, "a policy takes what is not looked up for an object that is gone"


def _places(stated: MappedField) -> set[tuple[str, str]]:
    return {(one.resource, one.path) for one in stated.sources if one.path != "@"}
