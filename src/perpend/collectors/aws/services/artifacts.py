"""Tables of Lambda functions, ECR repositories and OpenSearch domains."""

from __future__ import annotations

from typing import Final

from perpend.collectors.aws.model import CloudCall, DetailCall, FieldSource, ServiceTable, TypeRow
from perpend.collectors.aws.services.organization import ORGANIZATION_DETAILS, ORGANIZATION_FACTS
from perpend.collectors.aws.services.tagging import tagging_call

_PLACE: Final = {"CA10__account__c": FieldSource("{account}"), "CA10__regionName__c": FieldSource("{region}")}

_DOMAIN: Final = "arn:{partition}:es:{region}:{account}:domain/{DomainName}"

_CALLS: Final = (
    CloudCall("lambda.functions", "lambda", "ListFunctions", "lambda:ListFunctions", "Functions"),
    CloudCall(
        "lambda.policy",
        "lambda",
        "GetPolicy",
        "lambda:GetPolicy",
        parameters={"FunctionName": "@FunctionArn"},
        facts={"ResourceNotFoundException": {"Policy": None}},  # no policy, or no function any more
        holds="Policy",
    ),
    CloudCall(
        "lambda.aliases",
        "lambda",
        "ListAliases",
        "lambda:ListAliases",
        "Aliases",
        {"FunctionName": "@FunctionName"},
        gone=("ResourceNotFoundException",),
    ),
    CloudCall(
        "lambda.versions",
        "lambda",
        "ListVersionsByFunction",
        "lambda:ListVersionsByFunction",
        "Versions",
        {"FunctionName": "@FunctionName"},
        gone=("ResourceNotFoundException",),
        resource=("FunctionName", "{FunctionName}"),
    ),
    CloudCall("ecr.repositories", "ecr", "DescribeRepositories", "ecr:DescribeRepositories", "repositories"),
    CloudCall(
        "ecr.policy",
        "ecr",
        "GetRepositoryPolicy",
        "ecr:GetRepositoryPolicy",
        parameters={"repositoryName": "@repositoryName"},
        facts={"RepositoryPolicyNotFoundException": {"policyText": None}},
        gone=("RepositoryNotFoundException",),
        holds="policyText",
        resource=("repositoryName", "{repositoryName}"),
    ),
    CloudCall(
        "ecr.scanning",
        "ecr",
        "BatchGetRepositoryScanningConfiguration",
        "ecr:BatchGetRepositoryScanningConfiguration",
        parameters={"repositoryNames": ["@repositoryName"]},
        gone=("RepositoryNotFoundException",),
        holds="scanningConfigurations",
        resource=("scanningConfigurations[].repositoryName", "{repositoryName}"),
    ),
    CloudCall("opensearch.domains", "opensearch", "ListDomainNames", "es:ListDomainNames", "DomainNames"),
    CloudCall(
        "opensearch.domain",
        "opensearch",
        "DescribeDomain",
        "es:DescribeDomain",
        parameters={"DomainName": "@DomainName"},
        gone=("ResourceNotFoundException",),
        resource=("DomainStatus.ARN", _DOMAIN),
    ),
)


def _scanning(member: str) -> FieldSource:
    return FieldSource(f"scanningConfigurations[].{member}", "the_one", "ecr.scanning")


def _domain(member: str, transform: str = "", *, optional: bool = False, after: tuple[str, ...] = ()) -> FieldSource:
    return FieldSource(f"DomainStatus.{member}", transform, "opensearch.domain", optional, after)


