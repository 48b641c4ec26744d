"""Faults of who watches: trails, filters with alarms, log groups, recorders, analyzers, and settings of the account."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from perpend.language.syntax.repository import LIBRARY
from tests.servers.answers import QueryResult
from tests.servers.planted.account import ACCOUNT, HOME, Account, document, key, role
from tests.servers.planted.faults import Fault, another, calls

_REGIONS = ("eu-west-1", HOME)
_LOG = f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:"
TRAIL = f"{ACCOUNT}|arn:aws:cloudtrail:{HOME}:{ACCOUNT}:trail/main"
MONITORED = tuple(sorted(path.parent.name for path in Path(LIBRARY).glob("ce/ca/aws/cloudtrail/*-monitoring/prod.logic.yaml")))


def account(_: Account) -> str:
    """The account itself."""
    return ACCOUNT


def trail(aws: Account) -> str:
    """A trail of one region that does not log, to a bucket that nobody has thought about."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="trail")
    s3.put_bucket_policy(Bucket="trail", Policy=document("s3:GetObject", "arn:aws:s3:::trail/*", "*"))
    aws.client("cloudtrail").create_trail(Name="main", S3BucketName="trail", IsMultiRegionTrail=False)
    return TRAIL


def trailed(aws: Account) -> str:
    """The account, with that trail."""
    aws.there(trail)
    return ACCOUNT


def logging(aws: Account) -> None:
    aws.client("cloudtrail").start_logging(Name="main")


def everywhere(aws: Account) -> None:
    """Have the trail log everything of all regions."""
    logging(aws)
    trails = aws.client("cloudtrail")
    trails.update_trail(Name="main", IsMultiRegionTrail=True)
    resources = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
    selector = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": resources}
    trails.put_event_selectors(TrailName="main", EventSelectors=[selector])


def sealed(aws: Account) -> None:
    aws.client("cloudtrail").update_trail(Name="main", KmsKeyId=aws.there(key))


def heard(aws: Account) -> str:
    """A topic that somebody listens to."""
    sns = aws.client("sns")
    arn: str = sns.create_topic(Name="alarms")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="ops@shop.example")
    return arn


def trail_group(aws: Account) -> str:
    """The log group that the trail writes to."""
    aws.client("logs").create_log_group(logGroupName="trail")
    given = {"CloudWatchLogsLogGroupArn": f"{_LOG}trail:*", "CloudWatchLogsRoleArn": aws.there(role)}
    aws.client("cloudtrail").update_trail(Name="main", **given)
    return f"{_LOG}trail:*"


def delivered(aws: Account) -> None:
    """Send the trail to its log group; moto never says when something was delivered there."""
    aws.there(trail_group)
    logging(aws)
    now = datetime.now(UTC).timestamp()

    def mend(content: bytes) -> bytes:
        return json.dumps({**json.loads(content), "LatestCloudWatchLogsDeliveryTime": now}).encode()

    aws.correct("GetTrailStatus", "delivery time", mend)


def pattern_of(policy: str) -> str:
    """Return the filter that the policy's own remediation says."""
    text = (Path(LIBRARY) / f"ce/ca/aws/cloudtrail/{policy}/remediation.md").read_text("utf-8")
    found = re.search(r"--filter-pattern '([^']*)'", text)
    assert found, policy
    return found[1]


def monitored(policy: str) -> Fault:
    """Return the fault that nobody hears of an event, mended as the remediation says."""

    def mend(aws: Account) -> None:
        everywhere(aws)
        aws.there(trail_group)
        metric = {"metricName": policy, "metricNamespace": "CloudTrail", "metricValue": "1"}
        given = {"filterPattern": pattern_of(policy), "metricTransformations": [metric]}
        aws.client("logs").put_metric_filter(logGroupName="trail", filterName=policy, **given)
        alarm = {"AlarmName": policy, "MetricName": policy, "Namespace": "CloudTrail", "AlarmActions": [aws.there(heard)]}
        how = {"Statistic": "Sum", "Period": 300, "EvaluationPeriods": 1, "Threshold": 1}
        compared = "GreaterThanOrEqualToThreshold"
        aws.client("cloudwatch").put_metric_alarm(**alarm, **how, ComparisonOperator=compared)

    return Fault(f"cloudtrail/{policy}", trailed, mend)


def log_group(aws: Account) -> str:
    """A log group whose logs go after a week, under no key of the account."""
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="short")
    logs.put_retention_policy(logGroupName="short", retentionInDays=7)
    return f"{_LOG}short:*"


def under_key(aws: Account) -> str:
    aws.client("logs").create_log_group(logGroupName="sealed", kmsKeyId=aws.there(key))
    return f"{_LOG}sealed:*"


def unrecorded(aws: Account) -> str:
    """The account, with recorders that record nothing."""
    group = {"allSupported": True, "includeGlobalResourceTypes": True}
    recorder = {"name": "default", "roleARN": aws.there(role), "recordingGroup": group}
    for region in _REGIONS:
        aws.client("config", region).put_configuration_recorder(ConfigurationRecorder=recorder)
    return ACCOUNT


def recorded(aws: Account) -> None:
    """Have AWS Config record all regions, and deliver: moto's recorders are pending for ever."""
    aws.there(unrecorded)
    aws.client("s3").create_bucket(Bucket="config")
    for region in _REGIONS:
        config = aws.client("config", region)
        config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "config"})
        config.start_configuration_recorder(ConfigurationRecorderName="default")
    aws.mended["DescribeConfigurationRecorderStatus"] = (b'"PENDING"', b'"SUCCESS"')


