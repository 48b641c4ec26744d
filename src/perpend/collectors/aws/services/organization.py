"""AWS Organizations: what an account belongs to, and who else does. Levels of policy documents hang on it."""

from __future__ import annotations

from typing import Final

from perpend.collectors.aws.model import CloudCall, DetailCall, ServiceTable
from perpend.collectors.aws.policy_access_levels import MEMBERS, ORGANIZATION
from perpend.core.iam.surroundings import NO_ORGANIZATION

_CALLS: Final = (
    CloudCall(
        ORGANIZATION,
        "organizations",
        "DescribeOrganization",
        "organizations:DescribeOrganization",
        regional=False,
        facts={"AWSOrganizationsNotInUseException": {"Organization": {"Id": NO_ORGANIZATION}}},
        holds="Organization.Id",
    ),
    CloudCall(
        MEMBERS,
        "organizations",
        "ListAccounts",
        "organizations:ListAccounts",
        "Accounts",
        regional=False,
    ),
)

ORGANIZATION_DETAILS: Final = (
    DetailCall(ORGANIZATION),
    DetailCall(MEMBERS, unless=(f"{ORGANIZATION}#Organization.Id", NO_ORGANIZATION), after=(ORGANIZATION,)),
)
"""What is asked before a policy document is extended, once for an account."""

ORGANIZATION_FACTS: Final = tuple(detail.call for detail in ORGANIZATION_DETAILS)

TABLE: Final = ServiceTable(_CALLS)
