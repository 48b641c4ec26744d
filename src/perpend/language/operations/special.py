"""Operations with one purpose: disappearance, access policies, ranges of addresses, log filters."""

from __future__ import annotations

from perpend.core.iam.access_policy import AccessLevel
from perpend.core.values.types import TEXT_COLLECTIONS, TEXTUAL, ValueType
from perpend.language.operations.operation import DELETION_FIELD, CheckDeclaration, Constant, Operation, Parameter

ACCESS_LEVELS = tuple(AccessLevel.__members__)
"""The access levels of a statement, from narrow to wide."""

IP_VERSIONS = {"IPV4": 4, "IPV6": 6}
"""The versions of IP by their names in policies."""

OPERATIONS = (
    Operation(
        "IS_DISAPPEARED",
        doc="Whether the object's deletion field is set. Every block checks this first.",
        parameters=(),
        reads=(DELETION_FIELD,),
        shown=True,
        result=ValueType.BOOLEAN,
        text="isDisappeared({deletion})",
        nulls="A null deletion field: not disappeared.",
        example="IS_DISAPPEARED: {}",
    ),
    Operation(
        "AWS_POLICY_ALLOWS",
        doc="Whether an extended policy document grants one of the actions beyond an access level.",
        parameters=(
            Parameter("policyExtField", "The field with the extended policy document.", constant=Constant.FIELD_PATH),
            Parameter("widestAcceptableAccessLevel", "The widest level that is allowed.", choices=ACCESS_LEVELS),
            Parameter("actions", "The actions, IAM wildcards allowed.", constant=Constant.TEXTS),
        ),
        result=ValueType.BOOLEAN,
        text="{policyExtField}.awsPolicyAllows({widestAcceptableAccessLevel}, {actions!l})",
        nulls="A null document grants nothing. A document of another form makes the object unreadable: UNDETERMINED.",
        example=(
            "AWS_POLICY_ALLOWS: {policyExtField: CA10__policyExt__c, widestAcceptableAccessLevel: SAME_ACCOUNT, "
            "actions: ['sqs:SendMessage']}"
        ),
    ),
    Operation(
        "IS_OPEN_TO_INTERNET",
        doc=(
            "Whether ranges of addresses together hold more than a sixteenth of the internet: more than a /4 of public IPv4 "
            "addresses, or more than a /13 of public IPv6 addresses."
        ),
        parameters=(
            Parameter(
                "arg",
                "The ranges, with white space, commas or semicolons between them.",
                operand=TEXTUAL | TEXT_COLLECTIONS,
            ),
            Parameter(
                "version",
                "Counts the addresses of one version of IP only.",
                choices=("ANY", *IP_VERSIONS),
                required=False,
                default="ANY",
            ),
        ),
        result=ValueType.BOOLEAN,
        text="{arg}.isOpenToInternet({version})",
        nulls=(
            "Null and an empty text hold no address. Without isInvalid, a part that is no range makes the object unreadable: "
            "UNDETERMINED."
        ),
        checks=(
            CheckDeclaration(
                "isInvalid",
                "{arg}.checkRanges()",
                "The other ranges are not that wide, and a part is no range: no address, prefix, `a-b`, or tag that is known.",
            ),
        ),
        example=(
            "IS_OPEN_TO_INTERNET: {arg: {FIELD: {path: CA10__sourceIpRange__c}}, undeterminedIf: {isInvalid: Not a range.}}"
        ),
    ),
    Operation(
        "GCP_LOGGING_QUERY_MATCH",
        doc="Whether a log filter equals the given one, apart from order, parentheses and white space.",
        parameters=(
            Parameter("arg", "The filter found.", operand=TEXTUAL),
            Parameter("value", "The filter wanted.", constant=Constant.LOGGING_QUERY),
        ),
        result=ValueType.BOOLEAN,
        text="{arg}.gcpLoggingQueryMatch({value!q})",
        nulls="Null is the empty filter.",
        dialects=("D2", "D3"),
        example="GCP_LOGGING_QUERY_MATCH: {arg: {FIELD: {path: CA10__filter__c}}, value: 'severity>=ERROR'}",
    ),
)
