"""The calls for each user and key that a credential report makes needless, and the doubts that it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")

from perpend.core.objects.claims import Claim, Scope
from tests.unit.collectors.aws.answering import ACCOUNT, AnsweringClient, Reply, collected

USER, KEY = "CA10__CaAwsUser__c", "CA10__CaAwsAccessKey__c"
MADE = datetime(2026, 11, 20, 12, tzinfo=UTC)
BORN, ROTATED, LATER = (datetime(2020, 1, day, 3, 4, 5, tzinfo=UTC) for day in (1, 2, 3))
NONE = "N/A"
ROW = {
    "user": "ann",
    "arn": f"arn:aws:iam::{ACCOUNT}:user/ann",
    "user_creation_time": BORN.isoformat(),
    "password_enabled": "false",
    "password_last_used": NONE,
    "mfa_active": "false",
    **{f"access_key_{slot}_active": "false" for slot in (1, 2)},
    **{f"access_key_{slot}_last_{what}": NONE for slot in (1, 2) for what in ("rotated", "used_date", "used_service")},
}
ONE_KEY = {"access_key_1_active": "true", "access_key_1_last_rotated": ROTATED.isoformat()}
USED = {"access_key_1_last_used_date": LATER.isoformat(), "access_key_1_last_used_service": "s3"}
VIRTUAL = {"SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/ann", "User": {"Arn": ROW["arn"]}}
HARDWARE = {"UserName": "ann", "SerialNumber": f"arn:aws:iam::{ACCOUNT}:u2f/user/ann/key"}


def answers(row: Mapping[str, str], **replies: Reply) -> dict[str, Reply]:
    columns = {**ROW, **row}
    report = f"{','.join(columns)}\n{','.join(columns.values())}\n"
    user = {"UserName": "ann", "Arn": ROW["arn"], "CreateDate": BORN}
    key = {"UserName": "ann", "AccessKeyId": "AKIA1", "Status": "Active", "CreateDate": ROTATED}
    return {
        "iam.report-generate": {"State": "COMPLETE"},
        "iam.report": {"Content": report.encode(), "GeneratedTime": MADE},
        "iam.user-details": {"UserDetailList": [user]},
        "iam.summary": {"SummaryMap": {"AccountMFAEnabled": 0}},
        "iam.virtual-mfa": {"VirtualMFADevices": []},
        "iam.mfa": {"MFADevices": [HARDWARE]},
        "iam.login": {"LoginProfile": {"UserName": "ann", "CreateDate": BORN}},
        "iam.keys": {"AccessKeyMetadata": [key]},
        "iam.key-used": {"UserName": "ann", "AccessKeyLastUsed": {"ServiceName": "asked", "LastUsedDate": LATER}},
        **replies,
    }


def user_of(row: Mapping[str, str], **replies: Reply) -> tuple[Any, Any, set[str]]:
    """Return the kind of device and the date of the password of a user, and the calls that were made for the user."""
    client = AnsweringClient(answers(row, **replies))
    rows, _ = collected(client, {USER: {"CA10__mfaDeviceType__c", "CA10__loginProfileCreateDate__c"}})
    [ann] = [one for one in rows if one.fields["Id"] == ROW["arn"]]
    assert not ann.reasons
    asked = {*client.asked} & {"iam.mfa", "iam.login"}
    return ann.fields["CA10__mfaDeviceType__c"], ann.fields["CA10__loginProfileCreateDate__c"], asked


def key_of(row: Mapping[str, str], **replies: Reply) -> tuple[Any, Any, set[str]]:
    """Return service and date of a key's last use, None twice without a key, and the calls that were made for user and key."""
    client = AnsweringClient(answers(row, **replies))
    rows, found = collected(client, {KEY: {"CA10__lastUsedDate__c", "CA10__lastUsedServiceName__c"}})
    keys = [one for one in rows if one.type_name == KEY]
    asked = {*client.asked} & {"iam.keys", "iam.key-used"}
    [source] = [one for one in found.sources if Claim(KEY, Scope(ACCOUNT)) in one.coverage]
    assert (len(keys), 1) == (source.objects, len({1} | {one.source for one in keys})), "all keys are of the report's source"
    assert source.observed_at == MADE or row.get("denied")
    if not keys:
        return None, None, asked
    return keys[0].fields["CA10__lastUsedServiceName__c"], keys[0].fields["CA10__lastUsedDate__c"], asked


def test_what_the_report_and_the_list_of_virtual_devices_decide_is_not_asked_of_each_user() -> None:
    active = {"mfa_active": "true"}
    assert (None, None, set()) == user_of({})
    assert ("Virtual", None, set()) == user_of({"mfa_active": "TRUE"}, **{"iam.virtual-mfa": {"VirtualMFADevices": [VIRTUAL]}})
    assert ("Hardware", None, {"iam.mfa"}) == user_of(active)
    born = BORN.isoformat().replace("+00:00", "Z")
    assert (None, born, {"iam.login"}) == user_of({"password_enabled": "true"})


