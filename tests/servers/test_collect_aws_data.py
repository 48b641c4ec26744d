"""What moto holds of storage, keys, messages, principals and monitoring, as rows: each value against what was made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")
pytest.importorskip("moto", reason="moto[server] is not installed")


from perpend.collectors.aws.catalog import TYPES
from perpend.collectors.aws.client import CallRefused, CloudClient
from perpend.collectors.aws.error_classification import Refusal
from perpend.collectors.aws.model import CloudCall
from perpend.collectors.protocol import CollectedRow
from tests.cli.conftest import RunWriter, run
from tests.servers.gathered import gathered
from tests.servers.planted.account import without_account
from tests.servers.sessions import session_of

__all__ = ["run"]

REGION = "us-east-1"
ACCOUNT = "123456789012"
OTHER = "444455556666"
PRINCIPALS = ("IamGroup", "IamGroupPolicy", "IamPolicyGroupLink", "IamUserGroupLink", "IamRolePolicy", "IamInstanceProfile")
WATCHED = (
    "LogGroup",
    "LogMetricFilter",
    "CloudWatchMetric",
    "CloudWatchAlarm",
    "CloudWatchAlarmAction",
    "ConfigDeliveryChannel",
)
RESOURCES = ("Bucket", "KmsKey", "AcmCertificate", "Secret", "ApiGatewayRestApi", "ApiGatewayStage", "LambdaFunction")
MORE = ("SnsTopic", "SnsSubscription", "SqsQueue", "EcrRepository", "OpenSearchDomain", "CloudTrailTrail")
OURS = (*PRINCIPALS, *WATCHED, *RESOURCES, *MORE, "Role", "User", "UserPolicy", "Account")


def statement(principal: Any, action: str, **more: Any) -> str:
    one = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [one]})


IDENTITY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)
SECRET = "-".join(("Long", "enough", "1"))
TOPIC, ROLE = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms", f"arn:aws:iam::{ACCOUNT}:role/app"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", "AWS_DEFAULT_REGION": REGION}
UNKNOWN_TO_MOTO = ("CA10__contact", "CA10__organizationFeatures")
"""How fields of the account begin whose calls moto does not know."""

Rows = dict[str, dict[str, CollectedRow]]
PUBLIC, FOREIGN, OWN = "*", {"AWS": OTHER}, {"AWS": ACCOUNT}


POLICY = """names: {contextual: Bucket Is Open, full: A Bucket Is Open To Everybody}
description: A bucket is open to everybody.
type: COMPLIANCE_POLICY
severity: HIGH
"""
LOGIC = """inputType: CA10__CaAwsBucket__c
conditions:
  - status: INAPPLICABLE
    currentStateMessage: The bucket has no policy.
    check:
      IS_EMPTY:
        arg: {FIELD: {path: CA10__policyDocumentExt__c}}
  - status: INCOMPLIANT
    currentStateMessage: Everybody can read.
    remediationMessage: Narrow the policy.
    check:
      AWS_POLICY_ALLOWS:
        policyExtField: CA10__policyDocumentExt__c
        widestAcceptableAccessLevel: EXTERNAL_PRINCIPAL
        actions: ["s3:Get*"]
otherwise: {status: COMPLIANT, currentStateMessage: Not everybody can read.}
"""


@pytest.fixture(scope="module")
def address(moto_address: str) -> str:
    return moto_address


@pytest.fixture(scope="module")
def rows(address: str) -> Rows:
    """The rows by type and Id, of an account that was filled before."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        seed(address)
        client = CloudClient(endpoint_url=address)
        wanted = {f"CA10__CaAws{name}__c": list(TYPES[f"CA10__CaAws{name}__c"].fields) for name in OURS}
        account = "CA10__CaAwsAccount__c"
        wanted[account] = [name for name in wanted[account] if not name.startswith(UNKNOWN_TO_MOTO)]
        all_rows, collection = gathered(client, wanted, [REGION])
        found: Rows = {}
        for row in all_rows:
            found.setdefault(row.type_name.removeprefix("CA10__CaAws").removesuffix("__c"), {})[row.fields["Id"]] = row
        assert () == collection.unread
        return found


