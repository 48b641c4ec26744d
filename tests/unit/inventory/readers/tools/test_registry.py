"""Files that other tools write, read: each object once, with what its format tells, and reasons for what it does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perpend.core.objects.claims import Scope
from perpend.core.objects.inventory import CloudObject, Inventory
from perpend.core.objects.object_types import current_name
from perpend.core.values.partial_object import reason_of
from perpend.inventory.readers import UnusableInput, collect_files
from perpend.inventory.readers.tools import authorization_details, config_items, table_maps
from perpend.inventory.readers.tools.values import UnknownValue, selectors
from tests import formats
from tests.formats import ACCOUNT, ADMIN, ANN, BOB, CARL, FORMATS, ROLE, ROW, TRAIL, config_item, written
from tests.unit.inventory.readers.reports import USER, write

CONFIG_TRAIL = "CA10__CaAwsCloudTrailTrail__c"


def read(directory: Path, *contents: str, **named: Any) -> Inventory:
    return collect_files(write(directory, *contents), **named).inventory


def object_of(inventory: Inventory, type_name: str, identity: str) -> CloudObject:
    (found,) = [one for one in inventory.objects[type_name] if one.id == identity]
    return found


def shown(inventory: Inventory) -> dict[str, list[str]]:
    return {type_name: [one.id for one in found] for type_name, found in inventory.objects.items()}


def test_types_are_called_as_they_are_now() -> None:
    maps = (*authorization_details.MAP, *config_items.MAP, *table_maps.STEAMPIPE, *table_maps.CLOUDQUERY)
    named = {kind for one in maps for kind in (one.type_name, *(part.type_name for part in one.lists))}
    assert named == {current_name(one) for one in named}


def test_selectors_are_written_as_policies_read_them_and_none_are_not_known() -> None:
    assert '[{"readWriteType":"All","dataResources":[{"type":"t"}]}]' == selectors(
        [{"ReadWriteType": "All", "DataResources": [{"Type": "t"}]}]
    )
    twice = {"IncludeManagementEvents": False, "includeManagementEvents": True}
    odd: tuple[Any, ...] = (None, [], "[]", {}, [twice])
    for nothing in odd:
        with pytest.raises(UnknownValue):
            selectors(nothing)


def test_authorization_details_hold_users_roles_and_policies(tmp_path: Path) -> None:
    inventory = read(tmp_path, written("authorization-details", formats.details()))
    admin = f"{ACCOUNT}|{ADMIN}"
    assert {
        USER: [ANN, BOB, CARL],
        "CA10__CaAwsRole__c": [ROLE],
        "CA10__CaAwsIamPolicy__c": [admin],
    } == shown(inventory)
    bob, carl = (object_of(inventory, USER, one).fields for one in (BOB, CARL))
    link = {"Id": f"{CARL}|{ADMIN}", "CA10__user__c": CARL, "CA10__policy__c": admin}
    assert [[], [link]] == [one["CA10__AWS_IAM_Policy_User_Links__r"] for one in (bob, carl)]
    assert ["p"] == [one["CA10__policyName__c"] for one in bob["CA10__userPolicies__r"]]
    assert "account authorization details do not tell it" in reason_of(bob, "CA10__credReportAttributesJson__c")
    policy = object_of(inventory, "CA10__CaAwsIamPolicy__c", admin).fields
    assert ("AWS managed", formats.DOCUMENT) == (
        policy["CA10__policyType__c"],
        json.loads(policy["CA10__policyDocument__c"]),
    )
    assert (None, ()) == (inventory.sources[0].observed_at, inventory.sources[0].coverage)


def test_authorization_details_tell_documents_groups_and_the_use_of_roles(tmp_path: Path) -> None:
    trust = {"Statement": []}
    inline = [{"PolicyName": "p", "PolicyDocument": trust}, {"PolicyName": "q", "PolicyDocument": None}]
    role = {"Arn": ROLE, "Path": "/", "CreateDate": "2026-01-02T03:04:05+01:00", "RolePolicyList": inline}
    group = {
        "GroupName": "g",
        "Arn": f"arn:aws:iam::{ACCOUNT}:group/x/g",
        "GroupPolicyList": inline,
        "AttachedManagedPolicies": [],
    }

    def roles_used(used: Any) -> CloudObject:
        answer = {
            "UserDetailList": [{"Arn": ANN, "UserPolicyList": inline, "GroupList": ["g"]}],
            "GroupDetailList": [group],
            "RoleDetailList": [role | {"AssumeRolePolicyDocument": trust, "RoleLastUsed": used}],
        }
        inventory = read(tmp_path, json.dumps(answer))
        held = object_of(inventory, "CA10__CaAwsIamGroup__c", f"{ACCOUNT}/group/g").fields
        ann = object_of(inventory, USER, ANN).fields
        lists = (ann["CA10__userPolicies__r"], held["CA10__AWS_IAM_Group_Policies__r"])
        for policies in (*lists, object_of(inventory, "CA10__CaAwsRole__c", ROLE).fields["CA10__AWS_IAM_Role_Policies__r"]):
            assert [(one["CA10__policyName__c"], one.get("CA10__policyDocument__c")) for one in policies] == [
                ("p", '{"Statement":[]}'),
                ("q", None),
            ]
            assert "CA10__policyDocument__c" not in policies[1]
        assert [f"{ACCOUNT}/group/g"] == [one["CA10__group__c"] for one in ann["CA10__AWS_IAM_User_Group_Links__r"]]
        return object_of(inventory, "CA10__CaAwsRole__c", ROLE)

    fields = roles_used({"LastUsedDate": "2026-11-01T00:00:00Z", "Region": "eu-west-1"}).fields
    names = ("path", "createDate", "lastUsedDate", "assumeRolePolicyDocument")
    assert ["/", "2026-01-02T02:04:05Z", "2026-11-01T00:00:00Z", '{"Statement":[]}'] == [
        fields[f"CA10__{name}__c"] for name in names
    ]
    assert roles_used({}).fields["CA10__lastUsedDate__c"] is None
    for odd in (None, {"Region": "eu-west-1"}, {"LastUsedDate": "2026-11-01"}, []):
        assert "`RoleLastUsed`" in reason_of(roles_used(odd).fields, "CA10__lastUsedDate__c")


def test_of_two_documents_under_one_name_neither_is_known(tmp_path: Path) -> None:
    policies = [{"PolicyName": "p", "PolicyDocument": {"Version": version}} for version in ("a", "b")]
    user = {"Arn": ANN, "UserPolicyList": policies}
    (held,) = object_of(read(tmp_path, json.dumps({"UserDetailList": [user]})), USER, ANN).fields["CA10__userPolicies__r"]
    assert {"CA10__policyDocument__c"}.isdisjoint(held)


def test_pages_are_merged_and_one_that_says_that_there_is_more_leaves_lists_open(tmp_path: Path) -> None:
    whole = formats.details()
    first = {"UserDetailList": whole["UserDetailList"][:1], "IsTruncated": True, "Marker": "m"}
    second = {**whole, "UserDetailList": whole["UserDetailList"][1:]}
    inventory = read(tmp_path, json.dumps(first), json.dumps(second))
    assert {ANN, BOB, CARL} == {one.id for one in inventory.objects[USER]}
    assert {"IsTruncated"} == {
        claim.lacking.split("`")[-2] for one in inventory.sources for claim in one.coverage if claim.lacking
    }
    claimed = read(tmp_path, json.dumps(whole), complete={str(tmp_path / "1.in"): (Scope(ACCOUNT),)})
    assert "CA10__CaAwsIamRolePolicyAttachment__c" in {claim.type_name for claim in claimed.sources[0].coverage}
    del whole["RoleDetailList"][0]["AttachedManagedPolicies"]
    open_ = read(tmp_path, json.dumps(whole), complete={str(tmp_path / "1.in"): (Scope(ACCOUNT),)})
    assert "CA10__CaAwsIamRolePolicyAttachment__c" not in {claim.type_name for claim in open_.sources[0].coverage}


def test_config_items_are_taken_as_they_were_captured_last(tmp_path: Path) -> None:
    later = {"configurationItemCaptureTime": "2026-11-20T10:00:00Z"}
    old = formats.config()
    trail = {"name": "t", "isMultiRegionTrail": False}
    new = {"configurationItems": [config_item("AWS::CloudTrail::Trail", TRAIL, trail, **later)]}
    gone = {
        "configurationItems": [config_item("AWS::IAM::User", ANN, None, configurationItemStatus="ResourceDeleted", **later)]
    }
    for contents in ((old, new, gone), (gone, new, old)):
        inventory = read(tmp_path, *map(json.dumps, contents))
        found = object_of(inventory, CONFIG_TRAIL, f"{ACCOUNT}|{TRAIL}")
        assert (False, ()) == (found.fields["CA10__multiRegionTrail__c"], found.variants)
        assert "AWS Config does not record it" in reason_of(found.fields, "CA10__isLogging__c")
        assert "2026-11-20T10:00:00Z" == object_of(inventory, USER, ANN).fields["CA10__disappearanceTime__c"]
    assert {"2026-11-19", "2026-11-20"} == {str(one.observed_at.date()) for one in inventory.sources if one.observed_at}
    both = read(
        tmp_path,
        json.dumps(
            {
                "configurationItems": [
                    *new["configurationItems"],
                    config_item("AWS::CloudTrail::Trail", TRAIL, {"name": "u"}, **later),
                ]
            }
        ),
    )
    assert 1 == len(object_of(both, CONFIG_TRAIL, f"{ACCOUNT}|{TRAIL}").variants)


def test_rows_of_reports_are_found_in_findings_and_tables(tmp_path: Path) -> None:
    for name, time in (("prowler-ocsf", "2026-11-20T08:15:00+00:00"), ("steampipe-report", "2026-11-20T08:15:00+00:00")):
        inventory = read(tmp_path, written(name, FORMATS[name]()))
        row = json.loads(object_of(inventory, USER, ANN).fields["CA10__credReportAttributesJson__c"])
        known = ROW if name == "prowler-ocsf" else {key: value for key, value in ROW.items() if value != "N/A"}
        assert (known, time) == (row, inventory.sources[0].observed_at.isoformat())  # type: ignore[union-attr]  # it is stated
        assert not inventory.sources[0].coverage
        root = json.loads(object_of(inventory, USER, f"{formats.ARN}root").fields["CA10__credReportAttributesJson__c"])
        assert "password_enabled" not in root


@pytest.mark.parametrize("undated", [False, True])
def test_a_row_is_as_new_as_its_newest_finding_and_one_without_a_time_may_be_of_any(tmp_path: Path, undated: bool) -> None:
    first, second = formats.prowler()
    second |= {"time_dt": "2026-01-10T00:00:00Z"}
    third = {**first, "time_dt": None if undated else "2025-01-10T00:00:00Z"}
    for findings in ([first, second, third], [third, second, first]):
        [source] = read(tmp_path, json.dumps(findings)).sources
        assert (None if undated else "2026-11-20") == (source.observed_at and str(source.observed_at.date()))


@pytest.mark.parametrize(
    ("name", "place", "more"),
    [
        ("prowler-ocsf", "time_dt", {"resources": [{"data": {"metadata": {**ROW, "user": "bob", "arn": BOB}}}]}),
        ("steampipe-report", "generated_time", {}),
        ("cloudquery", "_cq_sync_time", {}),
    ],
)
def test_rows_of_several_runs_have_no_time_together(tmp_path: Path, name: str, place: str, more: dict[str, Any]) -> None:
    first, last = FORMATS[name]()
    for time, found in (("2026-11-19T20:15:00Z", "2026-11-20 08:15:00+00:00"), ("2026-11-19T20:14:59Z", "None")):
        [source] = read(tmp_path, written(name, [first, {**last, **more, place: time}])).sources
        assert found == str(source.observed_at), time


def test_a_capture_may_be_written_in_seconds_since_1970(tmp_path: Path) -> None:
    def captured(time: object) -> Inventory:
        item = config_item("AWS::IAM::User", ANN, {}, configurationItemCaptureTime=time)
        return read(tmp_path, json.dumps({"configurationItems": [item]}))

    assert "2023-11-14 22:13:20.500000+00:00" == str(captured(1700000000.5).sources[0].observed_at)
    for odd in (True, 0, -1, 1700000000500):
        with pytest.raises(UnusableInput, match="which is not a time"):
            captured(odd)


def test_objects_are_called_as_the_tools_call_them(tmp_path: Path) -> None:
    named = {"name": "b", "keyId": "k", "dBInstanceIdentifier": "d"}
    arns = {kind: f"arn:aws:x:eu-west-1:{ACCOUNT}:{kind}" for kind in ("S3::Bucket", "KMS::Key", "RDS::DBInstance")}
    items = [config_item(f"AWS::{kind}", arn, named) for kind, arn in arns.items()]
    inventory = read(tmp_path, json.dumps({"configurationItems": items}))
    bucket, instance, key = (objects[0].fields for _, objects in sorted(inventory.objects.items()))
    assert ["b", "d", "k"] == [
        bucket["CA10__name__c"],
        instance["CA10__dbInstanceIdentifier__c"],
        key["CA10__keyId__c"],
    ]
    row = {"name": "b", "arn": "arn:aws:s3:::b", "account_id": ACCOUNT, "bucket_policy_is_public": False}
    steampipe = read(tmp_path, json.dumps([row | {"versioning_enabled": True, "_ctx": {}}]))
    assert ["b"] == [one.fields["CA10__name__c"] for one in steampipe.objects["CA10__CaAwsBucket__c"]]


def test_what_aws_config_does_not_record_is_there_and_not_known(tmp_path: Path) -> None:
    status = {"configurationItemStatus": "ResourceNotRecorded"}
    items = [config_item("AWS::IAM::User", one, None, **status) for one in (ANN, "")]
    inventory = read(tmp_path, json.dumps({"configurationItems": items}))
    [ann] = inventory.objects[USER]
    assert (ANN, False) == (ann.id, "CA10__userName__c" in ann.fields)
    assert "no `configuration.userName`" in reason_of(ann.fields, "CA10__userName__c")
    assert any(claim.lacking and claim.is_about(USER, "") for claim in inventory.sources[0].coverage)


def test_null_in_a_table_is_no_fact_and_text_in_cells_is_as_good_as_json(tmp_path: Path) -> None:
    rows = formats.steampipe_users()
    for content in (json.dumps(rows), json.dumps({"columns": [], "rows": rows}), formats.as_csv(rows)):
        inventory = read(tmp_path, content)
        ann, bob, carl = (object_of(inventory, USER, one).fields for one in (ANN, BOB, CARL))
        assert "CA10__userPolicies__r" not in ann and "CA10__AWS_IAM_Policy_User_Links__r" not in ann
        assert (1, 1) == (len(bob["CA10__userPolicies__r"]), len(carl["CA10__AWS_IAM_Policy_User_Links__r"]))
    trails = formats.cloudquery_trails()
    for content in (formats.as_lines([*trails, *trails]), formats.as_csv(trails)):
        trail = object_of(read(tmp_path, content), CONFIG_TRAIL, f"{ACCOUNT}|{TRAIL}").fields
        assert (True, True) == (trail["CA10__isLogging__c"], trail["CA10__multiRegionTrail__c"])


def test_what_a_report_and_details_say_of_one_user_is_united(tmp_path: Path) -> None:
    report = "user,arn,mfa_active\nann," + ANN + ",true\n"
    inventory = read(tmp_path, report, json.dumps(formats.details()))
    ann = object_of(inventory, USER, ANN)
    assert ((), [], True) == (ann.variants, ann.fields["CA10__userPolicies__r"], "mfa_active" in str(ann.fields))
    other = formats.details()
    other["UserDetailList"][0]["UserPolicyList"] = [{"PolicyName": "q"}]
    assert object_of(read(tmp_path, json.dumps(formats.details()), json.dumps(other)), USER, ANN).variants


def test_what_lists_an_object_contradicts_an_item_by_which_it_is_gone(tmp_path: Path) -> None:
    gone = config_item("AWS::IAM::User", ANN, {}, configurationItemStatus="ResourceDeleted")
    listed = [{"Id": ANN, "CA10__userName__c": "ann"}]
    inventory = read(tmp_path, json.dumps(listed), json.dumps({"configurationItems": [gone]}), type_name=USER)
    assert 1 == len(object_of(inventory, USER, ANN).variants)


BAD = {
    "details: no ARN": ('{"UserDetailList": [{"Arn": "ann"}]}', "entry 1 of `UserDetailList` cannot be used: its `Arn` is no"),
    "details: no list": ('{"UserDetailList": [{"Arn": "a"}], "Policies": 7}', "`Policies` is a number where an array is"),
    "details: no object": ('{"RoleDetailList": [], "UserDetailList": [7]}', "`UserDetailList` holds a number where an object"),
    "details: whose": (
        json.dumps({"UserDetailList": [], "Policies": [{"Arn": ADMIN}]}),
        "entry 1 of `Policies` cannot be used: it does not say of which account it is",
    ),
    "config: no array": ('{"configurationItems": 7}', "`configurationItems` is a number where an array is expected"),
    "config: no object": ('{"configurationItems": [7]}', "item 1 is a number where an object is expected"),
    "config: status": (
        json.dumps({"configurationItems": [config_item("AWS::IAM::User", ANN, {}, configurationItemStatus="Gone")]}),
        "item 1: its status is `Gone`",
    ),
    "config: time": (
        json.dumps({"configurationItems": [config_item("AWS::IAM::User", ANN, {}, configurationItemCaptureTime="now")]}),
        "`configurationItemCaptureTime` is `now`, which is not a time",
    ),
    "config: two statuses": (
        json.dumps({"configurationItems": [config_item("AWS::IAM::User", ANN, {}, status="ResourceDeleted")]}),
        "item 1 holds different values under `configurationItemStatus` and `status`",
    ),
    "config: two ARNs": (
        json.dumps({"configurationItems": [config_item("AWS::IAM::User", ANN, {}, ARN=BOB)]}),
        "item 1 holds different values under `arn` and `ARN`",
    ),
    "config: whose": (
        json.dumps({"configurationItems": [config_item("AWS::IAM::User", ANN, {}, accountId="444455556666")]}),
        "its `accountId` is another account than that of its `arn`",
    ),
    "steampipe: whose": (
        json.dumps([one | {"account_id": "444455556666"} for one in formats.steampipe_users()]),
        "row 1 cannot be used: its `account_id` is another account",
    ),
    "steampipe: twice": (
        json.dumps([one | {"access_key1_active": False} for one in formats.steampipe_report()]),
        "row 1 cannot be used: `access_key_1_active` stands in it twice, with different values",
    ),
    "prowler: no rows": ('[{"class_uid": 1, "metadata": {}, "finding_info": {}}]', "without a row of a credential report"),
    "prowler: no object": ('[{"class_uid": 1, "metadata": {}, "finding_info": {}}, 7]', "finding 2 is a number"),
    "steampipe: unknown": ('[{"_ctx": {}, "a": 1}]', "a table of Steampipe with `_ctx`, `a`, which is neither"),
    "steampipe: no rows": ('{"columns": [], "rows": []}', "a table of Steampipe without rows"),
    "steampipe: rows": ('{"columns": [], "rows": 7}', "`rows` is a number where an array is expected"),
    "steampipe: row": ('{"columns": [], "rows": [7]}', "row 1 is a number where an object is expected"),
    "cloudquery: no ARN": ('{"_cq_id": "a", "user_id": "a", "user_name": "a", "arn": null}', "row 1 cannot be used: its `arn`"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_used_is_refused_with_its_place(tmp_path: Path, case: str) -> None:
    content, reason = BAD[case]
    with pytest.raises(UnusableInput) as raised:
        read(tmp_path, content)
    assert reason in str(raised.value)


def test_a_table_has_no_more_rows_than_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perpend.inventory.readers.tools.tool_tables.MAX_CONTAINERS", 1)
    with pytest.raises(UnusableInput, match="holds more than 1 rows"):
        read(tmp_path, formats.as_lines(formats.cloudquery_policies()))


def test_a_type_that_a_file_does_not_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"account authorization details, which holds .*, not `X__c`"):
        read(tmp_path, json.dumps(formats.details()), type_name="X__c")


def test_a_table_that_lacks_a_column_says_which_and_of_what_table(tmp_path: Path) -> None:
    columns = "arn,account_id,user_name,_cq_id,_cq_sync_time\n"
    table = f"{columns}{ANN},{ACCOUNT},ann,1,2026-11-01 00:00:00\n"
    with pytest.raises(UnusableInput, match="for aws_iam_users it lacks `user_id`\\): say with --type and --mapping"):
        read(tmp_path, table)
    report = "user_arn,user_name,mfa_active,account_id,_ctx\na,b,true,1,{}\n"
    with pytest.raises(UnusableInput, match=r"\(for a credential report it lacks `user_creation_time`\)"):
        read(tmp_path, report)


def test_a_time_of_cloudquery_without_offset_is_utc(tmp_path: Path) -> None:
    rows = [{**row, "_cq_sync_time": "2026-11-19 10:00:00.5"} for row in formats.cloudquery_policies()]
    [source] = read(tmp_path, formats.as_lines(rows)).sources
    assert "2026-11-19 10:00:00" == str(source.observed_at)[:19]


def test_items_of_other_types_are_passed_over_beside_known_ones_and_refused_alone(tmp_path: Path) -> None:
    known, other = (config_item(kind, ANN, {}) for kind in ("AWS::IAM::User", "AWS::EC2::SecurityGroup"))
    inventory = read(tmp_path, json.dumps({"configurationItems": [other, known]}))
    assert [ANN] == [one.id for one in inventory.objects[USER]]
    with pytest.raises(
        UnusableInput, match=r"its items are of .AWS::EC2::SecurityGroup.; those that are read are AWS::IAM::User, "
    ):
        read(tmp_path, json.dumps({"configurationItems": [other]}))
    assert {} == read(tmp_path, json.dumps({"configurationItems": []})).objects


def test_a_list_that_some_object_leaves_open_is_claimed_by_no_file(tmp_path: Path) -> None:
    bare = {"UserName": "bob", "Arn": BOB}
    ann = {"UserName": "ann", "Arn": ANN, "UserPolicyList": [], "AttachedManagedPolicies": []}
    item = config_item("AWS::IAM::User", ANN, {"userName": "ann", "userPolicyList": [], "attachedManagedPolicies": []})
    rows = [{**one, "attached_policy_arns": [], "inline_policies": []} for one in formats.steampipe_users()]
    for whole, other in (
        ({"UserDetailList": [ann], "IsTruncated": True}, {"UserDetailList": [bare]}),
        ({"configurationItems": [item]}, {"configurationItems": [config_item("AWS::IAM::User", BOB, {})]}),
        (rows[:1], [{**rows[1], "attached_policy_arns": None, "inline_policies": None}]),
    ):
        for contents in ((whole, other), (other, whole)):
            complete = {str(tmp_path / f"{place}.in"): (Scope(ACCOUNT),) for place in (1, 2)}
            sources = read(tmp_path, *map(json.dumps, contents), complete=complete).sources
            assert [{USER}] * 2 == [{claim.type_name for claim in one.coverage} for one in sources]


def test_what_aws_config_says_that_it_does_not_record_is_not_complete_by_any_word(tmp_path: Path) -> None:
    absent = config_item("AWS::IAM::User", "", None, configurationItemStatus="ResourceNotRecorded")
    items = {"configurationItems": [config_item("AWS::IAM::User", ANN, {}), absent]}
    [source] = read(tmp_path, json.dumps(items), complete={str(tmp_path / "1.in"): (Scope(),)}).sources
    assert [True, False] == [bool(claim.lacking) for claim in source.coverage if claim.is_about(USER, "")]


@pytest.mark.parametrize("time", ["2999-01-01T00:00Z", "0001-01-01T00:00:00Z"])
def test_an_item_captured_when_nobody_can_have_looked_is_neither_newer_nor_older(tmp_path: Path, time: str) -> None:
    old = config_item("AWS::CloudTrail::Trail", TRAIL, {"name": "t", "isMultiRegionTrail": False})
    new = {**old, "configuration": {"name": "t", "isMultiRegionTrail": True}, "configurationItemCaptureTime": time}
    for contents in ([[old, new]], [[old], [new]], [[new], [old]]):
        inventory = read(tmp_path, *(json.dumps({"configurationItems": items}) for items in contents))
        assert 1 == len(object_of(inventory, CONFIG_TRAIL, f"{ACCOUNT}|{TRAIL}").variants)
        assert {"2026"} == {str(one.observed_at)[:4] for one in inventory.sources if one.observed_at}
