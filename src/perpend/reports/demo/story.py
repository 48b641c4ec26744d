"""The thirty days of the organisation: what is wrong in it and when, what comes and goes, and what a run may not read."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from perpend.collectors.simulated import SimulatedAccount, SimulatedEstate, SimulatedObject
from perpend.core.dataclass import dataclass
from perpend.core.values.tags import TAGS_FIELD
from perpend.reports.demo.defaults import ORGANIZATION, Ago, field_name, type_name
from perpend.reports.demo.organisation import ACCOUNTS, REGIONS, SECOND, document, objects, share

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perpend.reports.demo.organisation import DemoObject

DAYS: Final = (30, 27, 24, 20, 17, 14, 10, 7, 3, 0)
"""How many days before today each run is."""

RUNS: Final = len(DAYS)

JOINS: Final = 5
"""The run at which the last account joins the organisation."""

OBJECTS: Final = 600
"""How many objects the organisation has at the last run."""


class Flaw(NamedTuple):
    """Fields that are wrong in a share of the objects of a type whose keys match a pattern."""

    type: str
    share: float
    fields: Mapping[str, Any]
    keys: str = "*"


class Denied(NamedTuple):
    """A permission that accounts deny in a region, or everywhere, from one run to another."""

    accounts: str
    permission: str
    region: str = ""
    first: int = 1
    last: int = RUNS


_PUBLIC_GRANT: Final = json.dumps(
    [{"grantee": {"type": "Group", "uri": "http://acs.amazonaws.com/groups/global/AllUsers"}, "permission": "READ"}]
)
_UNBLOCKED: Final = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), "No")
_NO_KEY: Final = {"kmsKeyArn": None, "kmsKey": None}
_ANYWHERE: Final = {"sourceIpRange": "0.0.0.0/0"}
_IDLE: Final = {"averageCpuOneWeek": 0.4, "sumOneWeekNetworkInMb": 1.2, "sumOneWeekNetworkOutMb": 0.6}

FLAWS: Final = (
    Flaw("Account", 0.3, {"rootMfaDeviceType": "Virtual"}),
    Flaw("Account", 1, {"rootMfaEnabled": False, "rootMfaDeviceType": None}, "developer-sandbox/*"),
    Flaw("Account", 1, {"rootAccessKeysPresent": True}, "loyalty/*"),
    Flaw("Account", 0.25, {"securityContactEmailAddress": None}),
    Flaw("AccountRegion", 0.25, {"ebsStorageEncryption": "Disabled"}),
    Flaw("PasswordPolicy", 0.3, {"minimumPasswordLength": 8, "passwordReusePrevention": 5}),
    Flaw("CloudTrailTrail", 0.2, {"logFileValidationEnabled": False}),
    Flaw("CloudTrailTrail", 1, _NO_KEY, "payments-production/*"),
    Flaw("CloudTrailTrail", 1, _NO_KEY, "shared-network/*"),
    Flaw("CloudTrailTrail", 1, {"isLogging": False}, "developer-sandbox/*"),
    Flaw("ConfigRecorder", 0.1, {"recording": False}),
    Flaw("ConfigRecorder", 0.06, {"lastStatus": "FAILURE"}),
    Flaw("User", 0.2, {"row.mfa_active": "false", "mfaDeviceType": None}, "*/user/*.*"),
    Flaw("User", 0.15, {"row.password_last_used": Ago(70)}, "*/user/*.*"),
    Flaw("User", 0.4, {"row.access_key_1_last_rotated": Ago(80)}, "*/user/[!r]*[!.]"),
    Flaw("User", 0.15, {"row.access_key_2_active": "true", "row.access_key_2_last_rotated": Ago(30)}, "*/user/deploy"),
    Flaw("User", 1, {"row.access_key_1_active": "true", "row.access_key_1_last_rotated": Ago(700)}, "loyalty/user/root"),
    Flaw("User", 1, {"row.mfa_active": "false", "mfaDeviceType": None}, "developer-sandbox/user/root"),
    Flaw("Role", 0.2, {"lastUsedDate": Ago(110)}),
    Flaw(
        "Role", 1, {"assumeRolePolicyDocument": document(Action="sts:AssumeRole", Principal="*")}, "loyalty/role/points-service"
    ),
    Flaw("IamRolePolicyAttachment", 0.12, {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}, "*-service/*"),
    Flaw("IamPolicy", 0.2, {"policyDocument": document(Action="*", Resource="*")}),
    Flaw("IamPolicy", 0.2, {"attachmentCount": 0}),
    Flaw("Bucket", 0.15, _UNBLOCKED),
    Flaw("Bucket", 1, _UNBLOCKED, "data-lake/bucket/ingest"),
    Flaw(
        "Bucket",
        1,
        {
            **_UNBLOCKED,
            "policyDocument": document(
                Principal="*", Action="s3:GetObject", Resource="arn:aws:s3:::meridian-web-shop-production-media/*"
            ),
        },
        "web-shop-production/bucket/media",
    ),
    Flaw(
        "Bucket",
        1,
        {**_UNBLOCKED, "objectOwnership": "ObjectWriter", "aclGrantsJson": _PUBLIC_GRANT},
        "loyalty/bucket/vouchers",
    ),
    Flaw("Bucket", 0.3, {"encryptionAlgorithm": "AES256"}),
    Flaw("Bucket", 0.25, {"versioningStatus": "Off"}),
    Flaw("Bucket", 0.3, {"lifecycleRulesJson": None}),
    Flaw(
        "Bucket",
        0.4,
        {"loggingDestinationBucketName": None, "loggingDestinationBucketArn": None, "loggingDestinationBucket": None},
    ),
    Flaw("Bucket", 0.3, {"policyDocument": None}, "*/bucket/[!m]*"),
    Flaw("KmsKey", 0.25, {"rotationEnabled": False}),
    Flaw("KmsKey", 0.08, {"state": "PendingDeletion", "deletionDate": Ago(-9)}),
    Flaw("Secret", 0.3, {"rotationEnabled": False, "lastRotatedDate": Ago(200), "lastChangedDate": Ago(200)}),
    Flaw("Secret", 0.15, {"lastAccessedDate": Ago(120)}),
    Flaw("SqsQueue", 0.15, {"encrypted": False}),
    Flaw(
        "SqsQueue",
        1,
        {"policyDocument": document(Principal="*", Action="sqs:SendMessage", Resource="*")},
        "warehouse-production/queue/labels",
    ),
    Flaw("LambdaFunction", 0.2, {"runtime": "python3.8"}),
    Flaw("LambdaFunction", 0.2, {"vpcId": None}),
    Flaw("SecurityGroupRule2", 0.15, {"fromPort": 22, "toPort": 22, **_ANYWHERE}),
    Flaw("SecurityGroupRule2", 0.1, {"fromPort": 5432, "toPort": 5432, **_ANYWHERE}),
    Flaw("SecurityGroupRule2", 1, {"fromPort": 3389, "toPort": 3389, **_ANYWHERE}, "warehouse-production/*/picking"),
    Flaw("SecurityGroup", 0.1, {"Name": "launch-wizard-3"}, "developer-sandbox/security-group/[!d]*"),
    Flaw("Instance", 0.25, {"metadataHttpTokens": "optional"}),
    Flaw("Instance", 0.35, {"monitoringState": "disabled"}),
    Flaw("Instance", 0.12, {"publicIpAddress": "198.51.100.24"}),
    Flaw("Instance", 0.12, {"iamInstanceProfileArn": None}),
    Flaw("Instance", 0.1, _IDLE),
    Flaw("Instance", 0.08, {"stateName": "stopped", "stateTransitionTime": Ago(52)}),
    Flaw("Volume", 0.15, {"encrypted": False, "kmsKeyId": None}),
    Flaw("DbInstance", 0.1, {"storageEncrypted": False}),
    Flaw("DbInstance", 0.3, {"multiAz": False}),
    Flaw("DbInstance", 0.25, {"deletionProtection": False}),
    Flaw("DbInstance", 0.2, {"backupRetentionPeriod": 3}),
    Flaw("DbInstance", 0.4, {"endpointPort": "5432"}),
    Flaw("DbInstance", 0.25, {"masterUsername": "postgres"}),
    Flaw("DbInstance", 0.1, {"autoMinorVersionUpgrade": False}),
    Flaw("DbInstance", 0.3, {"monitoringInterval": 0}),
    Flaw("DbInstance", 0.4, {"iamDatabaseAuthenticationEnabled": False}),
    Flaw("DbInstance", 0.2, {"enabledCloudwatchLogsExports": None}),
    Flaw("DbInstance", 0.2, {"copyTagsToSnapshot": False}),
)
"""What is wrong, in the order of the table: a later flaw of an object overrides an earlier one."""

DENIED: Final = (
    Denied("Payments production", "kms:GetKeyRotationStatus"),
    Denied("Developer sandbox", "ec2:GetEbsEncryptionByDefault", "us-east-1"),
    Denied("Loyalty", "s3:GetBucketPolicy"),
    # The role of the audit got these permissions with the second and the fourth run.
    Denied("*", "account:GetAlternateContact", last=1),
    Denied("*", "secretsmanager:GetResourcePolicy", last=3),
    Denied("Warehouse production", "rds:DescribeDBInstances", last=3),
    # For one run nothing of a region could be read. Findings there were not confirmed, and came back.
    Denied("Web shop production", "*", SECOND, 7, 7),
    # A change of yesterday, which nobody has noticed yet.
    Denied("Data lake", "s3:GetBucketPublicAccessBlock", first=9),
    Denied("Data lake", "rds:DescribeDBInstances", first=10),
)
"""What the role of the audit may not read, and when."""

COMING_AND_GOING: Final = frozenset(
    ("Instance", "Volume", "DbInstance", "LambdaFunction", "Secret", "SqsQueue", "IamAccessAnalyzer", "IamRolePolicyAttachment")
)
"""The types of which a few objects come or go."""


@dataclass(frozen=True, slots=True)
class Story:
    """The organisation in all of its runs; the last one is at ``today``."""

    today: datetime

    def time_of(self, run: int) -> datetime:
        """Return the time of a run, of which the first is 1."""
        return self.today - timedelta(days=DAYS[run - 1])

    def estates(self, first: int = 1) -> Iterator[SimulatedEstate]:
        """Yield the estate at each run from the ``first`` one on."""
        placed = objects()
        for run in range(first, RUNS + 1):
            at = self.time_of(run)
            accounts = (account for account in ACCOUNTS if account is not ACCOUNTS[-1] or run >= JOINS)
            yield SimulatedEstate(
                at,
                ORGANIZATION,
                tuple(
                    SimulatedAccount(
                        account.number,
                        account.name,
                        REGIONS,
                        tuple(self._shown(one, run) for one in placed if one.account is account and _exists(one, run)),
                        _denied_in(account.name, run),
                    )
                    for account in accounts
                ),
            )

    def _shown(self, placed: DemoObject, run: int) -> SimulatedObject:
        """Return an object as it is at a run: with its flaws, with times, and with API names."""
        fields = dict(placed.fields)
        for flaw in FLAWS:
            if flaw.type == placed.type and fnmatchcase(placed.key, flaw.keys) and _is_flawed(placed.key, flaw, run):
                fields |= flaw.fields
        if "row" in fields:
            fields = self._with_report(fields, run)
        named = {field_name(placed.type, name): self._value(value, run, "Z") for name, value in fields.items()}
        named[TAGS_FIELD] = json.dumps(_tags(placed))
        return SimulatedObject(type_name(placed.type), placed.id, named, placed.region)

    def _with_report(self, fields: dict[str, Any], run: int) -> dict[str, Any]:
        """Return the fields of a user with the row of the credential report as text. ``row.x`` is a column of it."""
        row = fields.pop("row")
        row = {**row, **{name.removeprefix("row."): value for name, value in fields.items() if name.startswith("row.")}}
        row = {name: self._value(value, run, "+00:00") for name, value in row.items()}
        rest = {name: value for name, value in fields.items() if not name.startswith("row.")}
        used = row["password_last_used"]
        return {
            **rest,
            "credReportAttributesJson": json.dumps(row, separators=(",", ":")),
            "credReportAttributes": "\n".join(f"{name}: {value}" for name, value in row.items()),
            "credReportPasswordLastUsed": None if used == "N/A" else used.replace("+00:00", "Z"),
        }

    def _value(self, value: Any, run: int, zone: str) -> Any:
        """Return a value with its time, if it is one, as AWS writes it."""
        if not isinstance(value, Ago):
            return value
        time = (self.time_of(run) if value.before_run else self.today) - timedelta(days=value.days)
        return f"{time:%Y-%m-%dT%H:%M:%S}{zone}"


def _tags(placed: DemoObject) -> dict[str, str]:
    """Return the tags of an object; a few objects have none."""
    kind = placed.account.name.rpartition(" ")[2]
    environment = kind if kind in ("production", "staging", "sandbox") else "shared"
    return {"team": placed.account.owner, "environment": environment} if share(placed.key, "tags") > 0.1 else {}


def _denied_in(account: str, run: int) -> frozenset[tuple[str, str]]:
    return frozenset(
        (denied.permission, denied.region)
        for denied in DENIED
        if fnmatchcase(account, denied.accounts) and denied.first <= run <= denied.last
    )


def _exists(placed: DemoObject, run: int) -> bool:
    """Whether an object exists at a run. A few come later, and a few are deleted."""
    if placed.type not in COMING_AND_GOING:
        return True
    course = share(placed.key, "life")
    at = 2 + int(share(placed.key, "when") * (RUNS - 1))
    return run >= at if course < 0.09 else run < at if course < 0.2 else True


def _is_flawed(key: str, flaw: Flaw, run: int) -> bool:
    """Whether an object has a flaw at a run. Most flaws stay; some come, some are fixed, some come back."""
    name = (key, flaw.type, *flaw.fields)
    if share(*name) >= flaw.share:
        return False
    course, at = share(*name, "course"), 2 + int(share(*name, "when") * (RUNS - 2))
    if course < 0.6:
        return True
    if course < 0.75:
        return run >= at
    if course < 0.9:
        return run < at
    return run < at - 1 or run > at