def recorder(aws: Account) -> str:
    """A recorder with a role of the account."""
    aws.there(unrecorded)
    return f"{ACCOUNT}/{_REGIONS[0]}/default"


def with_the_role_of_config(aws: Account) -> None:
    role_arn = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    config = aws.client("config", _REGIONS[0])
    for one in config.describe_configuration_recorders()["ConfigurationRecorders"]:
        given = {name: one[name] for name in ("name", "recordingGroup")}
        config.put_configuration_recorder(ConfigurationRecorder={**given, "roleARN": role_arn})


def encrypting(aws: Account) -> None:
    for region in _REGIONS:
        aws.client("ec2", region).enable_ebs_encryption_by_default()


def weak_passwords(aws: Account) -> str:
    """The account, with a password policy that asks little."""
    aws.client("iam").update_account_password_policy(MinimumPasswordLength=8)
    return ACCOUNT


def strong_passwords(aws: Account) -> None:
    required = dict.fromkeys(
        ("RequireSymbols", "RequireNumbers", "RequireUppercaseCharacters", "RequireLowercaseCharacters"), True
    )
    aws.client("iam").update_account_password_policy(MinimumPasswordLength=14, PasswordReusePrevention=24, **required)


def analyzed(aws: Account) -> None:
    """Have an analyzer in each region, which moto does not know at all."""
    for region in _REGIONS:
        one = {"arn": f"arn:aws:access-analyzer:{region}:{ACCOUNT}:analyzer/a", "name": "a", "type": "ACCOUNT"}
        listed = json.dumps({"analyzers": [{**one, "status": "ACTIVE", "createdAt": 0}]}).encode()
        aws.mended[f"ListAnalyzers {region}"] = lambda _, listed=listed: listed  # type: ignore[misc]


def _features(*names: str) -> QueryResult:
    listed = "".join(f"<member>{name}</member>" for name in names)
    inner = f"<EnabledFeatures>{listed}</EnabledFeatures><OrganizationId>o-1</OrganizationId>"
    name, space = "ListOrganizationsFeatures", "https://iam.amazonaws.com/doc/2010-05-08/"
    text = f'<{name}Response xmlns="{space}"><{name}Result>{inner}</{name}Result></{name}Response>'
    return QueryResult(200, "text/xml", text.encode())


def organization(aws: Account) -> str:
    """The account, at the head of an organization that manages no root credentials; moto does not know that it could."""
    aws.client("organizations").create_organization(FeatureSet="ALL")
    aws.recorded["ListOrganizationsFeatures"] = _features()
    return ACCOUNT


def centralized(aws: Account) -> None:
    aws.recorded["ListOrganizationsFeatures"] = _features("RootCredentialsManagement")


def reachable(aws: Account) -> None:
    contact = {"Name": "Ops", "Title": "Ops", "EmailAddress": "ops@shop.example", "PhoneNumber": "+1"}
    aws.client("account").put_alternate_contact(AlternateContactType="SECURITY", **contact)


def bucket_logged(aws: Account) -> None:
    """Log who reads the trail's bucket."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="trail-logs")
    s3.put_bucket_acl(Bucket="trail-logs", ACL="log-delivery-write")
    status = {"LoggingEnabled": {"TargetBucket": "trail-logs", "TargetPrefix": "a/"}}
    s3.put_bucket_logging(Bucket="trail", BucketLoggingStatus=status)


PASSWORDS = (
    "lowercase-letter",
    "minimum-password-length-14",
    "number-of-passwords-to-remember-24",
    "number",
    "symbol",
    "uppercase-letter",
)
_NEVER = "log-group-retention-365-days"

FAULTS = (
    *(monitored(policy) for policy in MONITORED),
    Fault("account/cloudtrail-switched-on", trailed, logging),
    Fault("account/multi-region-cloudtrail", trailed, everywhere),
    Fault("account/object-level-cloudtrail-logging-for-read-events-for-s3-buckets", trailed, everywhere),
    Fault("account/object-level-cloudtrail-logging-for-write-events-for-s3-buckets", trailed, everywhere),
    Fault("cloudtrail/encryption-with-kms-cmk", trail, sealed),
    Fault(
        "cloudtrail/log-file-validation", trail, calls("cloudtrail", "update_trail", Name="main", EnableLogFileValidation=True)
    ),
    Fault("cloudtrail/trail-bucket-open-to-everybody", trail, calls("s3", "delete_bucket_policy", Bucket="trail")),
    Fault("cloudtrail/s3-bucket-access-logging", trail, bucket_logged),
    Fault("cloudtrail/trail-switched-off", trail, logging),
    Fault("cloudtrail/trail-without-log-group", trail, delivered, helped="when events were delivered to the log group"),
    Fault(
        "cloudwatch/" + _NEVER,
        log_group,
        calls("logs", "put_retention_policy", logGroupName="short", retentionInDays=365),
    ),
    Fault("cloudwatch/log-group-without-customer-managed-key", log_group, another(under_key)),
    Fault("account/config-in-all-regions", unrecorded, recorded, helped="that a recorder delivers"),
    Fault("config/recorder-without-service-linked-role", recorder, with_the_role_of_config),
    Fault("account/ebs-volume-encryption-attribute-in-all-regions", account, encrypting),
    Fault("account/security-hub", account, lambda aws: aws.client("securityhub").enable_security_hub()),
    Fault("account/iam-access-analyzer-for-all-regions", account, analyzed, helped="analyzers"),
    Fault("account/organization-centralized-root-access", organization, centralized, helped="features of the organization"),
    Fault("account/maintain-alternate-contact-information", account, reachable),
    *(Fault(f"account/password-policy-{what}", weak_passwords, strong_passwords) for what in PASSWORDS),
)
