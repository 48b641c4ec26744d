"""Read AWS Config snapshots and histories: the objects of configuration items, each as captured last.

Source: AWS Config developer guide, "Components of a configuration item"; files and API answers spell some keys differently.
The newest capture is the time of the file, if it is not in the future. A file claims nothing: recorders may leave out types
and regions.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from perpend.core.objects.claims import Claim
from perpend.core.objects.inventory import Origin
from perpend.core.values.age import is_observation_time
from perpend.inventory.readers.errors import UnusableContent, excerpt
from perpend.inventory.readers.json_text import JsonText, described, in_two_spellings, other_spellings
from perpend.inventory.readers.tools.authorization_details import default_document, policy_type
from perpend.inventory.readers.tools.contents import (
    ATTACHMENT,
    POLICY,
    ROLE,
    USER,
    USER_LINK,
    USER_POLICY,
    Contents,
    id_in_account,
    inline_of,
    links_of,
    role_attachments,
)
from perpend.inventory.readers.tools.field_map import FieldFrom, ListFrom, TypeFrom
from perpend.inventory.readers.tools.values import (
    UnknownValue,
    boolean,
    digits,
    document,
    either,
    integer,
    moment,
    policies_at,
    seconds,
    text,
    texts_at,
    yes_no,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.inventory.readers.files import InputText

_NOT_HERE: Final = "is not known: AWS Config does not record it"
_CURRENT: Final = ("OK", "ResourceDiscovered")
_GONE: Final = ("ResourceDeleted", "ResourceDeletedNotRecorded")
_NOT_RECORDED: Final = ("ResourceNotRecorded",)
_READ: Final = (
    "accountid",
    "awsaccountid",
    "configuration",
    "configurationitemcapturetime",
    "configurationitemstatus",
    "resourcetype",
    "status",
    "supplementaryconfiguration",
)
"""Keys of an item that are read, in lower case; its ARN may stand there twice, as long as it is the same."""

_ITEMS: Final = "configurationItems"
_MOST_NAMED: Final = 5
_PUBLIC: Final = "supplementaryConfiguration.PublicAccessBlockConfiguration"

MAP: Final = (
    TypeFrom(
        "AWS::IAM::User",
        USER,
        "arn",
        (FieldFrom("CA10__userName__c", "configuration.userName", text), FieldFrom("CA10__arn__c", "arn", text)),
        (
            ListFrom(
                "CA10__AWS_IAM_Policy_User_Links__r",
                USER_LINK,
                "configuration.attachedManagedPolicies",
                texts_at("policyArn"),
                links_of("CA10__user__c"),
            ),
            ListFrom(
                "CA10__userPolicies__r",
                USER_POLICY,
                "configuration.userPolicyList",
                policies_at("policyName", "policyDocument"),
                inline_of("CA10__user__c"),
            ),
        ),
        account="accountId",
        lacking={"CA10__credReportAttributesJson__c": _NOT_HERE},
    ),
    TypeFrom(
        "AWS::IAM::Role",
        ROLE,
        "arn",
        (FieldFrom("CA10__name__c", "configuration.roleName", text), FieldFrom("CA10__arn__c", "arn", text)),
        (
            ListFrom(
                "CA10__AWS_IAM_Role_Policy_Attachments__r",
                ATTACHMENT,
                "configuration.attachedManagedPolicies",
                texts_at("policyArn"),
                role_attachments,
            ),
        ),
        account="accountId",
    ),
    TypeFrom(
        "AWS::IAM::Policy",
        POLICY,
        "arn",
        (
            FieldFrom("CA10__name__c", "configuration.policyName", text),
            FieldFrom("CA10__arn__c", "arn", text),
            FieldFrom("CA10__policyType__c", "arn", policy_type),
            FieldFrom("CA10__attachable__c", "configuration.isAttachable", boolean),
            FieldFrom("CA10__attachmentCount__c", "configuration.attachmentCount", integer),
            FieldFrom("CA10__policyDocument__c", "configuration.policyVersionList", default_document),
        ),
        account="accountId",
        identity=id_in_account,
        lacking={"CA10__policyDocumentExt__c": "is not known: it was not worked out of the document"},
    ),
    TypeFrom(
        "AWS::CloudTrail::Trail",
        "CA10__CaAwsCloudTrailTrail__c",
        "arn",
        (
            FieldFrom("CA10__name__c", "configuration.name", text),
            FieldFrom("CA10__arn__c", "arn", text),
            FieldFrom("CA10__multiRegionTrail__c", "configuration.isMultiRegionTrail", boolean),
            FieldFrom("CA10__logFileValidationEnabled__c", "configuration.logFileValidationEnabled", boolean),
        ),
        account="accountId",
        identity=id_in_account,
        lacking={"CA10__isLogging__c": _NOT_HERE, "CA10__eventSelectorsJson__c": _NOT_HERE},
    ),
    TypeFrom(
        "AWS::S3::Bucket",
        "CA10__CaAwsBucket__c",
        "arn",
        (
            FieldFrom("CA10__name__c", "configuration.name", text),
            FieldFrom("CA10__arn__c", "arn", text),
            FieldFrom("CA10__versioningStatus__c", "supplementaryConfiguration.BucketVersioningConfiguration.status", text),
            FieldFrom("CA10__blockPublicAcls__c", f"{_PUBLIC}.blockPublicAcls", yes_no),
            FieldFrom("CA10__blockPublicPolicy__c", f"{_PUBLIC}.blockPublicPolicy", yes_no),
            FieldFrom("CA10__ignorePublicAcls__c", f"{_PUBLIC}.ignorePublicAcls", yes_no),
            FieldFrom("CA10__restrictPublicBuckets__c", f"{_PUBLIC}.restrictPublicBuckets", yes_no),
            FieldFrom("CA10__policyDocument__c", "supplementaryConfiguration.BucketPolicy.policyText", text),
        ),
        account="accountId",
    ),
    TypeFrom(
        "AWS::KMS::Key",
        "CA10__CaAwsKmsKey__c",
        "arn",
        (
            FieldFrom("CA10__keyId__c", "configuration.keyId", text),
            FieldFrom("CA10__state__c", "configuration.keyState", text),
            FieldFrom("CA10__keySpec__c", "configuration.keySpec", text),
            FieldFrom("CA10__rotationEnabled__c", "supplementaryConfiguration.KeyRotationStatus", boolean),
        ),
        account="accountId",
    ),
    TypeFrom(
        "AWS::RDS::DBInstance",
        "CA10__CaAwsDbInstance__c",
        "arn",
        (
            FieldFrom("CA10__dbInstanceIdentifier__c", "configuration.dBInstanceIdentifier", text),
            FieldFrom("CA10__engine__c", "configuration.engine", text),
            FieldFrom("CA10__endpointPort__c", "configuration.endpoint.port", digits),
            FieldFrom("CA10__publiclyAccessible__c", "configuration.publiclyAccessible", boolean),
            FieldFrom("CA10__storageEncrypted__c", "configuration.storageEncrypted", boolean),
            FieldFrom("CA10__autoMinorVersionUpgrade__c", "configuration.autoMinorVersionUpgrade", boolean),
            FieldFrom("CA10__multiAz__c", "configuration.multiAZ", boolean),
        ),
        account="accountId",
    ),
)
"""Resource types of AWS Config, and the form of their items. Items of other types are skipped."""

_BY_TYPE: Final = {kind.source: kind for kind in MAP}


def read_config(text: InputText, source: str, contents: Contents) -> Iterator[None]:
    """Read items into ``contents``, one a step. Raises UnusableContent for the first that cannot be used."""
    snapshot = JsonText(text.pieces())
    names: dict[str, None] = {}
    others: set[str] = set()
    is_any_read = False
    for name, value in snapshot.members((_ITEMS,)):
        names[name] = None
        if name != _ITEMS:
            continue
        if value is not None or not snapshot.is_array:
            raise UnusableContent(f"`{_ITEMS}` is {described(value)} where an array is expected")
        for place, item in snapshot.elements():
            if not isinstance(item, dict):
                raise UnusableContent(f"item {place} is {described(item)} where an object is expected")
            _read_item(contents, item, Origin(source, place, "item"))
            is_any_read = is_any_read or item.get("resourceType") in _BY_TYPE
            others.add(excerpt(str(item.get("resourceType")), 60))
            yield
    snapshot.end()
    if other_spellings(names, _ITEMS):
        raise UnusableContent(f"`{_ITEMS}` appears in two spellings")
    if others and not is_any_read:
        more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
        known = ", ".join(_BY_TYPE)
        shown = ", ".join(sorted(others)[:_MOST_NAMED])
        raise UnusableContent(f"its items are of {shown}{more}; those that are read are {known}")
    contents.observed_at = contents.latest


def _read_item(contents: Contents, item: dict[str, Any], origin: Origin) -> None:
    twice = [name for name in in_two_spellings(item) if name in _READ]
    if twice:
        raise UnusableContent(f"item {origin.row} has the key `{twice[0]}` in two spellings")
    kind = _BY_TYPE.get(str(item.get("resourceType", "")))
    if kind is None:
        return
    try:
        status, arn = either(item, "configurationItemStatus", "status"), either(item, "arn", "ARN")
        account = either(item, "accountId", "awsAccountId")
    except UnknownValue as error:
        raise UnusableContent(f"item {origin.row} {error}") from None
    if status not in (*_CURRENT, *_GONE, *_NOT_RECORDED):
        raise UnusableContent(f"item {origin.row}: its status is {_shown(status)}, which AWS Config does not have")
    stated = item.get("configurationItemCaptureTime")
    captured = moment(stated) or seconds(stated)  # version 1 of the AWS CLI writes numbers
    if captured is None and status not in _NOT_RECORDED:
        raise UnusableContent(f"item {origin.row}: its `configurationItemCaptureTime` is {_shown(stated)}, which is not a time")
    row: dict[str, Any] = {"arn": arn, "accountId": account}
    if status in _NOT_RECORDED:
        claim = Claim(kind.type_name, lacking=f"an item of AWS Config says that not every {kind.source} is recorded")
        contents.lacking = tuple(dict.fromkeys((*contents.lacking, claim)))
    else:
        row["configuration"] = _document(item.get("configuration"))
        row["supplementaryConfiguration"] = _documents(item.get("supplementaryConfiguration"))
    gone_at = captured.isoformat().replace("+00:00", "Z") if captured and status in _GONE else None
    # Times in the future, or at the epoch, count as no time: they must not decide which reading is newer.
    seen_at = captured if captured is not None and is_observation_time(captured, datetime.now(UTC)) else None
    reason = kind.read(contents, row, origin, gone_at=gone_at, seen_at=seen_at)
    if reason is not None and status not in _NOT_RECORDED:
        raise UnusableContent(f"item {origin.row} cannot be used: {reason}")


def _document(value: Any) -> Any:
    """Return a configuration, which is JSON text in API answers; an empty object if it cannot be read."""
    try:
        return document(value)
    except UnknownValue:
        return {}


def _documents(value: Any) -> dict[str, Any]:
    """Return supplementary configurations, each of which may be JSON text."""
    parts = value if isinstance(value, dict) else {}
    return {name: _document(part) if isinstance(part, str) and part[:1] in "{[" else part for name, part in parts.items()}


def _shown(value: Any) -> str:
    return excerpt(value) if isinstance(value, str) else described(value)