@pytest.mark.parametrize("password", ["not_supported", "", "N/A"])
def test_a_password_that_the_report_leaves_in_doubt_is_asked_for(password: str) -> None:
    assert {"iam.login"} == user_of({"password_enabled": password})[2]


@pytest.mark.parametrize(
    ("row", "devices"),
    [
        ({}, {"VirtualMFADevices": [VIRTUAL]}),  # made after the report
        ({}, "AccessDenied"),
        ({}, {"VirtualMFADevices": [{"SerialNumber": "whose"}]}),
        ({"mfa_active": "N/A"}, {"VirtualMFADevices": []}),
    ],
)
def test_devices_that_report_and_list_leave_in_doubt_are_asked_for(row: dict[str, str], devices: Reply) -> None:
    assert {"iam.mfa"} == user_of(row, **{"iam.virtual-mfa": devices})[2]


def test_keys_are_listed_of_users_that_have_some_and_their_use_is_in_the_report() -> None:
    later = LATER.isoformat().replace("+00:00", "Z")
    assert (None, None, set()) == key_of({})
    assert ("N/A", None, {"iam.keys"}) == key_of(ONE_KEY)
    assert ("s3", later, {"iam.keys"}) == key_of({**ONE_KEY, **USED})
    second = {name.replace("_1_", "_2_"): value for name, value in {**ONE_KEY, **USED}.items()}
    assert ("s3", later, {"iam.keys"}) == key_of(second)
    assert ("N/A", None, {"iam.keys"}) == key_of(
        {**ONE_KEY, **{name.replace("_1_", "_2_"): it for name, it in ONE_KEY.items()}}
    )


@pytest.mark.parametrize(
    "row",
    [
        {"access_key_1_last_rotated": BORN.isoformat()},  # made after the report, or changed
        {"access_key_1_last_rotated": "no_information"},
        {"access_key_1_active": "false"},
        {"access_key_1_last_used_date": LATER.isoformat()},
        {"access_key_1_last_used_date": "no_information"},
        {"access_key_1_last_used_service": "s3"},
        {"user_creation_time": LATER.isoformat()},  # another user of the same name
        {"additional_credentials_info": "1 access key: iam:ListAccessKeys"},
        {"arn": f"arn:aws:iam::{ACCOUNT}:user/bob", "user": "bob"},
        {**USED, **{name.replace("_1_", "_2_"): value for name, value in ONE_KEY.items()}},  # one of two keys of one second
    ],
)
def test_the_use_of_a_key_that_the_report_leaves_in_doubt_is_asked_for(row: dict[str, str]) -> None:
    assert ("asked", {"iam.keys", "iam.key-used"}) == key_of({**ONE_KEY, **row})[::2]


@pytest.mark.parametrize("row", [{"access_key_2_last_rotated": LATER.isoformat()}, {"access_key_1_active": "N/A"}])
def test_keys_of_a_user_of_whom_the_report_leaves_them_in_doubt_are_listed(row: dict[str, str]) -> None:
    assert "iam.keys" in key_of(row)[2]


def test_without_a_report_each_user_is_asked_for_keys_and_they_are_known() -> None:
    found = key_of({"denied": "x"}, **{"iam.report-generate": "AccessDenied"})
    assert ("asked", {"iam.keys", "iam.key-used"}) == found[::2]


def test_the_report_is_read_once_for_users_and_keys() -> None:
    client = AnsweringClient(answers(ONE_KEY))
    collected(client, {KEY: {"CA10__status__c"}, USER: {"CA10__arn__c"}})
    assert 1 == client.asked.count("iam.report")


def test_the_calls_for_a_thousand_users_are_those_for_users_with_keys() -> None:
    users = [f"arn:aws:iam::{ACCOUNT}:user/user{number}" for number in range(1000)]
    rows = [
        {**ROW, "user": arn.rpartition("/")[2], "arn": arn, **(ONE_KEY if number % 4 == 0 else {})}
        for number, arn in enumerate(users)
    ]
    report = "\n".join([",".join(ROW), *(",".join(row.values()) for row in rows)])
    details = [{"UserName": arn.rpartition("/")[2], "Arn": arn, "CreateDate": BORN} for arn in users]

    def keys(parameters: Mapping[str, Any], _: str) -> Mapping[str, Any]:
        name = str(parameters["UserName"])
        return {"AccessKeyMetadata": [{"UserName": name, "AccessKeyId": name, "Status": "Active", "CreateDate": ROTATED}]}

    client = AnsweringClient(
        {
            **answers({}),
            "iam.report": {"Content": report.encode(), "GeneratedTime": MADE - timedelta(hours=3)},
            "iam.user-details": {"UserDetailList": details},
            "iam.keys": keys,
        }
    )
    wanted = {USER: {"CA10__mfaDeviceType__c", "CA10__loginProfileCreateDate__c"}, KEY: {"CA10__lastUsedServiceName__c"}}
    found, _ = collected(client, wanted)
    assert 250 == sum(row.type_name == KEY for row in found)
    assert len(client.asked) <= 300