_TYPES: Final = (
    TypeRow(
        "CA10__CaAwsLambdaFunction__c",
        "lambda.functions",
        "{FunctionArn}",
        {
            **_PLACE,
            "CA10__name__c": FieldSource("FunctionName"),
            "CA10__arn__c": FieldSource("FunctionArn"),
            "CA10__runtime__c": FieldSource("Runtime", optional=True),
            "CA10__roleArn__c": FieldSource("Role"),
            "CA10__role__c": FieldSource("Role"),
            "CA10__vpcId__c": FieldSource("VpcConfig.VpcId", optional=True),
            "CA10__kmsKeyArn__c": FieldSource("KMSKeyArn", optional=True),
            "CA10__tracingMode__c": FieldSource("TracingConfig.Mode"),
            "CA10__deadLetterTargetArn__c": FieldSource("DeadLetterConfig.TargetArn", optional=True),
            "CA10__policyDocument__c": FieldSource("Policy", "json_document", "lambda.policy", optional=True),
            "CA10__policyDocumentExt__c": FieldSource(
                "Policy", "extended_resource", "lambda.policy", optional=True, after=ORGANIZATION_FACTS
            ),
            "CA10__aliasNames__c": FieldSource("Aliases[].Name", "sorted_lines", "lambda.aliases"),
            "CA10__versions__c": FieldSource("Versions[].Version", "sorted_lines", "lambda.versions"),
        },
        (*ORGANIZATION_DETAILS, DetailCall("lambda.policy"), DetailCall("lambda.aliases"), DetailCall("lambda.versions")),
        tags=tagging_call(),
    ),
    TypeRow(
        "CA10__CaAwsEcrRepository__c",
        "ecr.repositories",
        "{repositoryArn}",
        {
            **_PLACE,
            "CA10__name__c": FieldSource("repositoryName"),
            "CA10__arn__c": FieldSource("repositoryArn"),
            "CA10__imageTagMutability__c": FieldSource("imageTagMutability"),
            "CA10__scanOnPush__c": FieldSource("imageScanningConfiguration.scanOnPush", "is_enabled"),
            "CA10__scanFrequency__c": _scanning("scanFrequency"),
            "CA10__scansOnPush__c": _scanning("scanOnPush"),
            "CA10__encryptionType__c": FieldSource("encryptionConfiguration.encryptionType", optional=True),
            "CA10__policyDocument__c": FieldSource("policyText", "json_document", "ecr.policy", optional=True),
            "CA10__policyDocumentExt__c": FieldSource(
                "policyText", "extended_resource", "ecr.policy", optional=True, after=ORGANIZATION_FACTS
            ),
        },
        (*ORGANIZATION_DETAILS, DetailCall("ecr.policy"), DetailCall("ecr.scanning")),
        tags=tagging_call(),
    ),
    TypeRow(
        "CA10__CaAwsOpenSearchDomain__c",
        "opensearch.domains",
        _DOMAIN,
        {
            **_PLACE,
            "CA10__name__c": FieldSource("DomainName"),
            "CA10__arn__c": _domain("ARN"),
            "CA10__engineVersion__c": _domain("EngineVersion"),
            "CA10__encryptionAtRestEnabled__c": _domain("EncryptionAtRestOptions.Enabled", "is_enabled"),
            "CA10__nodeToNodeEncryptionEnabled__c": _domain("NodeToNodeEncryptionOptions.Enabled", "is_enabled"),
            "CA10__enforceHttps__c": _domain("DomainEndpointOptions.EnforceHTTPS", "is_enabled"),
            "CA10__tlsSecurityPolicy__c": _domain("DomainEndpointOptions.TLSSecurityPolicy", optional=True),
            "CA10__vpcId__c": _domain("VPCOptions.VPCId", optional=True),
            "CA10__errorLogsEnabled__c": _domain(
                "LogPublishingOptions.ES_APPLICATION_LOGS.Enabled", "is_enabled", optional=True
            ),
            "CA10__auditLogsEnabled__c": _domain("LogPublishingOptions.AUDIT_LOGS.Enabled", "is_enabled", optional=True),
            "CA10__advancedSecurityEnabled__c": _domain("AdvancedSecurityOptions.Enabled", "is_enabled"),
            "CA10__dataNodeCount__c": _domain("ClusterConfig.InstanceCount"),
            "CA10__zoneAwarenessEnabled__c": _domain("ClusterConfig.ZoneAwarenessEnabled", "is_enabled"),
            "CA10__dedicatedMasterEnabled__c": _domain("ClusterConfig.DedicatedMasterEnabled", "is_enabled"),
            "CA10__dedicatedMasterCount__c": _domain("ClusterConfig.DedicatedMasterCount", optional=True),
            "CA10__updateAvailable__c": _domain("ServiceSoftwareOptions.UpdateAvailable", "is_enabled"),
            "CA10__autoSoftwareUpdateEnabled__c": _domain("SoftwareUpdateOptions.AutoSoftwareUpdateEnabled", "is_enabled"),
            "CA10__policyDocument__c": _domain("AccessPolicies", "non_empty json_document"),  # empty if there is none
            "CA10__policyDocumentExt__c": _domain("AccessPolicies", "non_empty extended_resource", after=ORGANIZATION_FACTS),
        },
        (*ORGANIZATION_DETAILS, DetailCall("opensearch.domain")),
        tags=tagging_call(),
    ),
)

TABLE: Final = ServiceTable(_CALLS, _TYPES, unpaged={"opensearch.domains": "returns all domains at once"})
