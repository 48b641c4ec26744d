"""Add an access level to each Allow statement of a policy document.

Other answers give the account and its organization. A level that depends on anything else is unknown.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.aws.transforms import json_document, json_text
from perpend.collectors.items import ABOVE, NotThere
from perpend.core.iam.access_policy import AccessPolicyError
from perpend.core.iam.levels import PolicyKind, extended_document
from perpend.core.iam.surroundings import Surroundings

if TYPE_CHECKING:
    from collections.abc import Mapping

EXTENDED: Final = {f"extended_{kind.value}": kind for kind in PolicyKind}
"""The transforms of a policy document by name, each with the kind of the policy."""

ORGANIZATION: Final = "org.describe"
MEMBERS: Final = "org.accounts"


def extended(name: str, document: Any, item: Mapping[str, Any], account: str) -> str:
    """Return a document with access levels. Raises NotThere if it is malformed, or a level depends on unknown data."""
    try:
        with_levels = extended_document(json.loads(json_document(document)), EXTENDED[name], surroundings_of(item, account))
    except AccessPolicyError as error:
        raise NotThere(str(error)) from None
    return json_text(with_levels)


def surroundings_of(item: Mapping[str, Any], account: str) -> Surroundings:
    """Return the organization of an object's account, from answers about the object or the item around it."""
    facts = item if ORGANIZATION in item or MEMBERS in item else item.get(ABOVE, {})
    organization = facts.get(ORGANIZATION, {}).get("Organization", {}).get("Id")
    members = facts.get(MEMBERS, {}).get("Accounts")
    return Surroundings(
        account=account,
        organization=organization if isinstance(organization, str) else None,
        organization_accounts=None if members is None else frozenset(str(one.get("Id")) for one in members),
        collected_accounts=frozenset((account,)),
    )
