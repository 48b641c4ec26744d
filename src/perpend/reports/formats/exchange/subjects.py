"""An object in, what formats call the resource that a finding is about out: its id, and the account and region it is in.

What an object does not tell is None, never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.escape import encodable
from perpend.evaluation.verdicts.child_lists import account_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perpend.core.objects.inventory import CloudObject

_ACCOUNT: Final = re.compile("[0-9]{12}")
_REGION: Final = re.compile("[a-z]{2}(-[a-z]+)+-[0-9]")
_PARTITION: Final = re.compile("aws(-[a-z]+)*")
_ARN_PARTS: Final = 6

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
"""What AWS calls resources, by what our types call them behind ``CaAws``."""

OTHER: Final = "Other"
"""What AWS calls a resource for which it has no name."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a finding is about. ``account``, ``region`` and ``partition`` are None where the object does not tell them."""

    id: str
    name: str
    type_name: str
    account: str | None
    region: str | None
    partition: str | None

    @property
    def resource_type(self) -> str:
        """What AWS calls resources of its type, ``Other`` where it has no name for them."""
        return _RESOURCE_TYPES.get(self.type_name.partition("__CaAws")[2].removesuffix("__c"), OTHER)

    @property
    def shown_name(self) -> str:
        """The object's name, its id where it has none."""
        return self.name or self.id


def subject_of(judged: CloudObject) -> Subject:
    """Return what an object is called, and where it is: by its ARN; the account also by the object that owns it."""
    return subject_called(judged.id, judged.external_id, judged.name, judged.type_name, accounts=account_names(judged))


def subject_called(
    object_id: str, external_id: str, name: str, type_name: str, *, accounts: Iterable[str], region: str = ""
) -> Subject:
    """Return the same by what an object is called. ``accounts`` are what its account may be called, the surest in front.

    ``region`` is what is taken where its ARN names none.
    """
    arn = next((one for one in (external_id, object_id) if one.startswith("arn:")), "")
    parts = arn.split(":", _ARN_PARTS - 1)
    partition, of_arn = (parts[1], parts[3]) if len(parts) == _ARN_PARTS else ("", "")
    return Subject(
        encodable(object_id or external_id),
        encodable(name),
        type_name,
        next((name for name in accounts if _ACCOUNT.fullmatch(name)), None),
        next((one for one in (of_arn, region) if _REGION.fullmatch(one)), None),
        partition if _PARTITION.fullmatch(partition) else None,
    )
