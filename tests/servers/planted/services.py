"""Faults of keys, secrets, certificates, messages, functions, repositories, domains, clusters and APIs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tests.servers.planted.account import (
    ACCOUNT,
    FOREIGN,
    HOME,
    Account,
    Thing,
    certificate,
    key,
    role,
    set_queue,
    sqs_queue,
    subnets,
)
from tests.servers.planted.faults import Fault, RemediationPlan, another

_EKS = f"arn:aws:eks:{HOME}:{ACCOUNT}:cluster/"
_APIS = f"arn:aws:apigateway:{HOME}::/restapis/"
_WEAK = 1024


def of_kms(operation: str, back: str, **given: object) -> tuple[Thing, RemediationPlan]:
    """Return a key that something was done to, and what takes that back."""

    def thing(aws: Account) -> str:
        kms = aws.client("kms")
        made = kms.create_key(Description=operation)["KeyMetadata"]
        getattr(kms, operation)(KeyId=made["KeyId"], **given)
        aws.ids[operation] = made["KeyId"]
        return str(made["Arn"])

    return thing, lambda aws: getattr(aws.client("kms"), back)(KeyId=aws.ids[operation])


def restored(aws: Account) -> None:
    """Cancel the deletion of a key."""
    aws.client("kms").cancel_key_deletion(KeyId=aws.ids["schedule_key_deletion"])


def unturned(aws: Account) -> str:
    return str(aws.client("kms").create_key(Description="unturned")["KeyMetadata"]["Arn"])


def turning(aws: Account) -> None:
    aws.client("kms").enable_key_rotation(KeyId=aws.there(unturned))


def imported(days: int, bits: int = 2048, domain: str = "shop.example") -> Thing:
    """Return a certificate that was imported."""

    def thing(aws: Account) -> str:
        body, own = certificate(days, bits, (domain,))
        return str(aws.client("acm").import_certificate(Certificate=body, PrivateKey=own)["CertificateArn"])

    return thing


ENDING, SOON, LATER, WEAK = imported(50), imported(5), imported(300), imported(300, _WEAK)
STARS = imported(300, domain="*.shop.example")


def secret(aws: Account) -> str:
    return str(aws.client("secretsmanager").create_secret(Name="plain", SecretString="x")["ARN"])


def turned(aws: Account) -> None:
    """Rotate the secret, by no function: moto would start a container for that."""
    aws.client("secretsmanager").rotate_secret(SecretId="plain", RotationRules={"AutomaticallyAfterDays": 30})


def unread(aws: Account) -> str:
    """A secret that nobody reads."""
    return str(aws.client("secretsmanager").create_secret(Name="unread", SecretString="x")["ARN"])


def read_now(aws: Account) -> None:
    """Read that secret; moto's list does not say that somebody did."""
    aws.client("secretsmanager").get_secret_value(SecretId="unread")
    now = datetime.now(UTC).timestamp()

    def mend(content: bytes) -> bytes:
        listed = json.loads(content)
        return json.dumps({"SecretList": [{**one, "LastAccessedDate": now} for one in listed["SecretList"]]}).encode()

    aws.mended["ListSecrets"] = mend


def keyed(aws: Account) -> None:
    aws.client("secretsmanager").update_secret(SecretId="plain", KmsKeyId=aws.there(key))


def topic(aws: Account) -> str:
    return str(aws.client("sns").create_topic(Name="plain")["TopicArn"])


def sealed_topic(aws: Account) -> None:
    given = {"AttributeName": "KmsMasterKeyId", "AttributeValue": aws.there(key)}
    aws.client("sns").set_topic_attributes(TopicArn=aws.there(topic), **given)


def subscribed(protocol: str, where: str) -> Thing:
    """Return a subscription of the topic."""

    def thing(aws: Account) -> str:
        arn = aws.there(topic)
        aws.client("sns").subscribe(TopicArn=arn, Protocol=protocol, Endpoint=where)
        return f"{arn}|{protocol}|{where}"

    return thing


OVER_HTTP, OVER_TLS = subscribed("http", "http://shop.example/in"), subscribed("https", "https://shop.example/in")


def queue(aws: Account) -> str:
    return sqs_queue(aws, "plain", SqsManagedSseEnabled="false")


def sealed_queue(aws: Account) -> None:
    set_queue(aws, aws.there(queue), KmsMasterKeyId=aws.there(key))


def created_function(aws: Account, name: str, **given: Any) -> str:
    """Return the ARN of a new function."""
    uri = f"{ACCOUNT}.dkr.ecr.{HOME}.amazonaws.com/a@sha256:{'0' * 64}"
    image = {} if "Runtime" in given else {"Code": {"ImageUri": uri}, "PackageType": "Image"}
    made = aws.client("lambda").create_function(FunctionName=name, Role=aws.there(role), **{**image, **given})
    return str(made["FunctionArn"])


def function(aws: Account) -> str:
    """A function that nobody has thought about."""
    return created_function(aws, "bare")


