"""Tables of AWS Organizations: the organization of an account, and its members. Access levels of policies depend on it."""

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
"""The calls that access levels need, made once for an account."""

ORGANIZATION_FACTS: Final = tuple(detail.call for detail in ORGANIZATION_DETAILS)

TABLE: Final = ServiceTable(_CALLS)