def seed(url: str) -> None:
    session = session_of()

    def client(service: str) -> Any:
        return session.create_client(service, region_name=REGION, endpoint_url=url)

    seed_account(client("s3control"))
    seed_storage(client("s3"), client("kms"), client("acm"), client("secretsmanager"))
    topic = seed_messages(client("sns"), client("sqs"))
    seed_monitoring(client("logs"), client("cloudwatch"), client("cloudtrail"), client("config"), topic)
    role = seed_principals(client("iam"))
    seed_artifacts(client("lambda"), client("ecr"), client("opensearch"), role)
    api = client("apigateway").create_rest_api(name="shop")["id"]
    gateway = client("apigateway")
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    gateway.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    gateway.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
    gateway.create_deployment(restApiId=api, stageName="prod")
    operations = [{"op": "replace", "path": "/*/*/logging/loglevel", "value": "ERROR"}]
    gateway.update_stage(restApiId=api, stageName="prod", patchOperations=operations)
    other = client("apigatewayv2").create_api(Name="web", ProtocolType="HTTP")["ApiId"]
    client("apigatewayv2").create_stage(ApiId=other, StageName="live")


def seed_account(s3control: Any) -> None:
    s3control.meta.events.register("before-send.s3-control", without_account)
    block = {"BlockPublicAcls": True, "IgnorePublicAcls": False, "BlockPublicPolicy": True, "RestrictPublicBuckets": False}
    s3control.put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration=block)


def seed_storage(s3: Any, kms: Any, acm: Any, secrets: Any) -> None:
    for name in ("logs", "plain"):
        s3.create_bucket(Bucket=name)
    s3.create_bucket(Bucket="full", ObjectLockEnabledForBucket=True)
    s3.put_bucket_versioning(Bucket="full", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_acl(Bucket="logs", ACL="log-delivery-write")
    s3.put_bucket_logging(
        Bucket="full", BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": "full/"}}
    )
    rule = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 365}}
    s3.put_bucket_lifecycle_configuration(Bucket="full", LifecycleConfiguration={"Rules": [rule]})
    block = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy"), True)
    s3.put_public_access_block(Bucket="full", PublicAccessBlockConfiguration={**block, "RestrictPublicBuckets": False})
    encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}
    s3.put_bucket_encryption(Bucket="full", ServerSideEncryptionConfiguration=encryption)
    s3.put_bucket_policy(Bucket="full", Policy=statement(PUBLIC, "s3:GetObject"))
    key = kms.create_key(Policy=statement(FOREIGN, "kms:*"))["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key)
    acm.request_certificate(DomainName="shop.example")
    secret = secrets.create_secret(Name="db", SecretString="x")["ARN"]
    secrets.put_resource_policy(SecretId=secret, ResourcePolicy=statement(OWN, "secretsmanager:*"))
    secrets.create_secret(Name="bare", SecretString="x")


def seed_messages(sns: Any, sqs: Any) -> str:
    topic: str = sns.create_topic(Name="alarms")["TopicArn"]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=statement(PUBLIC, "sns:Publish"))
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@shop.example")
    sqs.create_queue(QueueName="bare")
    sqs.create_queue(QueueName="orders", Attributes={"Policy": statement(FOREIGN, "sqs:SendMessage"), "KmsMasterKeyId": "k"})
    return topic


def seed_monitoring(logs: Any, cloudwatch: Any, trails: Any, config: Any, topic: str) -> None:
    logs.create_log_group(logGroupName="trail")
    logs.put_retention_policy(logGroupName="trail", retentionInDays=365)
    metric = {"metricName": "RootUse", "metricNamespace": "Cis", "metricValue": "1"}
    pattern = '{ $.userIdentity.type = "Root" }'
    logs.put_metric_filter(logGroupName="trail", filterName="root", filterPattern=pattern, metricTransformations=[metric])
    cloudwatch.put_metric_alarm(
        AlarmName="root",
        MetricName="RootUse",
        Namespace="Cis",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[topic],
    )
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:trail:*"
    trails.create_trail(
        Name="all",
        S3BucketName="logs",
        IsMultiRegionTrail=True,
        CloudWatchLogsLogGroupArn=group,
        CloudWatchLogsRoleArn=f"arn:aws:iam::{ACCOUNT}:role/trail",
    )
    config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": f"arn:aws:iam::{ACCOUNT}:role/r"})
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "logs"})


