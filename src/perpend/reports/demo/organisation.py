"""The invented organisation: its accounts, its people and its services, and the objects that these have.

Nothing is random. A digest of a name gives an object its number, so that equal names give equal objects in every run.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from perpend.core.dataclass import dataclass
from perpend.reports.demo.defaults import DEFAULTS, Ago

if TYPE_CHECKING:
    from collections.abc import Mapping

ORGANISATION: Final = "Meridian Outfitters"
DOMAIN: Final = "meridian.example"

MAIN: Final = "eu-central-1"
SECOND: Final = "eu-west-1"
GLOBAL: Final = "us-east-1"
REGIONS: Final = (MAIN, SECOND, GLOBAL)

TRAIL_BUCKET: Final = "meridian-trail-logs"
LOG_BUCKET: Final = "meridian-access-logs"


class DemoAccount(NamedTuple):
    """An account: its number, its name and its owner, with the services that run in it and the people who have a user."""

    number: str
    name: str
    owner: str
    services: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    region: str = MAIN

    @property
    def slug(self) -> str:
        """The name in the names of objects."""
        return self.name.lower().replace(" ", "-")


ACCOUNTS: Final = (
    DemoAccount("111122220101", "Management", "platform", (), ("anna.berg", "oscar.lund")),
    DemoAccount("111122220102", "Log archive", "security", ("retention", "index"), ("siem-reader", "petra.kovac")),
    DemoAccount("111122220103", "Security tooling", "security", ("scanner", "tickets"), ("bruno.keller",)),
    DemoAccount("111122220104", "Shared network", "platform", ("resolver", "mirror"), ("anna.berg", "carla.nunez")),
    DemoAccount(
        "111122220105",
        "Payments production",
        "payments",
        ("checkout", "ledger", "fraud", "payout", "refunds"),
        ("deploy", "dora.lind", "reconciler"),
    ),
    DemoAccount("111122220106", "Payments staging", "payments", ("checkout", "ledger"), ("deploy", "dora.lind")),
    DemoAccount(
        "111122220107",
        "Web shop production",
        "shop",
        ("storefront", "search", "media", "basket"),
        ("deploy", "emil.sato"),
        SECOND,
    ),
    DemoAccount("111122220108", "Web shop staging", "shop", ("storefront",), ("deploy", "farah.aziz"), SECOND),
    DemoAccount(
        "111122220109",
        "Warehouse production",
        "logistics",
        ("picking", "shipping", "labels", "returns"),
        ("scanner-gun", "greta.olsen"),
    ),
    DemoAccount("111122220110", "Data lake", "data", ("ingest", "reports", "forecast"), ("hugo.marin", "ines.costa")),
    DemoAccount(
        "111122220111", "Developer sandbox", "platform", ("trial", "bench"), ("jonas.weiss", "kira.novak", "liam.byrne")
    ),
    DemoAccount("111122220112", "Loyalty", "loyalty", ("points", "vouchers", "partners"), ("mona.haddad", "deploy")),
)
"""The accounts of the organisation. The last one joins it later."""

LOG_ARCHIVE: Final = ACCOUNTS[1]
"""The account with the bucket and the key of all trails."""


class DemoObject(NamedTuple):
    """An object with short names for its type and fields. ``key`` names it within the organisation, whatever its Id is."""

    key: str
    account: DemoAccount
    type: str
    id: str
    region: str
    fields: Mapping[str, Any]


def share(*words: str) -> float:
    """Return a number from 0 to 1 that depends on the words only."""
    return int.from_bytes(hashlib.sha256("/".join(words).encode()).digest()[:8]) / 2**64


def number_of(*words: str, digits: int = 17) -> str:
    """Return the hexadecimal number of an object, as AWS would give it one."""
    return hashlib.sha256("/".join(words).encode()).hexdigest()[:digits]


def key_arn(account: DemoAccount, service: str) -> str:
    """Return the ARN of the key of a service."""
    number = number_of(account.number, "key", service, digits=32)
    id_ = "-".join(number[first:last] for first, last in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))
    return f"arn:aws:kms:{account.region}:{account.number}:key/{id_}"


def objects() -> list[DemoObject]:
    """Return all objects that the organisation ever has, as careful owners would set them."""
    return [placed for account in ACCOUNTS for placed in _Drawing(account).all()]


@dataclass(slots=True)
class _Drawing:
    """Draws the objects of one account."""

    account: DemoAccount
    placed: list[DemoObject] = field(default_factory=list)

    def all(self) -> list[DemoObject]:
        """Return all objects of the account."""
        self._account()
        self._identities()
        for region in REGIONS:
            self._region(region)
        if self.account.services:
            self._numbered("SecurityGroup", "sg", "default", Name="default", vpc=self._vpc, description="default")
        for service in self.account.services:
            self._service(service)
        if self.account is LOG_ARCHIVE:
            for name in (TRAIL_BUCKET, LOG_BUCKET, "meridian-flow-logs"):
                self._bucket(name, name, MAIN)
        return self.placed

    def _add(self, type_: str, key: str, id_: str, region: str = "", **fields: Any) -> str:
        """Add an object with the defaults of its type, and return its Id."""
        key = f"{self.account.slug}/{key}"
        self.placed.append(DemoObject(key, self.account, type_, id_, region, {**DEFAULTS[type_], **fields}))
        return id_

    def _arn(self, service: str, rest: str, region: str = "") -> str:
        return f"arn:aws:{service}:{region}:{self.account.number}:{rest}"

    def _account(self) -> None:
        number = self.account.number
        self._add("Account", "account", number, accountId=number)
        self._add("PasswordPolicy", "password-policy", f"{number}/password-policy")
        arn = self._arn("cloudtrail", "trail/audit", MAIN)
        bucket, key = f"arn:aws:s3:::{TRAIL_BUCKET}", key_arn(LOG_ARCHIVE, "retention")
        self._add(
            "CloudTrailTrail",
            "audit",
            f"{number}|{arn}",
            MAIN,
            name="audit",
            arn=arn,
            homeRegion=MAIN,
            bucketArn=bucket,
            bucket=bucket,
            kmsKeyArn=key,
            kmsKey=key,
            logGroupArn=self._arn("logs", "log-group:audit:*", MAIN),
            logGroup=None,
        )

    def _identities(self) -> None:
        number = self.account.number
        for person in ("root", *self.account.people):
            self._user(person, self._arn("iam", "root" if person == "root" else f"user/{person}"))
        self._role("audit-readonly", {"AWS": "arn:aws:iam::111122220103:root"}, "SecurityAudit", "AWSSupportAccess")
        policy = self._arn("iam", "policy/developer-boundary")
        self._add(
            "IamPolicy",
            "policy/developer-boundary",
            f"{number}|{policy}",
            name="developer-boundary",
            arn=policy,
            policyDocument=document(Action=["s3:GetObject", "s3:ListBucket"], Resource="arn:aws:s3:::meridian-*"),
        )

    def _user(self, name: str, arn: str) -> None:
        self._add("User", f"user/{name}", arn, userName=name, arn=arn, row=_report_row(name, arn))

    def _role(self, name: str, principal: Mapping[str, str], *policies: str) -> str:
        arn = self._arn("iam", f"role/{name}")
        trust = document(Action="sts:AssumeRole", Principal=principal)
        self._add("Role", f"role/{name}", arn, name=name, arn=arn, assumeRolePolicyDocument=trust)
        for policy in policies:
            attached = f"arn:aws:iam::aws:policy/{policy}"
            self._add(
                "IamRolePolicyAttachment",
                f"role/{name}/{policy}",
                f"{arn}|{attached}",
                roleArn=arn,
                role=arn,
                policyArn=attached,
                policy=f"{self.account.number}|{attached}",
            )
        return arn

    def _region(self, region: str) -> None:
        number = self.account.number
        home = self._add("AccountRegion", f"region/{region}", f"{number}/{region}", region, regionName=region)
        recorder = self._arn("iam", "role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig")
        name = f"{number}/{region}/default"
        self._add("ConfigRecorder", f"recorder/{region}", name, region, accountRegion=home, roleArn=recorder)
        arn = self._arn("access-analyzer", "analyzer/account", region)
        self._add("IamAccessAnalyzer", f"analyzer/{region}", arn, region, accountRegion=home, name="account", arn=arn)

    def _numbered(self, type_: str, prefix: str, name: str, **fields: Any) -> str:
        """Add an object of EC2, whose Id has a number after a prefix, and return its ARN."""
        kind, own = _KINDS[prefix]
        id_, region = f"{prefix}-{number_of(self.account.number, prefix, name)}", self.account.region
        arn = self._arn("ec2", f"{kind}/{id_}", region)
        return self._add(type_, f"{kind}/{name}", arn, region, **{own: id_, "arn": arn, **fields})

    @property
    def _vpc(self) -> str:
        return self._arn("ec2", f"vpc/vpc-{number_of(self.account.number, 'vpc')}", self.account.region)

    def _service(self, service: str) -> None:
        number, region = self.account.number, self.account.region
        key = self._key(service)
        group = self._numbered("SecurityGroup", "sg", service, Name=service, vpc=self._vpc, description=service)
        self._numbered("SecurityGroupRule2", "sgr", service, securityGroup=group)
        role = self._role(f"{service}-service", {"Service": "ec2.amazonaws.com"}, "AmazonS3ReadOnlyAccess")
        names = [f"{service}-{place}" for place in (1, 2)]
        for name in names if self.account.name.endswith("production") else names[:1]:
            profile = self._arn("iam", f"instance-profile/{service}")
            subnet = f"subnet-{number_of(number, 'subnet')}"
            self._numbered(
                "Instance",
                "i",
                name,
                Name=name,
                iamInstanceProfileArn=profile,
                subnetId=subnet,
                vpcSubnet=self._arn("ec2", f"subnet/{subnet}", region),
                vpc=self._vpc,
            )
            self._numbered("Volume", "vol", name, kmsKeyId=key, snapshotId=None, availabilityZone=f"{region}a")
        self._bucket(service, f"meridian-{self.account.slug}-{service}", region)
        database = self._arn("rds", f"db:{service}", region)
        own = {"arn": database, "dbInstanceIdentifier": service, "kmsKeyId": key, "vpc": self._vpc}
        self._add("DbInstance", f"db/{service}", database, region, **own, cluster=None, subnetGroup=None)
        secret = self._arn("secretsmanager", f"secret:{service}/database-{number_of(number, service, digits=6)}", region)
        self._add("Secret", f"secret/{service}", secret, region, name=f"{service}/database", arn=secret)
        function = self._arn("lambda", f"function:{service}-events", region)
        own = {"name": f"{service}-events", "arn": function, "roleArn": role, "role": role, "kmsKeyArn": key}
        self._add("LambdaFunction", f"lambda/{service}", function, region, vpcId=self._vpc.rpartition("/")[2], **own)
        url = f"https://sqs.{region}.amazonaws.com/{number}/{service}-events"
        self._add("SqsQueue", f"queue/{service}", url, region, url=url, arn=self._arn("sqs", f"{service}-events", region))

    def _key(self, service: str) -> str:
        arn = key_arn(self.account, service)
        policy = document(Principal={"AWS": self._arn("iam", "root")}, Action="kms:*", Resource="*")
        return self._add(
            "KmsKey", f"kms/{service}", arn, self.account.region, keyId=arn.rpartition("/")[2], arn=arn, policyDocument=policy
        )

    def _bucket(self, key: str, name: str, region: str) -> None:
        arn, logs = f"arn:aws:s3:::{name}", f"arn:aws:s3:::{LOG_BUCKET}"
        secure = document(
            Effect="Deny",
            Principal="*",
            Action="s3:*",
            Resource=[arn, f"{arn}/*"],
            Condition={"Bool": {"aws:SecureTransport": "false"}},
        )
        self._add(
            "Bucket",
            f"bucket/{key}",
            arn,
            region,
            regionName=region,
            name=name,
            arn=arn,
            policyDocument=secure,
            loggingDestinationBucketArn=logs,
            loggingDestinationBucket=logs,
        )


_KINDS: Final = {
    "sg": ("security-group", "groupId"),
    "sgr": ("security-group-rule", "ruleId"),
    "i": ("instance", "instanceId"),
    "vol": ("volume", "volumeId"),
}
"""The kind of an object of EC2 in its ARN, and the field with its number, by the prefix of the number."""


def document(**statement: Any) -> str:
    """Return a policy document with one statement, which allows unless it says otherwise."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def _report_row(name: str, arn: str) -> dict[str, Any]:
    """Return the row of a user in the credential report: a person has a password with MFA, a machine has an access key."""
    is_person, is_root = "." in name, name == "root"
    used = Ago(1 + round(share(arn, "used") * 9), before_run=True)
    key = Ago(60) if not is_person and not is_root else "N/A"
    return {
        "user": "<root_account>" if is_root else name,
        "arn": arn,
        "user_creation_time": Ago(900 if is_root else 400),
        "password_enabled": "not_supported" if is_root else str(is_person).lower(),
        "password_last_used": Ago(160) if is_root else used if is_person else "N/A",
        "password_last_changed": Ago(50) if is_person else "not_supported" if is_root else "N/A",
        "password_next_rotation": "not_supported" if is_root else "N/A",
        "mfa_active": str(is_person or is_root).lower(),
        "access_key_1_active": str(not is_person and not is_root).lower(),
        "access_key_1_last_rotated": key,
        "access_key_1_last_used_date": used if isinstance(key, Ago) else "N/A",
        "access_key_1_last_used_region": MAIN if isinstance(key, Ago) else "N/A",
        "access_key_1_last_used_service": "s3" if isinstance(key, Ago) else "N/A",
        "access_key_2_active": "false",
        "access_key_2_last_rotated": "N/A",
        "access_key_2_last_used_date": "N/A",
        "access_key_2_last_used_region": "N/A",
        "access_key_2_last_used_service": "N/A",
        "cert_1_active": "false",
        "cert_1_last_rotated": "N/A",
        "cert_2_active": "false",
        "cert_2_last_rotated": "N/A",
    }
