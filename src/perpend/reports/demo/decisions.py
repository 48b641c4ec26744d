"""The texts of the files beside the store: the configuration, and waivers of which some end soon and one has ended."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from perpend.reports.demo.organisation import ACCOUNTS, DOMAIN, ORGANISATION

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


class _Waiver(NamedTuple):
    """A waiver that ends some days after today, or before it if the number is negative."""

    id: str
    policy: str
    account: str
    kind: str
    days: int
    limit: int
    reason: str
    name: str = "*"


_AWS: Final = "/ce/ca/aws"
_WAIVERS: Final = (
    _Waiver(
        "media-is-public",
        f"{_AWS}/s3/bucket-*",
        "Web shop production",
        "compensating-control",
        9,
        10,
        "Product pictures are public. A content delivery network takes over, then the bucket closes.",
        "*-media",
    ),
    _Waiver(
        "staging-in-one-zone",
        f"{_AWS}/rds/instance-deletion-protection",
        "Payments staging",
        "accepted-risk",
        12,
        6,
        "The databases for tests are made again each night.",
    ),
    _Waiver(
        "warehouse-old-metadata",
        f"{_AWS}/ec2/instance-imdsv2",
        "Warehouse production",
        "planned-fix",
        -6,
        10,
        "The label printers' agent is to be replaced before the autumn sale.",
    ),
    _Waiver(
        "lake-detailed-monitoring",
        f"{_AWS}/ec2/instance-detailed-monitoring",
        "Data lake",
        "accepted-risk",
        160,
        10,
        "Batch jobs need no metrics by the minute.",
    ),
)


def configuration(excluded: Iterable[str]) -> str:
    """Return the text of ``perpend.toml``. ``excluded`` are the policies that read what the organisation does not have."""
    accounts = "".join(
        f'\n[accounts.{account.number}]\nname = "{account.name}"\nowner = "{account.owner}@{DOMAIN}"\n' for account in ACCOUNTS
    )
    policies = "".join(f'  "{policy}",\n' for policy in excluded)
    return (
        f"# {ORGANISATION} is invented. `perpend demo` made this directory; it may be deleted.\n"
        'store = "store"\n'
        'waivers = "waivers"\n'
        "# These policies also read what nobody has invented.\n"
        f"exclude = [\n{policies}]\n{accounts}"
    )


def waivers(today: datetime) -> str:
    """Return the text of a file of waivers."""
    numbers = {account.name: account.number for account in ACCOUNTS}
    owners = {account.name: account.owner for account in ACCOUNTS}
    entries = "".join(
        f"  - id: {waiver.id}\n"
        f'    policies: ["{waiver.policy}"]\n'
        "    scope:\n"
        f'      accounts: ["{numbers[waiver.account]}"]\n'
        f'      names: ["{waiver.name}"]\n'
        f"    kind: {waiver.kind}\n"
        f"    reason: {waiver.reason}\n"
        f"    owner: {owners[waiver.account]}@{DOMAIN}\n"
        f"    approvedBy: ciso@{DOMAIN}\n"
        f"    until: {today + timedelta(days=waiver.days):%Y-%m-%d}\n"
        f"    limit: {waiver.limit}\n"
        for waiver in _WAIVERS
    )
    return f"approvers: [ciso@{DOMAIN}]\nwaivers:\n{entries}"
