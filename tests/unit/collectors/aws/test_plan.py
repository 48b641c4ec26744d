"""Wanted fields, and the calls that they cost: no other."""

from __future__ import annotations

from perpend.collectors.aws.account_pool import estimate_of
from perpend.collectors.aws.cloud import CLOUD


def calls(wanted: dict[str, list[str]]) -> list[str]:
    return [call.name for call in CLOUD.plan(wanted).calls]


def test_only_what_is_wanted_is_asked() -> None:
    assert ["sts.identity", "iam.report-generate", "iam.report"] == calls({"CA10__CaAwsUser__c": ["CA10__arn__c"]})
    region = "CA10__CaAwsAccountRegion__c"
    assert ["sts.identity", "ec2.regions"] == calls({region: ["CA10__status__c"]})
    assert ["sts.identity", "ec2.regions", "ec2.ebs-default"] == calls({region: ["CA10__ebsStorageEncryption__c"]})
    trails = ["sts.identity", "ec2.regions", "cloudtrail.trails"]
    assert trails == calls({"CA10__CaAwsCloudTrailTrail__c": []})
    assert [*trails, "cloudtrail.status"] == calls({"CA10__CaAwsCloudTrailTrail__c": ["CA10__isLogging__c"]})


def test_tags_of_users_are_read_with_a_listing_that_other_types_need() -> None:
    user, tags = "CA10__CaAwsUser__c", ["CA10__tagsJson__c"]
    assert ["sts.identity", "iam.report-generate", "iam.report"] == calls({user: tags})
    assert "iam.user-details" in [
        detail.call for detail in CLOUD.plan({user: tags, "CA10__CaAwsUserPolicy__c": []}).listings["iam.report"][0].details
    ]
    assert "tagging.resources" in calls({"CA10__CaAwsSnsTopic__c": tags})


def test_fields_of_the_account_cost_their_calls_and_no_listing() -> None:
    account = "CA10__CaAwsAccount__c"
    assert ["sts.identity"] == calls({account: ["CA10__accountId__c"]})
    assert {"sts.identity", "account.security-contact"} == {*calls({account: ["CA10__securityContactEmailAddress__c"]})}


def test_what_a_value_is_taken_with_is_asked_before() -> None:
    keys = "CA10__CaAwsKmsKey__c"
    listed = {"sts.identity", "ec2.regions", "kms.keys"}
    assert listed | {"kms.describe", "kms.rotation"} == {*calls({keys: ["CA10__rotationEnabled__c"]})}
    assert listed | {"org.describe", "org.accounts", "kms.policy"} == {*calls({keys: ["CA10__policyDocumentExt__c"]})}
    assert listed | {"kms.policy"} == {*calls({keys: ["CA10__policyDocument__c"]})}


def test_metrics_are_asked_for_as_they_are_wanted_and_of_many_instances_at_once() -> None:
    instance, cpu = "CA10__CaAwsInstance__c", "CA10__averageCpuOneWeek__c"
    listed = {"sts.identity", "ec2.regions", "ec2.instances"}
    assert listed == {*calls({instance: ["CA10__stateName__c"]})}
    assert listed | {"cloudwatch.instance-cpu"} == {*calls({instance: [cpu]})}
    both = CLOUD.plan({instance: [cpu, "CA10__sumOneWeekNetworkInMb__c"]})
    found = estimate_of(both, accounts=1, regions=2, concurrency=1)
    assert (1 + 1 + 2 * 3, 0) == (found.calls, found.most_each)
    buckets = CLOUD.plan({"CA10__CaAwsBucket__c": ["CA10__versioningStatus__c", "CA10__policyDocumentExt__c"]})
    assert 2 == estimate_of(buckets, accounts=1, regions=2, concurrency=1).most_each


def test_what_no_call_serves_is_named() -> None:
    plan = CLOUD.plan({"Bucket": ["x"], "CA10__CaAwsRole__c": ["odd__c", "CA10__disappearanceTime__c", "Id"]})
    assert ("Bucket", "CA10__CaAwsRole__c.odd__c") == plan.unserved
    assert ("CA10__CaAwsAccount__c", "CA10__CaAwsRole__c") == plan.types
