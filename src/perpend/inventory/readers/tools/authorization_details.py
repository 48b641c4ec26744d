"""Read the answer of ``aws iam get-account-authorization-details``: users, groups, roles and policies.

Source: IAM API reference, GetAccountAuthorizationDetails. Pages are separate files. Missing keys are unknown: the answer
states no time, and may state that it has more pages. Only ``UserPolicyList`` is left out by AWS for users without inline
policies, while other empty lists are written. If the user claims that the answer is complete, it is an empty list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perpend.core.objects.claims import Claim
from perpend.core.objects.inventory import Origin
from perpend.inventory.readers.errors import UnusableContent
from perpend.inventory.readers.json_text import JsonText, described, other_spellings
from perpend.inventory.readers.tools.contents import (
    ATTACHMENT,
    GROUP,
    GROUP_LINK,
    GROUP_POLICY,
    MEMBERSHIP,
    POLICY,
    ROLE,
    ROLE_POLICY,
    USER,
    USER_LINK,
    USER_POLICY,
    Contents,
    account_of_arn,
    id_in_account,
    id_of_group,
    inline_of,
    is_account,
    links_of,
    memberships,
    role_attachments,
)
from perpend.inventory.readers.tools.field_map import FieldFrom, ListFrom, TypeFrom
from perpend.inventory.readers.tools.values import (
    UnknownValue,
    boolean,
    document,
    either,
    integer,
    json_text,
    last_used,
    policies_at,
    policy,
    text,
    texts,
    texts_at,
    time,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.inventory.readers.files import InputText

_NOT_HERE: Final = "is not known: account authorization details do not tell it"
_NOT_EXTENDED: Final = "is not known: it was not worked out of the document"
_ATTACHED: Final = "AttachedManagedPolicies"
_INLINE: Final = policies_at("PolicyName", "PolicyDocument")
_TRUNCATED: Final = "istruncated"
_TOKENS: Final = ("marker", "nexttoken")
"""What an answer holds where there is more, of IAM and of the AWS CLI that was told ``--max-items``, however it is spelt."""

_OF_USER: Final = "CA10__user__c"
_OF_GROUP: Final = "CA10__group__c"


def default_document(value: Any) -> str:
    """Return the document of a policy's default version."""
    versions = document(value)
    documents = [version for version in versions if isinstance(version, dict)] if isinstance(versions, list) else []
    default = [version for version in documents if either(version, "IsDefaultVersion", "isDefaultVersion") is True]
    if len(default) != 1:
        raise UnknownValue("holds no default version")
    return json_text(either(default[0], "Document", "document"))


def policy_type(arn: Any) -> str:
    """Return whether AWS or the customer manages a policy."""
    return "AWS managed" if account_of_arn(text(arn)) == "aws" else "Customer managed"