def called_by(name: str, principal: str) -> tuple[Thing, RemediationPlan]:
    """Return a function that somebody may call, and what ends that."""

    def thing(aws: Account) -> str:
        found = created_function(aws, name)
        given = {"StatementId": "a", "Action": "lambda:InvokeFunction", "Principal": principal}
        aws.client("lambda").add_permission(FunctionName=name, **given)
        return found

    return thing, lambda aws: aws.client("lambda").remove_permission(FunctionName=name, StatementId="a")


def inside(aws: Account) -> str:
    """A function in a network, with a key of the account."""
    where = {"SubnetIds": subnets(aws)[:1], "SecurityGroupIds": ["sg-1"]}
    return created_function(aws, "inside", VpcConfig=where, KMSKeyArn=aws.there(key))


def runs(name: str, runtime: str) -> Thing:
    """Return a function of a runtime."""
    code = {"ZipFile": b"PK\x05\x06" + bytes(18)}
    return lambda aws: created_function(aws, name, Runtime=runtime, Handler="a.b", Code=code)


def repository(aws: Account) -> str:
    scan = {"scanOnPush": False}
    made = aws.client("ecr").create_repository(repositoryName="plain", imageScanningConfiguration=scan)
    return str(made["repository"]["repositoryArn"])


def sound_repository(aws: Account) -> str:
    sealed = {"encryptionType": "KMS", "kmsKey": aws.there(key)}
    made = aws.client("ecr").create_repository(repositoryName="sealed", encryptionConfiguration=sealed)
    return str(made["repository"]["repositoryArn"])


def scanned(aws: Account) -> None:
    rules = [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]}]
    aws.client("ecr").put_registry_scanning_configuration(scanType="BASIC", rules=rules)


def fixed_tags(aws: Account) -> None:
    aws.client("ecr").put_image_tag_mutability(repositoryName="plain", imageTagMutability="IMMUTABLE")


def domain(name: str, **given: Any) -> Thing:
    """Return a domain of OpenSearch."""

    def thing(aws: Account) -> str:
        aws.client("opensearch").create_domain(DomainName=name, EngineVersion="OpenSearch_2.11", **given)
        return f"arn:aws:es:{HOME}:{ACCOUNT}:domain/{name}"

    return thing


_LOGS = {"Enabled": True, "CloudWatchLogsLogGroupArn": f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:es:*"}
SEARCH = domain(
    "search",
    ClusterConfig={"InstanceCount": 1, "ZoneAwarenessEnabled": False},
    EncryptionAtRestOptions={"Enabled": False},
    NodeToNodeEncryptionOptions={"Enabled": False},
    DomainEndpointOptions={"EnforceHTTPS": False, "TLSSecurityPolicy": "Policy-Min-TLS-1-0-2019-07"},
    AdvancedSecurityOptions={"Enabled": False},
)
SOUND = domain(
    "sound",
    ClusterConfig={"InstanceCount": 3, "ZoneAwarenessEnabled": True},
    EncryptionAtRestOptions={"Enabled": True},
    NodeToNodeEncryptionOptions={"Enabled": True},
    DomainEndpointOptions={"EnforceHTTPS": True, "TLSSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10"},
    AdvancedSecurityOptions={"Enabled": True},
    LogPublishingOptions={"ES_APPLICATION_LOGS": _LOGS, "AUDIT_LOGS": _LOGS},
)


def searching(**given: Any) -> RemediationPlan:
    """Return what changes the domain."""
    return lambda aws: aws.client("opensearch").update_domain_config(DomainName="search", **given)


def cluster(name: str, *, public: bool, **given: Any) -> Thing:
    """Return a cluster of Kubernetes."""

    def thing(aws: Account) -> str:
        network = {"subnetIds": subnets(aws), "endpointPublicAccess": public, "endpointPrivateAccess": not public}
        aws.client("eks").create_cluster(name=name, roleArn=aws.there(role), resourcesVpcConfig=network, **given)
        return f"{_EKS}{name}"

    return thing


APPS = cluster("apps", public=True, logging={"clusterLogging": [{"types": ["audit"], "enabled": False}]})
KEPT = cluster(
    "kept",
    public=False,
    logging={"clusterLogging": [{"types": ["api", "audit"], "enabled": True}]},
    encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": f"arn:aws:kms:{HOME}:{ACCOUNT}:key/k"}}],
)


def api(aws: Account) -> str:
    """An API with a stage; another API has one, too."""
    aws.there(other_stage)
    gateway = aws.client("apigateway")
    found = aws.ids["api"] = gateway.create_rest_api(name="shop")["id"]
    root = gateway.get_resources(restApiId=found)["items"][0]["id"]
    gateway.put_method(restApiId=found, resourceId=root, httpMethod="GET", authorizationType="NONE")
    gateway.put_integration(restApiId=found, resourceId=root, httpMethod="GET", type="MOCK")
    gateway.create_deployment(restApiId=found, stageName="prod")
    return f"{_APIS}{found}"


def other_stage(aws: Account) -> str:
    """A stage of an API of the other kind."""
    gateway = aws.client("apigatewayv2")
    found = gateway.create_api(Name="web", ProtocolType="HTTP")["ApiId"]
    gateway.create_stage(ApiId=found, StageName="live")
    return f"arn:aws:apigateway:{HOME}::/apis/{found}/stages/live"


def stage(aws: Account) -> str:
    """The stage of the API."""
    return f"{aws.there(api)}/stages/prod"


def patched(path: str, value: str) -> RemediationPlan:
    """Return what changes the stage."""

    def mend(aws: Account) -> None:
        given = {"restApiId": aws.ids["api"], "stageName": "prod"}
        aws.client("apigateway").update_stage(**given, patchOperations=[{"op": "replace", "path": path, "value": value}])

    return mend


def defended(aws: Account) -> None:
    """Put the stage behind a web ACL."""
    seen = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "a"}
    given = {"Name": "web", "Scope": "REGIONAL", "DefaultAction": {"Allow": {}}, "VisibilityConfig": seen, "Rules": []}
    made = aws.client("wafv2").create_web_acl(**given)["Summary"]["ARN"]
    aws.client("wafv2").associate_web_acl(WebACLArn=made, ResourceArn=aws.there(stage))


