"""One configuration, planned and made on a test server: verdicts of the plan do not contradict those of the account.

``tests/fixtures/terraform/applied`` has the configuration. The SDK makes what the provider would make, with what it would send.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")
pytest.importorskip("moto", reason="moto[server] is not installed")

from tests.cli.conftest import RunWriter, run
from tests.servers.aws import Proxy, Verdicts, judged
from tests.servers.sessions import session_of
from tests.terraform_plans import DIRECTORY

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("shared_database")]

__all__ = ["run"]

ACCOUNT, REGION = "123456789012", "us-east-1"
PLAN = DIRECTORY / "applied.json"
KNOWN = ("COMPLIANT", "INCOMPLIANT")


class Applied:
    """Makes the configuration on a server. ``ids`` has the Ids by the address of each resource whose Id AWS gives."""

    def __init__(self, url: str) -> None:
        self.ids: dict[str, str] = {}
        self._url = url
        self._session = session_of("id", "none")
        self._make_storage()
        self._make_messages()
        self._make_keys()
        self._make_identities()
        self._make_network()
        self._make_databases()
        self._make_trails()

    def _client(self, service: str) -> Any:
        return self._session.create_client(service, region_name=REGION, endpoint_url=self._url)

    def _make_storage(self) -> None:
        s3, ecr, efs, ec2 = (self._client(name) for name in ("s3", "ecr", "efs", "ec2"))
        for name, acl in (("data", "private"), ("site", "public-read"), ("bare", "private")):
            s3.create_bucket(Bucket=f"{name}-of-the-plan", ACL=acl)
        s3.put_bucket_versioning(Bucket="data-of-the-plan", VersioningConfiguration={"Status": "Enabled"})
        names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
        for name, is_on in (("data", True), ("site", False)):
            settings = dict.fromkeys(names, is_on)
            s3.put_public_access_block(Bucket=f"{name}-of-the-plan", PublicAccessBlockConfiguration=settings)
        ecr.create_repository(repositoryName="plain", imageTagMutability="MUTABLE")
        ecr.create_repository(
            repositoryName="strict", imageTagMutability="IMMUTABLE", imageScanningConfiguration={"scanOnPush": True}
        )
        for name, more in (("plain", {}), ("encrypted", {"Encrypted": True})):
            made = efs.create_file_system(CreationToken=name, **more)
            self.ids[f"aws_efs_file_system.{name}"] = made["FileSystemArn"]
        for name, is_encrypted in (("plain", False), ("encrypted", True)):
            made = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=8, Encrypted=is_encrypted)
            self.ids[f"aws_ebs_volume.{name}"] = made["VolumeId"]

    def _make_messages(self) -> None:
        sns, sqs = self._client("sns"), self._client("sqs")
        sns.create_topic(Name="plain")
        sns.create_topic(Name="encrypted", Attributes={"KmsMasterKeyId": "alias/aws/sns"})
        sqs.create_queue(QueueName="plain")
        statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
        sqs.create_queue(QueueName="open", Attributes={"Policy": _document(statement)})

    def _make_keys(self) -> None:
        kms, secrets = self._client("kms"), self._client("secretsmanager")
        for name in ("rotated", "plain"):
            key = kms.create_key(Description=name)["KeyMetadata"]
            self.ids[f"aws_kms_key.{name}"] = key["Arn"]
            if name == "rotated":
                kms.enable_key_rotation(KeyId=key["KeyId"])
        made = secrets.create_secret(Name="plain")
        self.ids["aws_secretsmanager_secret.plain"] = made["ARN"]

    def _make_identities(self) -> None:
        iam = self._client("iam")
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        iam.create_policy(PolicyName="all", PolicyDocument=_document(everything))
        few = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data-of-the-plan/*"}
        iam.create_policy(PolicyName="few", PolicyDocument=_document(few))
        trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        iam.create_role(RoleName="service", AssumeRolePolicyDocument=_document(trust))

    def _make_network(self) -> None:
        ec2 = self._client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.ids["aws_vpc.main"] = vpc
        for name, number in (("public", 1), ("private", 2)):
            subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24")["Subnet"]["SubnetId"]
            self.ids[f"aws_subnet.{name}"] = subnet
        ec2.modify_subnet_attribute(SubnetId=self.ids["aws_subnet.public"], MapPublicIpOnLaunch={"Value": True})
        for name, port, cidr in (("open", 22, "0.0.0.0/0"), ("closed", 443, "10.0.0.0/8")):
            group = ec2.create_security_group(GroupName=name, Description="Managed by Terraform", VpcId=vpc)["GroupId"]
            rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr}]}
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
            everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
            ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[everything])
            self.ids[f"aws_security_group.{name}"] = group

    def _make_databases(self) -> None:
        dynamodb, rds, logs = self._client("dynamodb"), self._client("rds"), self._client("logs")
        for name in ("plain", "recoverable"):
            dynamodb.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            )
        settings = {"PointInTimeRecoveryEnabled": True}
        dynamodb.update_continuous_backups(TableName="recoverable", PointInTimeRecoverySpecification=settings)
        common = {
            "AllocatedStorage": 20,
            "Engine": "postgres",
            "DBInstanceClass": "db.t3.micro",
            "AutoMinorVersionUpgrade": True,
        }
        rds.create_db_instance(
            DBInstanceIdentifier="plain",
            MasterUsername="postgres",
            MasterUserPassword="password-of-the-database",
            PubliclyAccessible=True,
            BackupRetentionPeriod=0,
            CopyTagsToSnapshot=False,
            DeletionProtection=False,
            StorageEncrypted=False,
            **common,
        )
        rds.create_db_instance(
            DBInstanceIdentifier="careful",
            MasterUsername="keeper",
            MasterUserPassword="password-of-the-database",
            PubliclyAccessible=False,
            BackupRetentionPeriod=14,
            CopyTagsToSnapshot=True,
            DeletionProtection=True,
            StorageEncrypted=True,
            MultiAZ=True,
            **common,
        )
        logs.create_log_group(logGroupName="year")
        logs.put_retention_policy(logGroupName="year", retentionInDays=365)
        logs.create_log_group(logGroupName="forever")

    def _make_trails(self) -> None:
        trails = self._client("cloudtrail")
        for name, is_on in (("main", False), ("all", True)):
            trails.create_trail(
                Name=name,
                S3BucketName="data-of-the-plan",
                IncludeGlobalServiceEvents=True,
                IsMultiRegionTrail=is_on,
                EnableLogFileValidation=is_on,
            )
            trails.start_logging(Name=name)


def _document(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def applied(moto_address: str) -> Applied:
    return Applied(moto_address)


@pytest.fixture
def proxy(moto_address: str, applied: Applied, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Proxy]:
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in (("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "none"), ("AWS_EC2_METADATA_DISABLED", "true")):
        monkeypatch.setenv(name, value)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    before_server = Proxy(moto_address)
    yield before_server
    before_server.close()


def planned(run: RunWriter) -> Verdicts:
    """Return the verdicts of the plan by policy and object."""
    out = run("check", PLAN, "--planned-account", ACCOUNT, "--format", "json").out
    return {(one["policyId"], one["object"]["id"]): one for one in json.loads(out)["verdicts"]}


_S3 = "/ce/ca/aws/s3/bucket"
_BUCKET = "arn:aws:s3:::{}-of-the-plan"
OF_THE_SERVER = {
    f"{_S3}-block-public-access {_BUCKET.format('bare')}": "COMPLIANT → INCOMPLIANT",
    f"{_S3}-own-block-public-access {_BUCKET.format('bare')}": "COMPLIANT → INCOMPLIANT",
    **{f"{_S3}-access-control-lists {_BUCKET.format(name)}": "COMPLIANT → INCOMPLIANT" for name in ("bare", "data", "site")},
}
"""Differences by policy and address: since April 2023, new buckets of AWS block public access and have no access control lists.
The test server makes buckets as AWS made them before."""


def test_a_plan_and_its_account_do_not_contradict_each_other(
    run: RunWriter, proxy: Proxy, applied: Applied, tmp_path: Path
) -> None:
    of_plan = planned(run)
    options = [word for policy in sorted({policy for policy, _ in of_plan}) for word in ("--policy", policy)]
    ended = run("collect", "aws", "--store", tmp_path / "store", "--endpoint-url", proxy.url, "--regions", REGION, *options)
    assert ended.code == 0, ended.err
    of_account = judged(run, tmp_path / "store", *options)
    compared, different = 0, {}
    for (policy, identity), verdict in of_plan.items():
        address = identity.partition(".json/")[2] if identity.startswith("terraform:") else identity
        now = next((one for key, one in of_account.items() if key[0] == policy and _is(key[1], address, applied.ids)), None)
        if now is None or verdict["status"] not in KNOWN or now["status"] not in KNOWN:
            continue
        compared += 1
        if verdict["status"] != now["status"]:
            different[f"{policy} {address}"] = f"{verdict['status']} → {now['status']}"
    assert different == OF_THE_SERVER
    assert compared > 130


def _is(identity: str, address: str, ids: Mapping[str, str]) -> bool:
    """Whether an object of the account is that of an address, or of an Id of the plan."""
    wanted = ids.get(address, address)
    return identity == wanted or identity.endswith((f"/{wanted}", f"|{wanted}"))