MAP: Final = (
    TypeFrom(
        "UserDetailList",
        USER,
        "Arn",
        (FieldFrom("CA10__userName__c", "UserName", text), FieldFrom("CA10__arn__c", "Arn", text)),
        (
            ListFrom("CA10__AWS_IAM_Policy_User_Links__r", USER_LINK, _ATTACHED, texts_at("PolicyArn"), links_of(_OF_USER)),
            ListFrom(
                "CA10__userPolicies__r", USER_POLICY, "UserPolicyList", _INLINE, inline_of(_OF_USER), (_ATTACHED, "GroupList")
            ),
            ListFrom("CA10__AWS_IAM_User_Group_Links__r", MEMBERSHIP, "GroupList", texts, memberships),
        ),
        lacking={"CA10__credReportAttributesJson__c": _NOT_HERE},
    ),
    TypeFrom(
        "GroupDetailList",
        GROUP,
        "Arn",
        (FieldFrom("CA10__name__c", "GroupName", text), FieldFrom("CA10__arn__c", "Arn", text)),
        (
            ListFrom("CA10__AWS_IAM_Policy_Group_Links__r", GROUP_LINK, _ATTACHED, texts_at("PolicyArn"), links_of(_OF_GROUP)),
            ListFrom("CA10__AWS_IAM_Group_Policies__r", GROUP_POLICY, "GroupPolicyList", _INLINE, inline_of(_OF_GROUP)),
        ),
        identity=id_of_group,
    ),
    TypeFrom(
        "RoleDetailList",
        ROLE,
        "Arn",
        (
            FieldFrom("CA10__name__c", "RoleName", text),
            FieldFrom("CA10__arn__c", "Arn", text),
            FieldFrom("CA10__path__c", "Path", text),
            FieldFrom("CA10__createDate__c", "CreateDate", time),
            FieldFrom("CA10__lastUsedDate__c", "RoleLastUsed", last_used),
            FieldFrom("CA10__assumeRolePolicyDocument__c", "AssumeRolePolicyDocument", policy),
        ),
        (
            ListFrom(
                "CA10__AWS_IAM_Role_Policy_Attachments__r", ATTACHMENT, _ATTACHED, texts_at("PolicyArn"), role_attachments
            ),
            ListFrom("CA10__AWS_IAM_Role_Policies__r", ROLE_POLICY, "RolePolicyList", _INLINE, inline_of("CA10__role__c")),
        ),
        lacking={"CA10__assumeRolePolicyDocumentExt__c": _NOT_EXTENDED},
    ),
    TypeFrom(
        "Policies",
        POLICY,
        "Arn",
        (
            FieldFrom("CA10__name__c", "PolicyName", text),
            FieldFrom("CA10__arn__c", "Arn", text),
            FieldFrom("CA10__policyType__c", "Arn", policy_type),
            FieldFrom("CA10__attachable__c", "IsAttachable", boolean),
            FieldFrom("CA10__attachmentCount__c", "AttachmentCount", integer),
            FieldFrom("CA10__policyDocument__c", "PolicyVersionList", default_document),
        ),
        identity=id_in_account,
        lacking={"CA10__policyDocumentExt__c": _NOT_EXTENDED},
    ),
)
"""The lists of the answer, and the form of their entries."""


def read_details(text: InputText, source: str, contents: Contents) -> Iterator[None]:
    """Read an answer into ``contents``, one entry a step. Raises UnusableContent for the first entry that cannot be used."""
    answer = _answer(JsonText(text.pieces()))
    account = _account(answer)
    for kind in MAP:
        for place, entry in enumerate(_entries(answer, kind.source), 1):
            reason = kind.read(contents, entry, Origin(source, place, f"{kind.source} entry"), account=account)
            if reason is not None:
                raise UnusableContent(f"entry {place} of `{kind.source}` cannot be used: {reason}")
            yield
    names = [name for name, value in answer.items() if name.lower() == _TRUNCATED and value is not False]
    names += [name for name, value in answer.items() if name.lower() in _TOKENS and value is not None]
    if names:
        why = f"an answer of `get-account-authorization-details` says that there is more (`{names[0]}`)"
        contents.has_more = True
        contents.lacking = tuple(Claim(kind.type_name, lacking=why) for kind in MAP)


def _answer(text: JsonText) -> dict[str, Any]:
    """Return the whole answer: the account of AWS's own policies follows from all other entries."""
    lists = {kind.source for kind in MAP}
    answer = {
        name: [entry for _, entry in text.elements()] if value is None and text.is_array else value
        for name, value in text.members(lists)
    }
    text.end()
    return answer


def _entries(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    if other_spellings(answer, name):
        raise UnusableContent(f"`{name}` appears in another spelling")
    entries = answer.get(name, [])
    if not isinstance(entries, list):
        raise UnusableContent(f"`{name}` is {described(entries)} where an array is expected")
    wrong = next((entry for entry in entries if not isinstance(entry, dict)), None)
    if wrong is not None or None in entries:
        raise UnusableContent(f"`{name}` holds {described(wrong)} where an object is expected")
    return entries


def _account(answer: dict[str, Any]) -> str:
    """Return the account of the answer's ARNs, empty if they have none or several."""
    named = {account_of_arn(entry.get("Arn")) for kind in MAP for entry in _entries(answer, kind.source)}
    accounts = [account for account in named if is_account(account)]
    return str(accounts[0]) if len(accounts) == 1 else ""
