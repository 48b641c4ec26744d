"""AWS: accounts of twelve digits, ARNs, partitions, and the root user of an account."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from perpend.core.clouds.cloud import Cloud

_ACCOUNT: Final = "[0-9]{12}"
_REGION: Final = "[a-z]{2,4}(?:-[a-z]+)*-(?:north|south|east|west|central)[a-z]*-[0-9]{1,2}"
_PARTITION: Final = "aws(?:-[a-z]+)*"
_KEY: Final = f"^(?:{_ACCOUNT}[|/])?"
"""Ids of objects whose ARN is the same in several accounts, or that have none, begin with the account."""

ACCOUNT_TYPE: Final = "CA10__CaAwsAccount__c"
"""The object type of accounts."""

REGION_TYPE: Final = "CA10__CaAwsAccountRegion__c"
"""The object type of the regions of an account."""

USER_TYPE: Final = "CA10__CaAwsUser__c"
"""The object type of IAM users; the root user is one of them."""

ROOT_USER: Final = "<root_account>"
"""The name of the root user, as credential reports write it."""

ROOT_NAME: Final = "root"
"""The name field of a root user. An IAM user may have the same name: only the ARN distinguishes them."""

_OWNER: Final = "(?:user|role|group)/(?:[^|]*/)?([^/|]+)[|]"
"""The name of the owner in the Id of an inline policy."""

_OWNER_IN_ID: Final = re.compile(_OWNER)

_RESOURCE_TYPES: Final = {
    "Account": "AwsAccount",
    "Bucket": "AwsS3Bucket",
    "CloudTrailTrail": "AwsCloudTrailTrail",
    "DbInstance": "AwsRdsDbInstance",
    "EbsSnapshot": "AwsEc2Snapshot",
    "EfsFileSystem": "AwsEfsFileSystem",
    "EksCluster": "AwsEksCluster",
    "IamGroup": "AwsIamGroup",
    "IamPolicy": "AwsIamPolicy",
    "Instance": "AwsEc2Instance",
    "KmsKey": "AwsKmsKey",
    "LambdaFunction": "AwsLambdaFunction",
    "NetworkAcl": "AwsEc2NetworkAcl",
    "Role": "AwsIamRole",
    "SecurityGroup": "AwsEc2SecurityGroup",
    "SnsTopic": "AwsSnsTopic",
    "SqsQueue": "AwsSqsQueue",
    "Subnet": "AwsEc2Subnet",
    "User": "AwsIamUser",
    "Volume": "AwsEc2Volume",
    "Vpc": "AwsEc2Vpc",
}

AWS: Final = Cloud(
    name="aws",
    title="AWS",
    provider="AWS",
    types="CA10(?:[A-Z][0-9])?__CaAws[A-Za-z0-9]+__c",
    account_types=(ACCOUNT_TYPE,),
    account=_ACCOUNT,
    account_words="twelve digits",
    account_example="111122223333",
    region=_REGION,
    region_fields=("region", "region name"),
    accounts_of_id=(f"^({_ACCOUNT})[|/]", f"^arn:[^:]*:[^:]*:[^:]*:({_ACCOUNT}):"),
    regions_of_id=(f"{_KEY}arn:[^:]*:[^:]*:({_REGION}):", f"^{_ACCOUNT}/({_REGION})(?:/|$)"),
    partitions_of_id=(f"{_KEY}arn:({_PARTITION}):",),
    usual_partition="aws",
    provider_owned=r"(?:^|\|)arn:[^:]*:[^:]*:[^:]*:aws:",
    kinds_of_id=MappingProxyType({"arn": f"{_KEY}arn:{_PARTITION}:[^:]*:[^:]*:[^:]*:", "account": f"^{_ACCOUNT}$"}),
    resource_types=MappingProxyType(
        {f"{prefix}__CaAws{name}__c": value for name, value in _RESOURCE_TYPES.items() for prefix in ("CA10", "CA10A1")}
    ),
    credentials=("aws", "sts", "get-caller-identity", "--query", "Account", "--output", "text"),
    collector="perpend.collectors.aws",
)
"""Amazon Web Services. Resource types are those of Security Hub's finding format."""


def is_root_user(arn: str) -> bool:
    """Whether an ARN is that of an account's root user."""
    return arn.startswith("arn:") and arn.endswith(":root")


def is_root_user_sql(expression: str) -> str:
    """Return SQL for :func:`is_root_user`; false if the expression is null."""
    return f"coalesce(starts_with({expression}, 'arn:') AND ends_with({expression}, ':root'), false)"


def shown_name(name: str, external_id: str) -> str:
    """Return an object's name as reports show it.

    The root user has the name that credential reports use. An inline policy is shown with its owner, because its name alone
    does not tell it apart: "god of user-02". ``external_id`` is the object's Id if it has no other.
    """
    if name == ROOT_NAME and is_root_user(external_id):
        return ROOT_USER
    owner = _OWNER_IN_ID.search(external_id)
    return f"{name} of {owner[1]}" if owner and name and external_id.endswith(f"|{name}") else name


def shown_name_sql(name: str, external_id: str) -> str:
    """Return SQL for :func:`shown_name`."""
    of_owner = f"regexp_extract({external_id}, '{_OWNER}', 1)"
    is_owned = f"{of_owner} <> '' AND {name} <> '' AND ends_with({external_id}, concat('|', {name}))"
    return (
        f"CASE WHEN {name} = '{ROOT_NAME}' AND {is_root_user_sql(external_id)} THEN '{ROOT_USER}' "
        f"WHEN {is_owned} THEN concat({name}, ' of ', {of_owner}) ELSE {name} END"
    )
