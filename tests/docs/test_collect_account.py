"""The script that asks an account, beside an `aws` that gives answers as the CLI does: what is refused is never a pass."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from perpend.cli.app import main
from perpend.language.syntax.repository import LIBRARY

ROOT = Path(__file__).parents[2]
HOME, FAR = "eu-west-1", "ap-east-1"
TRAIL = f"arn:aws:cloudtrail:{HOME}:111122223333:trail/main"
SUPPORT = "arn:aws:iam::aws:policy/AWSSupportAccess"
ROLE = "arn:aws:iam::111122223333:role/help"
SELECTOR = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
}
ANSWERS = {
    "sts get-caller-identity": {"Account": "111122223333"},
    "ec2 describe-regions": {
        "Regions": [
            {"RegionName": HOME, "OptInStatus": "opt-in-not-required"},
            {"RegionName": FAR, "OptInStatus": "not-opted-in"},
        ]
    },
    "ec2 get-ebs-encryption-by-default": {"EbsEncryptionByDefault": True},
    "iam get-account-password-policy": {
        "PasswordPolicy": {
            "MinimumPasswordLength": 14,
            "PasswordReusePrevention": 24,
            "RequireUppercaseCharacters": True,
            "RequireLowercaseCharacters": True,
            "RequireNumbers": True,
            "RequireSymbols": True,
        }
    },
    "iam list-users": {"Users": []},
    "iam get-account-authorization-details": {
        "RoleDetailList": [{"Arn": ROLE, "RoleName": "help", "AttachedManagedPolicies": [{"PolicyArn": SUPPORT}]}]
    },
    "cloudtrail describe-trails": {
        "trailList": [{"TrailARN": TRAIL, "Name": "main", "HomeRegion": HOME, "IsMultiRegionTrail": True}]
    },
    "cloudtrail get-trail-status": {"IsLogging": True},
    "cloudtrail get-event-selectors": {"TrailARN": TRAIL, "EventSelectors": [SELECTOR]},
    "configservice describe-configuration-recorders": {
        "ConfigurationRecorders": [
            {"name": "default", "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True}}
        ]
    },
    "configservice describe-configuration-recorder-status": {
        "ConfigurationRecordersStatus": [{"name": "default", "recording": True, "lastStatus": "SUCCESS"}]
    },
    "accessanalyzer list-analyzers": {"analyzers": [{"arn": "arn:a", "type": "ACCOUNT", "status": "ACTIVE"}]},
    "securityhub describe-hub": {"HubArn": f"arn:aws:securityhub:{HOME}:111122223333:hub/default"},
}
AWS = """#!/bin/sh
case " $* " in *" {far} "*) echo "a region that is not enabled is not asked" >&2; exit 1 ;; esac
cat "{answers}/$1 $2.json" 2>/dev/null && exit
read -r code <"{answers}/$1 $2.error" && echo "An error occurred ($code) when calling the operation: no" >&2
exit 1
"""
"""An answer is a file; so is what is answered instead of one."""

PAGE = (ROOT / "docs/how-to/check-an-account.md").read_text("utf-8")
POLICIES = sum("inputType: CA10__CaAwsAccount__c" in file.read_text() for file in LIBRARY.glob("ce/**/prod.logic.yaml"))
NOT_BROUGHT = {
    "maintain-alternate-contact-information",
    "organization-centralized-root-access",
    "root-user-hardware-mfa",
    "s3-block-public-access",
}
"""Policies on facts that the script does not ask for."""


def statuses(folder: Path, told: str, **changed: object) -> dict[str, str]:
    """Collect by the script with some answers changed; return each policy's status. ``told`` is what stderr begins with."""
    answers = {**ANSWERS, **{name.replace("__", " ").replace("_", "-"): one for name, one in changed.items()}}
    for call, answer in answers.items():
        is_error = isinstance(answer, str)
        (folder / f"{call}.{'error' if is_error else 'json'}").write_text(f"{answer}\n" if is_error else json.dumps(answer))
    (folder / "aws").write_text(AWS.format(answers=folder, far=FAR))
    (folder / "aws").chmod(0o755)
    script = [sys.executable, str(ROOT / "examples" / "collect_account.py")]
    found = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    ran = subprocess.run(script, env=found, capture_output=True, text=True, check=True)
    assert ran.stderr.startswith(told)
    assert bool(told) == bool(ran.stderr)
    collected, verdicts = folder / "account.json", folder / "verdicts.ndjson"
    collected.write_text(ran.stdout)
    options = ["--type", "AWS Account", "--snapshot-time", "2026-11-20", "--format", "ndjson", "--out", str(verdicts)]
    with pytest.raises(SystemExit):
        main(["check", str(collected), *options])
    lines = [json.loads(line) for line in verdicts.read_text().splitlines()]
    of_accounts = [line for line in lines if line["object"]["typeApiName"] == "CA10__CaAwsAccount__c"]
    return {line["policyId"].rpartition("/")[2]: line["status"] for line in of_accounts}


def test_an_account_that_has_all_is_compliant(tmp_path: Path) -> None:
    found = statuses(tmp_path, "")
    assert (POLICIES, {"COMPLIANT", "UNDETERMINED"}) == (len(found), set(found.values()))
    unknown = {policy for policy, status in found.items() if status != "COMPLIANT"}
    assert NOT_BROUGHT == {policy for policy in unknown if not policy.endswith("-monitoring")}
    assert f"{POLICIES - len(unknown)} of the {POLICIES} policies on accounts" in " ".join(PAGE.split())
    assert [] == [policy for policy in (*NOT_BROUGHT, "…-monitoring") if f"`{policy}`" not in PAGE]


@pytest.mark.parametrize(
    ("call", "answer", "told", "expected"),
    [
        ("iam__get_account_password_policy", "NoSuchEntity", "", ("INCOMPLIANT", "password-policy-minimum-password-length-14")),
        ("securityhub__describe_hub", "InvalidAccessException", "", ("INCOMPLIANT", "security-hub")),
        ("securityhub__describe_hub", "AccessDenied", "not known: CA10A1__AWS_Sec", ("UNDETERMINED", "security-hub")),
        (
            "iam__list_users",
            "AccessDenied",
            "not known: CA10__users__r: aws iam list-users",
            ("UNDETERMINED", "account-has-no-iam-users"),
        ),
        (
            "cloudtrail__get_trail_status",
            "Throttling",
            "not known: CA10__isLogging__c",
            ("UNDETERMINED", "multi-region-cloudtrail"),
        ),
        (
            "accessanalyzer__list_analyzers",
            "X",
            "not known: CA10A1__AWS_IAM",
            ("UNDETERMINED", "iam-access-analyzer-for-all-regions"),
        ),
    ],
)
def test_nothing_there_is_incompliant_and_refused_is_undetermined(
    call: str, answer: str, told: str, expected: tuple[str, str], tmp_path: Path
) -> None:
    found = statuses(tmp_path, told, **{call: answer})
    assert expected == (found[expected[1]], expected[1])
