"""Fields of planned objects, each as the configuration in ``tests/fixtures/terraform`` states it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.terraform_plans import ACCOUNT, by_address, plan, read, unknown_at

BUCKET = "CA10__CaAwsBucket__c"
RULES = "CA10__AWS_EC2_Security_Group_Rules__r"


def fields(name: str, identity: str, *, document: Any = None) -> Any:
    return by_address(read(document or plan(name), account=ACCOUNT))[identity].fields


def known(name: str, identity: str, *names: str) -> list[Any]:
    return [fields(name, identity)[f"CA10__{one}__c"] for one in names]


def reason(name: str, identity: str, field: str) -> str:
    stated = fields(name, identity)
    assert f"CA10__{field}__c" not in stated
    return str(stated.reasons[f"CA10__{field}__c"])


def changed(document: Mapping[str, Any], address: str, **members: Any) -> dict[str, Any]:
    """Return a plan in which the change of a resource has other members."""
    changes = [
        one | {"change": one["change"] | members} if one["address"] == address else one for one in document["resource_changes"]
    ]
    return {**document, "resource_changes": changes}


def test_an_attached_resource_is_joined_by_for_each() -> None:
    assert known("created", "arn:aws:s3:::each-one", "blockPublicAcls", "restrictPublicBuckets") == ["Yes", "Yes"]


def test_an_attached_resource_is_joined_by_reference() -> None:
    assert known("created", "aws_s3_bucket.open", "blockPublicAcls", "versioningStatus") == ["No", "Enabled"]


def test_an_attached_resource_is_joined_through_an_output_of_a_module() -> None:
    assert known("created", "arn:aws:s3:::logs", "objectOwnership", "blockPublicAcls", "blockPublicPolicy") == [
        "BucketOwnerPreferred",
        "Yes",
        "No",
    ]


def test_a_new_bucket_has_the_defaults_of_aws() -> None:
    assert known("provider-6", "arn:aws:s3:::bare-6", "blockPublicAcls", "objectOwnership") == ["Yes", "BucketOwnerEnforced"]


def test_a_block_that_a_dynamic_one_may_fill_is_unknown() -> None:
    assert "a dynamic block would look the same" in reason("created", "arn:aws:s3:::each-one", "versioningStatus")


def test_a_block_is_absent_if_no_value_of_the_plan_rests_on_an_unknown_one() -> None:
    document = plan("provider-6") | {"relevant_attributes": []}
    assert fields("", "arn:aws:s3:::bare-6", document=document)["CA10__versioningStatus__c"] == "Off"


def test_an_attached_resource_that_may_be_of_any_bucket_leaves_its_fields_open() -> None:
    document = plan("provider-6")
    nodes = document["configuration"]["root_module"]["resources"]
    node = next(one for one in nodes if one["address"] == "aws_s3_bucket_versioning.data")
    node["expressions"]["bucket"] = {"references": ["local.bucket"]}
    stated = fields("", "arn:aws:s3:::data-6", document=document)
    assert stated.reasons["CA10__versioningStatus__c"] == (
        "is not known: aws_s3_bucket_versioning.data may set it, and its `bucket` is not known"
    )


def test_a_deleted_attached_resource_leaves_what_aws_does_then() -> None:
    assert known("changed", "arn:aws:s3:::kept", "blockPublicAcls", "ignorePublicAcls") == ["No", "No"]


def test_what_exists_has_no_defaults() -> None:
    assert "the object exists already" in reason("changed", "arn:aws:s3:::moved", "blockPublicAcls")


def test_a_moved_object_keeps_its_identity_and_its_values() -> None:
    assert known("changed", "arn:aws:s3:::moved", "versioningStatus", "name") == ["Enabled", "moved"]


def test_deleted_objects_are_none_and_replaced_ones_are_new() -> None:
    objects = by_address(read(plan("changed")))
    assert "arn:aws:s3:::gone" not in objects
    assert "arn:aws:s3:::before" not in objects
    assert objects["arn:aws:s3:::after"].fields["CA10__blockPublicAcls__c"] == "Yes"


def test_the_account_comes_from_what_exists() -> None:
    assert {one.fields.get("CA10__account__c") for one in read(plan("changed")).objects} == {ACCOUNT}


def test_the_account_comes_from_a_data_source() -> None:
    assert {one.fields.get("CA10__account__c") for one in read(plan("provider-6")).objects} == {ACCOUNT}


def test_without_an_account_names_of_resources_are_ids() -> None:
    stated = by_address(read(plan("created")))["aws_sns_topic.plain"].fields
    assert "--planned-account" in stated.reasons["CA10__account__c"]  # type: ignore[attr-defined]


def test_the_region_of_a_variable_is_known() -> None:
    assert known("created", "aws_kms_key.main", "regionName", "rotationEnabled") == ["eu-west-1", True]


def test_a_list_of_a_new_object_is_stated() -> None:
    rules = fields("created", "aws_security_group.web")[RULES]
    assert sorted((one["CA10__fromPort__c"], one["CA10__sourceIpRange__c"]) for one in rules) == [
        (22, "0.0.0.0/0"),
        (8080, "10.0.0.0/8"),
        (8080, "192.168.0.0/16"),
        (8081, "10.0.0.0/8"),
        (8081, "192.168.0.0/16"),
    ]


def test_a_network_acl_has_the_last_entries_of_aws() -> None:
    entries = fields("created", "aws_network_acl.main")["CA10__networkAclEntities__r"]
    assert sorted((one["CA10__ruleNumber__c"], one["CA10__egress__c"]) for one in entries) == [
        (1, False),
        (32767, False),
        (32767, True),
    ]


def test_a_rule_that_may_be_of_any_group_opens_all_lists() -> None:
    document = plan("created")
    node = next(
        one for one in document["configuration"]["root_module"]["resources"] if one["address"] == "aws_security_group_rule.ssh"
    )
    node["expressions"]["security_group_id"] = {"references": ["local.group"]}
    contents = read(document)
    assert RULES not in by_address(contents)["aws_security_group.web"].fields
    assert "aws_security_group_rule.ssh may belong to it" in [one.lacking for one in contents.lacking]


def test_a_reference_that_a_condition_may_drop_is_unknown() -> None:
    for topic in ("sure", "maybe"):
        identity = f"arn:aws:sns:eu-west-1:{ACCOUNT}:{topic}"
        assert reason("created", identity, "kmsMasterKeyId").endswith("is known after apply")


def test_a_snapshot_voids_defaults() -> None:
    identity = f"arn:aws:rds:eu-west-1:{ACCOUNT}:db:restored"
    assert reason("created", identity, "backupRetentionPeriod").endswith(
        "`snapshot_identifier` of aws_db_instance.restored decides it"
    )


def test_a_document_of_a_data_source_shows_who_gets_in() -> None:
    assert '"AccessLevel":"ANONYMOUS_PRINCIPAL"' in known("created", "aws_s3_bucket.open", "policyDocumentExt")[0]
    assert "it names resources that are" in reason("created", "aws_s3_bucket.open", "policyDocument")


def test_a_sensitive_value_is_not_read() -> None:
    identity = f"arn:aws:rds:eu-central-1:{ACCOUNT}:db:hidden"
    assert reason("provider-6", identity, "masterUsername").endswith("is sensitive, and is not read")


def test_ids_of_two_plans_differ() -> None:
    first, second = read(plan("created"), source="a.json"), read(plan("created"), source="b.json")
    named = [
        {one.fields["Id"] for one in contents.objects if one.fields["Id"].startswith("terraform:")}
        for contents in (first, second)
    ]
    assert named[0]
    assert named[0].isdisjoint(named[1])


def test_a_forgotten_attached_resource_leaves_its_fields_unknown() -> None:
    document = changed(plan("changed"), "aws_s3_bucket_public_access_block.kept", actions=["forget"])
    stated = fields("", "arn:aws:s3:::kept", document=document)
    assert "forgets" in stated.reasons["CA10__blockPublicAcls__c"]


def test_a_partial_plan_states_no_list() -> None:
    contents = read(plan("created") | {"complete": False})
    assert not any(RULES in one.fields for one in contents.objects)
    assert any("covers only a part" in (one.lacking or "") for one in contents.lacking)


def test_a_resource_without_a_change_makes_a_plan_partial() -> None:
    document = plan("created")
    document["resource_changes"] = [one for one in document["resource_changes"] if one["address"] != "aws_kms_key.plain"]
    del document["complete"]
    assert any("leaves out `aws_kms_key.plain`" in (one.lacking or "") for one in read(document).lacking)


@pytest.mark.parametrize("value", [5, "x", [], [[]], [None], {"a": 1}, True])
@pytest.mark.parametrize("attribute", ["ingress", "versioning", "bucket", "policy", "statement", "rule"])
def test_values_of_another_form_are_unknown(attribute: str, value: Any) -> None:
    for name in ("created", "provider-6"):
        document = plan(name)
        for one in document["resource_changes"]:
            if isinstance(one["change"]["after"], dict):
                one["change"]["after"][attribute] = value
        read(document)


def test_an_entry_that_is_unknown_makes_a_list_unknown() -> None:
    document = plan("created")
    for one in document["resource_changes"]:
        if one["address"] == "aws_network_acl.main":
            change = one["change"]
            change["after_unknown"] = unknown_at(change["after_unknown"], change["after"], ("ingress", 0))
    assert "CA10__networkAclEntities__r" not in fields("", "aws_network_acl.main", document=document)


def test_a_state_is_read_without_defaults() -> None:
    values = {"bucket": "b", "id": "b", "arn": "arn:aws:s3:::b", "versioning": [{"enabled": True}], "policy": None}
    resource = {"address": "aws_s3_bucket.b", "mode": "managed", "type": "aws_s3_bucket", "name": "b", "values": values}
    document = {"format_version": "1.0", "values": {"root_module": {"resources": [resource]}}}
    stated = fields("", "arn:aws:s3:::b", document=document)
    assert stated["CA10__versioningStatus__c"] == "Enabled"
    assert "the object exists already" in stated.reasons["CA10__blockPublicAcls__c"]


def function_with(name: str) -> Any:
    """Return a new function, and a permission for a function that it names so."""
    function = {"actions": ["create"], "after": {"function_name": "a"}, "after_unknown": {"arn": True, "id": True}}
    permission = {"actions": ["create"], "after": {"function_name": name, "principal": "*"}, "after_unknown": {}}
    changes = [
        {"address": f"{kind}.a", "mode": "managed", "type": kind, "name": "a", "change": change}
        for kind, change in (("aws_lambda_function", function), ("aws_lambda_permission", permission))
    ]
    nodes = [{"address": one["address"], "mode": "managed", "expressions": {}} for one in changes]
    configuration = {"root_module": {"resources": nodes}}
    document = {"format_version": "1.2", "resource_changes": changes, "configuration": configuration}
    return by_address(read(document))["aws_lambda_function.a"].fields


@pytest.mark.parametrize("name", ["a", "a:prod", "arn:aws:lambda:eu-west-1:111122223333:function:a"])
def test_a_permission_that_may_be_of_a_function_leaves_its_policy_unknown(name: str) -> None:
    assert "CA10__policyDocument__c" not in function_with(name)


def test_a_permission_of_another_function_says_nothing() -> None:
    assert function_with("b")["CA10__policyDocument__c"] is None
