"""What a value of AWS becomes, one vector a line; and what a transform does not know."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from perpend.collectors.aws.transforms import LONGEST_DOCUMENT, TRANSFORMS
from perpend.collectors.items import ABOVE, NotThere

VIRTUAL = {"SerialNumber": "arn:aws:iam::111122223333:mfa/root-account-mfa-device", "User": {"Arn": "arn:aws:iam::1:root"}}
UNOWNED = {"SerialNumber": "arn:aws:iam::1:mfa/root-account-mfa-device"}


def of_root(enabled: int, *devices: Any) -> dict[str, Any]:
    summary = {"SummaryMap": {"AccountMFAEnabled": enabled}}
    return {"MFADevices": [], ABOVE: {"root": True, "iam.summary": summary, "iam.virtual-mfa": {"VirtualMFADevices": devices}}}


def of_user(*serials: str) -> dict[str, Any]:
    return {"MFADevices": [{"SerialNumber": serial} for serial in serials], ABOVE: {"root": False}}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("yes_no", True, "Yes"),
        ("yes_no", False, "No"),
        ("is_enabled", None, False),
        ("is_enabled", "Enabled", True),
        ("is_enabled", "Disabled", False),
        ("is_one", 1, True),
        ("is_one", 0, False),
        ("versioning", None, "Off"),
        ("versioning", "Suspended", "Suspended"),
        ("json_text", [{"a": datetime(2026, 1, 2, tzinfo=UTC)}], '[{"a":"2026-01-02T00:00:00Z"}]'),
        ("json_document", {"Version": "2012-10-17"}, '{"Version":"2012-10-17"}'),
        ("lower_camel_json", [{"ID": "a", "Status": "Enabled"}], '[{"id":"a","status":"Enabled"}]'),
        ("lines", ["a", "b"], "a\nb"),
        ("lines", [], None),
        ("log_level", {"*/*": {"loggingLevel": "INFO"}}, "INFO"),
        ("log_level", {"*/*": {"loggingLevel": "OFF"}}, None),
        ("log_level", {"a/GET": {"loggingLevel": "INFO"}}, None),
        ("log_level", {"*/*": {"loggingLevel": "INFO"}, "a/GET": {"loggingLevel": "OFF"}}, None),
        ("log_level", {"*/*": {"loggingLevel": "INFO"}, "a/GET": {"throttlingRateLimit": 1.0}}, "INFO"),
        ("route_log_level", {}, None),
        ("route_log_level", {"DefaultRouteSettings": {"LoggingLevel": "ERROR"}, "RouteSettings": {"a": {}}}, "ERROR"),
        ("route_log_level", {"DefaultRouteSettings": {"LoggingLevel": "OFF"}}, None),
        (
            "route_log_level",
            {"DefaultRouteSettings": {"LoggingLevel": "INFO"}, "RouteSettings": {"a": {"LoggingLevel": "OFF"}}},
            None,
        ),
        ("mfa_kind", of_user(), None),
        ("mfa_kind", of_user("arn:aws:iam::111122223333:mfa/ann"), "Virtual"),
        ("mfa_kind", of_user("arn:aws:iam::111122223333:u2f/user/ann/key"), "Hardware"),
        ("mfa_kind", of_user("GAHT12345678", "arn:aws:iam::111122223333:mfa/ann"), "Virtual"),
        ("mfa_kind", of_root(0), None),
        ("mfa_kind", of_root(1), "Hardware"),
        ("mfa_kind", of_root(1, VIRTUAL), "Virtual"),
        ("mfa_kind", of_root(1, {**VIRTUAL, "User": {"Arn": "arn:aws:iam::1:user/ann"}}), "Hardware"),
        ("mfa_kind", of_root(1, UNOWNED, VIRTUAL), "Virtual"),
        ("mfa_kind", of_root(0, UNOWNED), None),
        ("root_mfa_kind", {"VirtualMFADevices": [VIRTUAL], ABOVE: of_root(1)[ABOVE]}, "Virtual"),
        ("root_mfa_kind", {"VirtualMFADevices": [], ABOVE: of_root(1)[ABOVE]}, "Hardware"),
        ("root_mfa_kind", {"VirtualMFADevices": [], ABOVE: of_root(0)[ABOVE]}, None),
        ("mfa_state", of_root(0), "Known"),
        (
            "seconds_after_user",
            {"CreateDate": datetime(2026, 1, 2, 3, 5), ABOVE: {"CreateDate": datetime(2026, 1, 2, 3, 4)}},
            60.0,
        ),
        ("report_lines", '{"user":"ann","mfa_active":"TRUE"}', "user: ann\nmfa_active: TRUE"),
        ("report_password_last_used", '{"password_last_used":"N/A"}', None),
        ("report_password_last_used", '{"password_last_used":"2026-01-02T03:04:05+00:00"}', "2026-01-02T03:04:05Z"),
        ("unescaped", '{\\"Version\\":\\"2012-10-17\\"}', '{"Version":"2012-10-17"}'),
        ("unescaped", '{"Version":"2012-10-17"}', '{"Version":"2012-10-17"}'),
        ("transition_time", "", None),
        ("transition_time", "User initiated (2026-01-02 03:04:05 GMT)", "2026-01-02T03:04:05Z"),
        ("encryption_algorithm", [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}], "AES256"),
        ("encryption_algorithm", [], None),
        ("retention", {}, None),
        ("retention", {"logGroupClass": "INFREQUENT_ACCESS"}, None),
        ("retention", {"logGroupClass": "DELIVERY", "retentionInDays": 2}, 2),
        ("object_ownership", [{"ObjectOwnership": "BucketOwnerEnforced"}], "BucketOwnerEnforced"),
        ("object_ownership", [], None),
        ("first_arn", [{"Arn": "arn:a"}], "arn:a"),
        ("first_arn", [], None),
        ("topic_arn", "arn:aws:sns:eu-west-1:111122223333:t", "arn:aws:sns:eu-west-1:111122223333:t"),
        ("topic_arn", "arn:aws:lambda:eu-west-1:111122223333:function:f", None),
        ("confirmed", "PendingConfirmation", False),
        ("confirmed", "arn:aws:sns:eu-west-1:111122223333:t:1", True),
        ("is_queue_encrypted", {"SqsManagedSseEnabled": "false"}, False),
        ("is_queue_encrypted", {"SqsManagedSseEnabled": "true"}, True),
        ("is_queue_encrypted", {"KmsMasterKeyId": "k"}, True),
        ("organization", "none", None),
        ("organization", "o-abc", "o-abc"),
        ("the_one", [False], False),
    ],
)
def test_values(name: str, value: Any, expected: Any) -> None:
    assert expected == TRANSFORMS[name](value)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("json_document", "{", "is not valid JSON"),
        ("json_document", "[]", "is no JSON object"),
        ("json_document", "[" * 100_000, "is not valid JSON"),
        ("json_document", '{"a":"' + "a" * LONGEST_DOCUMENT + '"}', "more than AWS takes"),
        ("default_document", [], "no default version"),
        ("mfa_kind", {"MFADevices": [], ABOVE: {"root": True}}, "iam:GetAccountSummary"),
        ("mfa_kind", {"MFADevices": [], ABOVE: {"root": True, "iam.summary": {}, "iam.virtual-mfa": {}}}, "GetAccountSummary"),
        ("root_mfa_kind", {"VirtualMFADevices": [], ABOVE: {"Account": "1"}}, "iam:GetAccountSummary"),
        ("mfa_kind", of_root(1, UNOWNED), "whose virtual MFA device"),
        ("mfa_kind", of_root(1, {**UNOWNED, "User": {}}), "whose virtual MFA device"),
        ("mfa_state", of_root(1, {**UNOWNED, "SerialNumber": "arn:aws:iam::1:mfa/ann"}), "whose virtual MFA device"),
        ("root_mfa_kind", {"VirtualMFADevices": [UNOWNED], ABOVE: of_root(1)[ABOVE]}, "whose virtual MFA device"),
        ("report_password_last_used", '{"password_last_used":"not_supported"}', "does not say"),
        ("report_password_last_used", "{}", "does not say"),
        ("seconds_after_user", {"CreateDate": datetime(2026, 1, 2, 3, 5), ABOVE: {}}, "iam:ListAccessKeys"),
        ("retention", {"logGroupClass": "DELIVERY"}, "no retentionInDays"),
        ("the_one", [], "0 entries for one object"),
        ("the_one", [True, True], "2 entries for one object"),
        ("transition_time", "Server.SpotInstanceTermination", "names no time"),
        ("transition_time", "User initiated (2026-02-30 03:04:05 GMT)", "names no time"),
    ],
)
def test_what_is_not_known(name: str, value: Any, reason: str) -> None:
    with pytest.raises(NotThere, match=reason):
        TRANSFORMS[name](value)
