"""API names of types, fields and paths become labels where people read them."""

from __future__ import annotations

import pytest

from perpend.core.objects.labels import AS_WRITTEN, Labels, Names, in_sentence, relation_label
from perpend.core.objects.object_types import Children, Field, Lookup, ObjectType

BUCKET = ObjectType(
    "CA10__CaAwsBucket__c",
    "AWS S3 Bucket",
    fields={
        "CA10__blockPublicAcls__c": Field("CA10__blockPublicAcls__c", "text", "Block Public ACLs"),
        "CA10__bare__c": Field("CA10__bare__c", "text"),
    },
    lookups={"CA10__account__r": Lookup("CA10__account__r", "CA10__CaAwsAccount__c")},
)
ACCOUNT = ObjectType(
    "CA10__CaAwsAccount__c",
    "AWS Account",
    fields={"CA10__blockPublicAcls__c": Field("CA10__blockPublicAcls__c", "text", "Block ACLs of the public")},
    children={
        "CA10__AWS_Account_Regions__r": Children("CA10__AWS_Account_Regions__r", "CA10__Region__c"),
        "CA10__users__r": Children("CA10__users__r", "CA10__CaAwsUser__c"),
    },
)
REGION = ObjectType(
    "CA10__Region__c",
    children={"CA10A1__AWS_IAM_Access_Analyzers__r": Children("CA10A1__AWS_IAM_Access_Analyzers__r", "Analyzer__c")},
)
ROLE = ObjectType("CA10__CaAwsRole__c", "AWS IAM Role")
TYPES = {one.name: one for one in (BUCKET, ACCOUNT, REGION, ROLE)}
LABELS = Labels(TYPES)


def test_a_type_has_its_label_and_a_former_name_that_of_the_current_one() -> None:
    assert LABELS.type("CA10__CaAwsBucket__c") == "AWS S3 Bucket"
    assert LABELS.type("CA10__CaAwsIamRole__c") == "AWS IAM Role"


def test_a_name_without_label_stays() -> None:
    names = ("CA10__Region__c", "CA10__CaAwsQueue__c", "CA10__bare__c", "CA10__unknown__r.CA10__blockPublicAcls__c")
    assert [LABELS.text(name) for name in names] == list(names)
    assert [LABELS.type(name) for name in names] == list(names)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2 of CA10__CaAwsBucket__c", "2 of AWS S3 Bucket"),
        (
            "CA10__AWS_Account_Regions__r[0].CA10A1__AWS_IAM_Access_Analyzers__r is not known in full: denied",
            '"account regions[0] › IAM access analyzers" is not known in full: denied',
        ),
        ("`CA10__users__r` of 'CA10__CaAwsBucket__c'", "`users` of 'AWS S3 Bucket'"),
        ("CA10__users__r", '"users"'),
        ("no input claims every `CA10__CaAwsBucket__c` there is", "no input claims every `AWS S3 Bucket` there is"),
        ("my_CA10__users__r, xCA10__users__r, CA10__users__rx", "my_CA10__users__r, xCA10__users__r, CA10__users__rx"),
        ("a__b, users", "a__b, users"),
    ],
)
def test_names_in_a_text_are_replaced(text: str, shown: str) -> None:
    assert LABELS.text(text) == shown


def test_names_in_a_condition_have_no_quotes() -> None:
    condition = "CA10__users__r.has(COMPLIANT) && CA10__account__r.CA10__blockPublicAcls__c == 'No'"
    assert LABELS.condition(condition) == "users.has(COMPLIANT) && account › block ACLs of the public == 'No'"


def test_a_path_may_end_in_a_field_without_suffix_and_an_unknown_one_stays() -> None:
    types = {"T": ObjectType("T", fields={"Id": Field("Id", "id", "ID")}, lookups={"CA10__a__r": Lookup("CA10__a__r", "T")})}
    assert [Labels(types).path(path) for path in ("CA10__a__r.Id", "CA10__a__r[3].Id", "Id", "flag", "CA10__a__r.flag")] == [
        *("a › ID", "a[3] › ID", "ID", "flag", "CA10__a__r.flag")
    ]


def test_both_names_are_shown_on_request() -> None:
    both = Labels(TYPES, Names.API)
    assert both.type("CA10__CaAwsBucket__c") == "AWS S3 Bucket (CA10__CaAwsBucket__c)"
    assert both.text("see CA10__users__r.") == 'see "users (CA10__users__r)".'
    assert both.path("CA10__users__r") == "users (CA10__users__r)"
    assert both.type("CA10__Region__c") == "CA10__Region__c"


def test_without_types_nothing_is_replaced() -> None:
    assert AS_WRITTEN.text("CA10__users__r of CA10__CaAwsBucket__c") == "CA10__users__r of CA10__CaAwsBucket__c"


def test_capitals_that_belong_to_a_word_stay() -> None:
    labels = ("Block Public ACLs", "MFA Device Type", "Multi-AZ", "IPv6 Address", "CloudWatch Log Exports", "ID")
    assert [in_sentence(label) for label in labels] == [
        *("block public ACLs", "MFA device type", "multi-AZ", "IPv6 address", "CloudWatch log exports", "ID")
    ]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("CA10__account__r", "account"),
        ("CA10__kmsKey__r", "KMS key"),
        ("CA10__vpcSubnet__r", "VPC subnet"),
        ("CA10__AWS_CloudTrail_Trails__r", "CloudTrail trails"),
        ("CA10__AWS_VPC_Network_ACLs__r", "VPC network ACLs"),
        ("CA10__AWS__r", "AWS"),
        ("Things__r", "things"),
    ],
)
def test_a_relationship_gets_a_label_from_its_name(name: str, label: str) -> None:
    assert relation_label(name) == label


def test_a_long_label_is_cut_and_stands_in_one_line() -> None:
    field = Field("CA10__a__c", "text", "Many\nwords " * 1_000_000)
    labels = Labels({"A__c": ObjectType("A__c", "Label\n" * 1_000_000, fields={field.name: field})})
    assert labels.type("A__c").startswith("Label Label ")
    assert labels.path(field.name).startswith("many words many ")
    assert [100, 100] == [len(labels.type("A__c")), len(labels.path(field.name))]


def test_a_long_text_takes_linear_time() -> None:
    assert LABELS.text("a__c." * 50_000) == "a__c." * 50_000
