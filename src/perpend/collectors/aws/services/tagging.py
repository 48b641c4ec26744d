"""The source of the tags of each type: the listing of the type, another listing, or one tagging call for each region."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.aws.model import IDENTITY_OF, CloudCall, DetailCall, FieldSource, ServiceTable, TypeRow
from perpend.core.values.tags import TAGS_FIELD

if TYPE_CHECKING:
    from collections.abc import Mapping

_RESOURCES: Final = "tagging.resources"
_USERS: Final = "iam.user-details"
_NONE: Final[Mapping[str, Any]] = {"Tags": []}

_LISTED: Final = {
    **dict.fromkeys(
        (
            "CA10__CaAwsAutoScalingGroup__c",
            "CA10__CaAwsEbsSnapshot__c",
            "CA10__CaAwsEfsFileSystem__c",
            "CA10__CaAwsElasticIp__c",
            "CA10__CaAwsImage__c",
            "CA10__CaAwsInstance__c",
            "CA10__CaAwsNetworkAcl__c",
            "CA10__CaAwsRedshiftCluster__c",
            "CA10__CaAwsRole__c",
            "CA10__CaAwsRouteTable__c",
            "CA10__CaAwsSecurityGroup__c",
            "CA10__CaAwsSecurityGroupRule2__c",
            "CA10__CaAwsSubnet__c",
            "CA10__CaAwsVolume__c",
            "CA10__CaAwsVpc__c",
            "CA10__CaAwsVpcEndpoint__c",
            "CA10__CaAwsVpcFlowLog__c",
        ),
        "Tags",
    ),
    **dict.fromkeys(
        (
            "CA10__CaAwsDbCluster__c",
            "CA10__CaAwsDbClusterSnapshot__c",
            "CA10__CaAwsDbInstance__c",
            "CA10__CaAwsDbSnapshot__c",
        ),
        "TagList",
    ),
    "CA10A1__CaAwsIamAccessAnalyzer__c": "tags",
}
"""The member of a listed item that holds its tags. An untagged object lacks the member in some services."""

_LISTED_TWICE: Final = {
    "apigateway.apis": "tags",
    "apigateway.stages": "tags",
    "apigateway2.apis": "Tags",
    "apigateway2.stages": "Tags",
}
"""The same by listing, for types that two services list."""

_MATCHED: Final = {
    **dict.fromkeys(
        (
            "CA10__CaAwsAcmCertificate__c",
            "CA10__CaAwsCloudWatchAlarm__c",
            "CA10__CaAwsDynamoDbTable__c",
            "CA10__CaAwsEcrRepository__c",
            "CA10__CaAwsKmsKey__c",
            "CA10__CaAwsLambdaFunction__c",
            "CA10__CaAwsLoadBalancer__c",
            "CA10__CaAwsOpenSearchDomain__c",
            "CA10__CaAwsSecret__c",
            "CA10__CaAwsSnsTopic__c",
            "CA10__CaAwsSqsQueue__c",
        ),
        DetailCall(_RESOURCES, matched=(IDENTITY_OF, "ResourceARN"), unmatched=_NONE),
    ),
    "CA10__CaAwsBucket__c": DetailCall(
        _RESOURCES, matched=(IDENTITY_OF, "ResourceARN"), unmatched=_NONE, region="BucketRegion"
    ),
    "CA10__CaAwsCloudTrailTrail__c": DetailCall(
        _RESOURCES, matched=("TrailARN", "ResourceARN"), unmatched=_NONE, region="HomeRegion"
    ),
    "CA10__CaAwsLogGroup__c": DetailCall(_RESOURCES, matched=("logGroupArn", "ResourceARN"), unmatched=_NONE),
    # A credential report has no tags. Their listing is read if other types need it.
    "CA10__CaAwsUser__c": DetailCall(_USERS, matched=("arn", "Arn"), unless=("root", "True"), then=_NONE),
}
"""The call that shows the tags of many objects at once."""

_DETAILED: Final = {"CA10A1__CaAwsEksCluster__c": FieldSource("cluster.tags", "tags", "eks.cluster")}

_CALLS: Final = (
    CloudCall(
        _RESOURCES,
        "resourcegroupstaggingapi",
        "GetResources",
        "tag:GetResources",
        "ResourceTagMappingList",
        {
            "ResourcesPerPage": 100,
            "ResourceTypeFilters": [
                *("acm", "cloudtrail", "cloudwatch", "dynamodb", "ecr", "elasticloadbalancing", "es", "kms", "lambda", "logs"),
                *("s3", "secretsmanager", "sns", "sqs"),
            ],
        },
    ),
)

TABLE: Final = ServiceTable(_CALLS)


def with_tags(rows: Mapping[str, TypeRow]) -> dict[str, TypeRow]:
    """Return rows of types with the field of their tags, for the types whose tags can be read."""
    return {name: replace(_tagged(row), also=tuple(map(_tagged, row.also))) for name, row in rows.items()}


def _tagged(row: TypeRow) -> TypeRow:
    listed = _LISTED_TWICE.get(row.each or row.listed) or _LISTED.get(row.type_name)
    detail = _MATCHED.get(row.type_name)
    if listed:
        source = FieldSource(listed, "tags")
    elif detail:
        source = FieldSource("Tags", "tags", detail.call)
    elif row.type_name in _DETAILED:
        source = _DETAILED[row.type_name]
    else:
        return row
    return replace(row, fields={**row.fields, TAGS_FIELD: source}, details=(*row.details, detail) if detail else row.details)
