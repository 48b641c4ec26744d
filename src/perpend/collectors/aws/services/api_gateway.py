"""Tables of API Gateway: REST, HTTP and WebSocket APIs with their stages."""

from __future__ import annotations

from typing import Final

from perpend.collectors.aws.model import CloudCall, FieldSource, ServiceTable, TypeRow
from perpend.collectors.items import ABOVE

_PLACE: Final = {"CA10__account__c": FieldSource("{account}"), "CA10__regionName__c": FieldSource("{region}")}
_NONE: Final = FieldSource("")
"""A field that this kind of API does not have."""

_REST: Final = "arn:{partition}:apigateway:{region}::/restapis/"
_OTHER: Final = "arn:{partition}:apigateway:{region}::/apis/"

_CALLS: Final = (
    CloudCall("apigateway.apis", "apigateway", "GetRestApis", "apigateway:GET", "items"),
    CloudCall(
        "apigateway.stages",
        "apigateway",
        "GetStages",
        "apigateway:GET",
        "item",
        {"restApiId": "@id"},
        gone=("NotFoundException",),
    ),
    CloudCall("apigateway2.apis", "apigatewayv2", "GetApis", "apigateway:GET", "Items"),
    CloudCall(
        "apigateway2.stages",
        "apigatewayv2",
        "GetStages",
        "apigateway:GET",
        "Items",
        {"ApiId": "@ApiId"},
        gone=("NotFoundException",),
    ),
)

_TYPES: Final = (
    TypeRow(
        "CA10__CaAwsApiGatewayRestApi__c",
        "apigateway.apis",
        _REST + "{id}",
        {
            **_PLACE,
            "CA10__apiId__c": FieldSource("id"),
            "CA10__name__c": FieldSource("name"),
            "CA10__protocolType__c": FieldSource("=REST"),
            "CA10__policyDocument__c": FieldSource("policy", "unescaped json_document", optional=True),
        },
        also=(
            TypeRow(
                "CA10__CaAwsApiGatewayRestApi__c",
                "apigateway2.apis",
                _OTHER + "{ApiId}",
                {
                    **_PLACE,
                    "CA10__apiId__c": FieldSource("ApiId"),
                    "CA10__name__c": FieldSource("Name"),
                    "CA10__protocolType__c": FieldSource("ProtocolType"),
                    "CA10__policyDocument__c": _NONE,
                },
                tags="Tags",
            ),
        ),
        tags="tags",
    ),
    TypeRow(
        "CA10__CaAwsApiGatewayStage__c",
        "apigateway.apis",
        _REST + f"{{{ABOVE}.id}}/stages/{{stageName}}",
        {
            **_PLACE,
            "CA10__restApi__c": FieldSource(_REST + f"{{{ABOVE}.id}}"),
            "CA10__stageName__c": FieldSource("stageName"),
            "CA10__cloudWatchLogLevel__c": FieldSource("methodSettings", "log_level", optional=True),
            "CA10__accessLogDestinationArn__c": FieldSource("accessLogSettings.destinationArn", optional=True),
            "CA10__tracingEnabled__c": FieldSource("tracingEnabled", "is_enabled"),
            "CA10__webAclArn__c": FieldSource("webAclArn", optional=True),
            "CA10__clientCertificateId__c": FieldSource("clientCertificateId", optional=True),
        },
        each="apigateway.stages",
        also=(
            TypeRow(
                "CA10__CaAwsApiGatewayStage__c",
                "apigateway2.apis",
                _OTHER + f"{{{ABOVE}.ApiId}}/stages/{{StageName}}",
                {
                    **_PLACE,
                    "CA10__restApi__c": FieldSource(_OTHER + f"{{{ABOVE}.ApiId}}"),
                    "CA10__stageName__c": FieldSource("StageName"),
                    # HTTP APIs have no execution log; WebSocket APIs do.
                    "CA10__cloudWatchLogLevel__c": FieldSource("@", "route_log_level"),
                    "CA10__accessLogDestinationArn__c": FieldSource("AccessLogSettings.DestinationArn", optional=True),
                    "CA10__tracingEnabled__c": _NONE,
                    "CA10__webAclArn__c": _NONE,
                    "CA10__clientCertificateId__c": FieldSource("ClientCertificateId", optional=True),
                },
                each="apigateway2.stages",
                tags="Tags",
            ),
        ),
        tags="tags",
    ),
)

TABLE: Final = ServiceTable(
    _CALLS,
    _TYPES,
    unpaged={"apigateway.stages": "returns all stages of an API at once"},
    unserved={
        f"{name}.RecordTypeId": "record types belong to the database of a vendor, not to AWS"
        for name in ("CA10__CaAwsApiGatewayRestApi__c", "CA10__CaAwsApiGatewayStage__c")
    },
)