FAULTS = (
    Fault("kms/customer-managed-key-disabled", *of_kms("disable_key", "enable_key")),
    Fault("kms/key-pending-deletion", of_kms("schedule_key_deletion", "", PendingWindowInDays=7)[0], restored),
    Fault("kms/symmetric-cmk-rotation", unturned, turning),
    Fault("acm/certificate-expired", ENDING, another(LATER), aged=True),
    Fault("acm/certificate-expires-in-7-days", SOON, another(LATER)),
    Fault("acm/certificate-key-length", WEAK, another(LATER)),
    Fault("acm/certificate-with-wildcard-domain-name", STARS, another(LATER)),
    Fault("acm/imported-certificate-expires-in-30-days", SOON, another(LATER)),
    Fault("secretsmanager/secret-rotation-disabled", secret, turned),
    Fault("secretsmanager/secret-not-rotated-for-90-days", secret, turned, aged=True),
    Fault("secretsmanager/secret-unused-for-90-days", unread, read_now, aged=True, helped="when a secret was read"),
    Fault("secretsmanager/secret-without-customer-managed-key", secret, keyed),
    Fault("sns/topic-encryption", topic, sealed_topic),
    Fault("sns/subscription-over-http", OVER_HTTP, another(OVER_TLS)),
    Fault("sqs/queue-encryption", queue, sealed_queue),
    Fault("lambda/function-policy-open-to-everybody", *called_by("everybody", "*")),
    Fault("lambda/function-policy-open-to-foreign-accounts", *called_by("foreign", f"arn:aws:iam::{FOREIGN}:root")),
    Fault("lambda/function-outside-vpc", function, another(inside)),
    Fault("lambda/function-environment-without-customer-managed-key", function, another(inside)),
    Fault("lambda/function-runtime-deprecated", runs("aged", "python3.8"), another(runs("young", "python3.13"))),
    Fault("ecr/repository-encryption-with-kms", repository, another(sound_repository)),
    Fault("ecr/repository-scan-on-push", repository, scanned),
    Fault("ecr/repository-tags-mutable", repository, fixed_tags),
    *(
        Fault(f"opensearch/domain-{what}", SEARCH, another(SOUND))
        for what in ("audit-logs", "data-nodes", "error-logs", "tls-policy")
    ),
    Fault("opensearch/domain-encryption-at-rest", SEARCH, searching(EncryptionAtRestOptions={"Enabled": True})),
    Fault("opensearch/domain-fine-grained-access-control", SEARCH, searching(AdvancedSecurityOptions={"Enabled": True})),
    Fault(
        "opensearch/domain-https",
        SEARCH,
        searching(DomainEndpointOptions={"EnforceHTTPS": True, "TLSSecurityPolicy": "Policy-Min-TLS-1-0-2019-07"}),
    ),
    Fault("opensearch/domain-node-to-node-encryption", SEARCH, searching(NodeToNodeEncryptionOptions={"Enabled": True})),
    *(Fault(f"eks/cluster-{what}", APPS, another(KEPT)) for what in ("audit-logging", "public-endpoint", "secrets-encryption")),
    Fault("apigateway/enable-api-cloudwatch-logs", api, patched("/*/*/logging/loglevel", "ERROR")),
    Fault(
        "apigateway/stage-access-logs",
        stage,
        patched("/accessLogSettings/destinationArn", f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:api"),
    ),
    Fault("apigateway/stage-tracing", stage, patched("/tracingEnabled", "true")),
    Fault("apigateway/stage-web-acl", stage, defended),
)
