"""A policy document as AWS answers it in, the extended one out: with an access level on each Allow statement.

What is known of the account and its organization comes from answers beside it; what hangs on the rest is not known.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from perpend.collectors.aws.model import ABOVE, NotThere
from perpend.collectors.aws.transforms import json_document, json_text
from perpend.core.iam.access_policy import AccessPolicyError
from perpend.core.iam.levels import PolicyKind, extended_document
from perpend.core.iam.surroundings import Surroundings

if TYPE_CHECKING:
    from collections.abc import Mapping

EXTENDED: Final = {f"extended_{kind.value}": kind for kind in PolicyKind}
"""The transforms of a policy document by name, each with where such a document stands."""

ORGANIZATION: Final = "org.describe"
MEMBERS: Final = "org.accounts"


def extended(name: str, document: Any, item: Mapping[str, Any], account: str) -> str:
    """Return the extended form of a document. Raises NotThere where it is not understood, or hangs on what is not known."""
    try:
        with_levels = extended_document(json.loads(json_document(document)), EXTENDED[name], surroundings_of(item, account))
    except AccessPolicyError as error:
        raise NotThere(str(error)) from None
    return json_text(with_levels)


def surroundings_of(item: Mapping[str, Any], account: str) -> Surroundings:
    """Return what answers about an object, or beside one of them, tell of its account's organization."""
    facts = item if ORGANIZATION in item or MEMBERS in item else item.get(ABOVE, {})
    organization = facts.get(ORGANIZATION, {}).get("Organization", {}).get("Id")
    members = facts.get(MEMBERS, {}).get("Accounts")
    return Surroundings(
        account=account,
        organization=organization if isinstance(organization, str) else None,
        organization_accounts=None if members is None else frozenset(str(one.get("Id")) for one in members),
        collected_accounts=frozenset((account,)),
    )