def seed_principals(iam: Any) -> str:
    iam.create_user(UserName="ann")
    iam.create_login_profile(UserName="ann", Password=SECRET)
    iam.create_virtual_mfa_device(VirtualMFADeviceName="ann")
    serial = f"arn:aws:iam::{ACCOUNT}:mfa/ann"
    iam.enable_mfa_device(UserName="ann", SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321")
    iam.create_user(UserName="bot")
    iam.create_group(GroupName="ops", Path="/team/")
    iam.add_user_to_group(GroupName="ops", UserName="ann")
    iam.put_group_policy(GroupName="ops", PolicyName="inline", PolicyDocument=IDENTITY)
    policy = iam.create_policy(PolicyName="wide", PolicyDocument=IDENTITY)["Policy"]["Arn"]
    iam.attach_group_policy(GroupName="ops", PolicyArn=policy)
    iam.put_user_policy(UserName="bot", PolicyName="inline", PolicyDocument=IDENTITY)
    role: str = iam.create_role(RoleName="app", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.put_role_policy(RoleName="app", PolicyName="inline", PolicyDocument=IDENTITY)
    iam.create_instance_profile(InstanceProfileName="app")
    iam.add_role_to_instance_profile(InstanceProfileName="app", RoleName="app")
    return role


def seed_artifacts(functions: Any, ecr: Any, opensearch: Any, role: str) -> None:
    code = {"ImageUri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/a@sha256:{'0' * 64}"}
    functions.create_function(FunctionName="bare", Role=role, Code=code, PackageType="Image")
    functions.create_function(FunctionName="open", Role=role, Code=code, PackageType="Image")
    functions.add_permission(FunctionName="open", StatementId="a", Action="lambda:InvokeFunction", Principal="*")
    version = functions.publish_version(FunctionName="open")["Version"]
    functions.create_alias(FunctionName="open", Name="live", FunctionVersion=version)
    ecr.create_repository(repositoryName="app", imageScanningConfiguration={"scanOnPush": True})
    ecr.set_repository_policy(repositoryName="app", policyText=statement(PUBLIC, "ecr:BatchGetImage"))
    ecr.create_repository(repositoryName="bare")
    opensearch.create_domain(DomainName="search", AccessPolicies=statement(PUBLIC, "es:*"))


def one(rows: Rows, type_name: str, name: str = "") -> dict[str, Any]:
    """Return the fields of the one object of a type whose Id has a name in it, without the beginning of theirs."""
    (found,) = (row for identity, row in rows[type_name].items() if name in identity)
    return {field.removeprefix("CA10__").removesuffix("__c"): value for field, value in found.fields.items()}


def levels(document: str) -> list[str]:
    return [statement["AccessLevel"] for statement in json.loads(document)["Statement"]]


EXPECTED: dict[tuple[str, str], dict[str, Any]] = {
    ("Bucket", "full"): {
        "versioningStatus": "Enabled",
        "versioningMfaDeleteEnabled": False,
        "loggingDestinationBucketName": "logs",
        "loggingDestinationBucket": "arn:aws:s3:::logs",
        "objectLockEnabled": "Yes",
        "blockPublicAcls": "Yes",
        "restrictPublicBuckets": "No",
        "encryptionAlgorithm": "aws:kms",
        "lifecycleRulesJson": '[{"expiration":{"days":365},"id":"a","filter":{"prefix":""},"status":"Enabled"}]',
    },
    ("Bucket", "plain"): {
        "versioningStatus": "Off",
        "loggingDestinationBucketName": None,
        "loggingDestinationBucket": None,
        "objectLockEnabled": "No",
        "blockPublicAcls": "No",
        "encryptionAlgorithm": None,
        "lifecycleRulesJson": None,
        "policyDocument": None,
        "policyDocumentExt": None,
    },
    ("KmsKey", ""): {"state": "Enabled", "keySpec": "SYMMETRIC_DEFAULT", "keyManager": "CUSTOMER", "rotationEnabled": True},
    ("AcmCertificate", ""): {"domainName": "shop.example", "certificateType": "AMAZON_ISSUED"},
    ("Secret", "bare"): {"name": "bare", "rotationEnabled": False, "policyDocument": None},
    ("ApiGatewayRestApi", "restapis"): {"name": "shop", "protocolType": "REST"},
    ("ApiGatewayRestApi", "::/apis"): {"name": "web", "protocolType": "HTTP"},
    ("ApiGatewayStage", "restapis"): {"stageName": "prod", "cloudWatchLogLevel": "ERROR", "tracingEnabled": False},
    ("ApiGatewayStage", "::/apis"): {"stageName": "live", "cloudWatchLogLevel": None},
    ("LogGroup", ""): {"name": "trail", "retentionInDays": 365, "kmsKeyId": None},
    ("SnsSubscription", ""): {"topic": TOPIC, "protocol": "email", "endpoint": "ops@shop.example"},
    ("SqsQueue", "orders"): {"encrypted": True, "kmsMasterKeyId": "k"},
    ("SqsQueue", "bare"): {"policyDocument": None, "policyDocumentExt": None, "kmsMasterKeyId": None},
    ("LambdaFunction", "bare"): {
        "roleArn": ROLE,
        "policyDocument": None,
        "policyDocumentExt": None,
        "aliasNames": None,
        "versions": "$LATEST",
    },
    ("LambdaFunction", "open"): {"aliasNames": "live", "versions": "$LATEST\n1"},
    ("EcrRepository", "app"): {
        "scanOnPush": True,
        "scanFrequency": "MANUAL",
        "scansOnPush": False,
        "imageTagMutability": "MUTABLE",
    },
    ("EcrRepository", "bare"): {"scanOnPush": False, "policyDocument": None},
    ("OpenSearchDomain", ""): {"name": "search", "enforceHttps": False, "encryptionAtRestEnabled": False},
    ("ConfigDeliveryChannel", ""): {"name": "default", "bucketName": "logs", "topic": None},
    ("IamGroup", ""): {"name": "ops", "arn": f"arn:aws:iam::{ACCOUNT}:group/team/ops"},
    ("IamUserGroupLink", ""): {"user": f"arn:aws:iam::{ACCOUNT}:user/ann", "group": f"{ACCOUNT}/group/ops"},
    ("IamPolicyGroupLink", ""): {"policy": f"{ACCOUNT}|arn:aws:iam::{ACCOUNT}:policy/wide"},
    ("IamInstanceProfile", ""): {"name": "app", "role": ROLE},
    ("User", "user/ann"): {"mfaDeviceType": "Virtual", "virtualMfaState": "Known", "credReportPasswordLastUsed": None},
    ("User", "user/bot"): {"mfaDeviceType": None, "virtualMfaState": "Known", "loginProfileCreateDate": None},
    ("User", ":root"): {"mfaDeviceType": None, "virtualMfaState": "Known", "loginProfileCreateDate": None},
    ("Account", ""): {
        "organizationId": None,
        "securityContactEmailAddress": None,
        "rootMfaEnabled": False,
        "blockPublicAcls": "Yes",
        "ignorePublicAcls": "No",
        "blockPublicPolicy": "Yes",
        "restrictPublicBuckets": "No",
    },
    ("CloudTrailTrail", ""): {"bucket": "arn:aws:s3:::logs", "kmsKey": None, "logFileValidationEnabled": False},
}
"""What moto holds, by type and a part of the Id."""

LEVELS = {
    ("Bucket", "full"): "ANONYMOUS_PRINCIPAL",
    ("KmsKey", ""): "EXTERNAL_PRINCIPAL",
    ("Secret", "secret:db"): "SAME_ACCOUNT",
    ("SnsTopic", ""): "ANONYMOUS_PRINCIPAL",
    ("SqsQueue", "orders"): "EXTERNAL_PRINCIPAL",
    ("LambdaFunction", "open"): "ANONYMOUS_PRINCIPAL",
    ("EcrRepository", "app"): "ANONYMOUS_PRINCIPAL",
    ("OpenSearchDomain", ""): "ANONYMOUS_PRINCIPAL",
    ("UserPolicy", ""): "SAME_ACCOUNT",
    ("IamGroupPolicy", ""): "SAME_ACCOUNT",
    ("IamRolePolicy", ""): "SAME_ACCOUNT",
}


def test_each_value_is_the_one_that_was_made(rows: Rows) -> None:
    found = {(kind, name): one(rows, kind, name) for kind, name in EXPECTED}
    assert EXPECTED == {key: {field: found[key].get(field, "?") for field in wanted} for key, wanted in EXPECTED.items()}
    assert one(rows, "User", "user/ann")["loginProfileCreateDate"].endswith("Z")
    assert set(OURS) == rows.keys()


def test_documents_say_who_can_use_each_statement(rows: Rows) -> None:
    found = {key: levels(one(rows, *key)["policyDocumentExt"]) for key in LEVELS}
    assert {key: [level] for key, level in LEVELS.items()} == found
    assert ["AWS_SERVICE"] == levels(one(rows, "Role")["assumeRolePolicyDocumentExt"])


def test_a_trail_leads_to_whoever_hears_of_it(rows: Rows) -> None:
    group = one(rows, "CloudTrailTrail")["logGroup"]
    (looks,) = (row.fields for row in rows["LogMetricFilter"].values() if row.fields["CA10__logGroup__c"] == group)
    assert '{ $.userIdentity.type = "Root" }' == looks["CA10__filterPattern__c"]
    metric = rows["CloudWatchMetric"][looks["CA10__metric__c"]].fields["Id"]
    (alarm,) = (row.fields for row in rows["CloudWatchAlarm"].values() if row.fields["CA10__metric__c"] == metric)
    (action,) = (row.fields for row in rows["CloudWatchAlarmAction"].values() if row.fields["CA10__alarm__c"] == alarm["Id"])
    (heard,) = (
        row.fields for row in rows["SnsSubscription"].values() if row.fields["CA10__topic__c"] == action["CA10__topic__c"]
    )
    assert (group, True) == (one(rows, "LogGroup")["Id"], heard["CA10__confirmed__c"])


class Denying(CloudClient):
    """A client that is denied what it asks of APIs and of keys, one by one."""

    def pages(self, call: CloudCall, region: str, parameters: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        if call.name in ("apigateway.stages", "kms.policy"):
            raise CallRefused(call, Refusal("AccessDeniedException"))
        yield from super().pages(call, region, parameters)


def test_what_is_denied_of_one_object_is_not_known_and_no_empty_list(
    rows: Rows, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    client = Denying(endpoint_url=address)
    wanted = {"CA10__CaAwsApiGatewayStage__c": ["CA10__stageName__c"], "CA10__CaAwsKmsKey__c": ["CA10__policyDocumentExt__c"]}
    all_rows, collection = gathered(client, wanted, [REGION])
    found = {row.type_name: row for row in all_rows}
    assert "::/apis/" in found["CA10__CaAwsApiGatewayStage__c"].fields["Id"]
    stages = [one for one in collection.sources[0].coverage if "Stage" in one.type_name and one.scope.region == REGION]
    assert [f"denied apigateway:GET (AccessDeniedException) in {ACCOUNT}/{REGION}"] == [one.lacking for one in stages]
    reason = f"was not read: denied kms:GetKeyPolicy (AccessDeniedException) in {ACCOUNT}/{REGION}"
    assert reason == found["CA10__CaAwsKmsKey__c"].reasons["CA10__policyDocumentExt__c"]
    assert {"apigateway:GET", "kms:GetKeyPolicy"} == {one.label for one in collection.unread}


def test_a_collected_document_is_judged_alike_by_interpreter_and_engine(
    run: RunWriter, rows: Rows, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    files = tmp_path / "repo" / "ce" / "acme" / "open-bucket"
    files.mkdir(parents=True)
    (files / "policy.yaml").write_text(POLICY)
    (files / "prod.logic.yaml").write_text(LOGIC)
    options = ("--repo", tmp_path / "repo")
    ended = run("collect", "aws", "--store", tmp_path / "s", "--endpoint-url", address, *options)
    assert 0 == ended.code, ended.err
    judged = run("check", "--store", tmp_path / "s", "--engine", "duckdb", "--format", "json", *options)
    statuses = {one["object"]["id"]: one["status"] for one in json.loads(judged.out)["verdicts"]}
    bare = dict.fromkeys(("arn:aws:s3:::logs", "arn:aws:s3:::plain"), "INAPPLICABLE")
    assert {**bare, "arn:aws:s3:::full": "INCOMPLIANT"} == statuses
    for identity, status in statuses.items():  # which the interpreter does
        told = run("explain", "open-bucket", identity, "--store", tmp_path / "s", "--format", "json", *options)
        assert status == json.loads(told.out)["status"], told.out + told.err
