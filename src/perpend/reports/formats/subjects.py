"""Return the resource and the account that a finding is about, as foreign formats name them.

A value that the object does not have is None, and is never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import encodable
from perpend.core.objects.account import account_names
from perpend.core.objects.inventory import CloudObject, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perpend.core.objects.account import Account

ACCOUNT: Final = re.compile("[0-9]{12}")
REGION: Final = re.compile("[a-z]{2}(-[a-z]+)+-[0-9]")
PARTITION: Final = re.compile("aws(-[a-z]+)*")
"""The forms of account numbers, regions and partitions, for Python and RE2."""
_ARN_PARTS: Final = 6

ACCOUNT_TYPE: Final = "AwsAccount"
"""The AWS name of the resource type of accounts."""

_RESOURCE_TYPES: Final = {
    "Account": ACCOUNT_TYPE,
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
"""The AWS names of resource types, by the part of our type names after ``CaAws``."""

OTHER: Final = "Other"
"""The AWS name for all other resource types."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The resource that a finding is about. ``account``, ``region`` and ``partition`` are None if they are not known."""

    id: str
    name: str
    type_name: str
    account: str | None
    region: str | None
    partition: str | None

    @property
    def resource_type(self) -> str:
        """The AWS name of its resource type, ``Other`` if there is none."""
        return _RESOURCE_TYPES.get(self.type_name.partition("__CaAws")[2].removesuffix("__c"), OTHER)

    @property
    def shown_name(self) -> str:
        """The name of the object, or its id if it has none."""
        return self.name or self.id


def subject_of(object_: CloudObject) -> Subject:
    """Return the subject of an object. Its ARN gives account and region; the owner gives the account as well."""
    return subject_with_names(object_.id, object_.external_id, object_.name, object_.type_name, accounts=account_names(object_))


def subject_with_names(
    object_id: str, external_id: str, name: str, type_name: str, *, accounts: Iterable[str], region: str = ""
) -> Subject:
    """Return the subject with these names. ``accounts`` are possible names of its account, the most certain first.

    ``region`` is used if the ARN has none.
    """
    arn = next((one for one in (external_id, object_id) if one.startswith("arn:")), "")
    parts = arn.split(":", _ARN_PARTS - 1)
    partition, of_arn = (parts[1], parts[3]) if len(parts) == _ARN_PARTS else ("", "")
    return Subject(
        encodable(object_id or external_id),
        encodable(name),
        type_name,
        next((name for name in accounts if ACCOUNT.fullmatch(name)), None),
        next((one for one in (of_arn, region) if REGION.fullmatch(one)), None),
        partition if PARTITION.fullmatch(partition) else None,
    )


def region_of_arn(text: str) -> str:
    """Return the part of an ARN that is its region; empty for another text, and for a global resource."""
    parts = text.split(":", 4) if text.startswith("arn:") else ()
    return parts[3] if len(parts) == 5 else ""


def account_of(object_: CloudObject, accounts: Mapping[str, Account]) -> tuple[str, Account] | None:
    """Return the number and the configuration of the account that an object belongs to, or is; None if it is not configured."""
    for number in account_names(object_) if accounts else ():
        if number in accounts:
            return number, accounts[number]
    return None


def account_with_names(
    accounts: Mapping[str, Account],
    object_id: str | None,
    external_id: str | None,
    master_id: str | None,
    master_name: str | None,
) -> tuple[str, Account] | None:
    """Return the account of the object with these names, as :func:`account_of` does."""
    nowhere = Origin("")
    master = CloudObject("", master_id, master_name or "", master_id, {}, nowhere) if master_id else None
    return account_of(CloudObject("", object_id or "", "", external_id or "", {}, nowhere, master), accounts)


def with_name(number: str, accounts: Mapping[str, Account]) -> str:
    """Return the number of an account, followed by its configured name and owner."""
    known = accounts.get(number)
    names = ", ".join(filter(None, (known.name, known.owner))) if known else ""
    return f"{number} ({names})" if names else number
