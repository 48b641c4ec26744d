"""AWS's API as the rest of Perpend uses it. Imports botocore."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from perpend.collectors.aws.account_pool import AccountPool, estimate_of
from perpend.collectors.aws.client import CloudClient, all_known_regions
from perpend.collectors.aws.security_hub import SecurityHub
from perpend.collectors.aws.session.credentials import (
    SdkAccountCredentials,
    credentials_of_organization,
    credentials_of_profiles,
)
from perpend.collectors.aws.tables import USUAL_ROLE, AwsPlan
from perpend.collectors.protocol import CallCounts
from perpend.core.clouds.aws import AWS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from perpend.collectors.aws.options import AwsOptions
    from perpend.collectors.protocol import (
        CallEstimate,
        CheckpointWriter,
        CloudApi,
        CollectionListener,
        RegionFilter,
        UsedObjects,
    )


class AwsApi:
    """Requests to AWS, with the credentials of profiles or of an organization's roles."""

    def regions(self) -> list[str]:
        """Return the regions of all partitions."""
        return all_known_regions()

    def default_regions(self, options: AwsOptions) -> list[str]:
        """Return the regions of the usual partition. Raises NothingCollected if a profile does not exist."""
        return CloudClient(options.profiles[0] if options.profiles else None).known_regions(AWS.usual_partition)

    def credentials(self, plan: AwsPlan, options: AwsOptions) -> tuple[list[SdkAccountCredentials], int]:
        """Return the accounts of profiles or of an organization, and the number of its inactive ones."""
        profiles = tuple(dict.fromkeys(options.profiles)) or (None,)
        if not options.org:
            return credentials_of_profiles(profiles, options.endpoint_url), 0
        return credentials_of_organization(
            CloudClient(profiles[0], options.endpoint_url),
            plan,
            role_name=options.role_name or USUAL_ROLE,
            external_id=options.external_id,
            wanted=options.wanted_accounts,
        )

    def estimate(self, plan: AwsPlan, *, accounts: int, regions: int, concurrency: int) -> CallEstimate:
        """Return the calls and the time that a plan takes."""
        return estimate_of(plan, accounts=accounts, regions=regions, concurrency=concurrency)

    def collect(
        self,
        plan: AwsPlan,
        credentials: Sequence[SdkAccountCredentials],
        checkpoint: CheckpointWriter,
        options: AwsOptions,
        *,
        regions: RegionFilter | None = None,
        used: UsedObjects = MappingProxyType({}),
        known_accounts: Collection[str] = (),
        listener: CollectionListener | None = None,
    ) -> CallCounts:
        """Collect from all accounts what the checkpoint does not hold yet."""
        pool = AccountPool(plan, checkpoint, regions, options.closed_regions, used, listener, options.concurrency)
        pool.collect(credentials)
        return CallCounts(pool.calls, tuple(pool.warnings))

    def findings_service(self, profile: str | None, endpoint_url: str | None, region: str) -> SecurityHub:
        """Return Security Hub in a region, or in the region of the profile."""
        return SecurityHub(CloudClient(profile, endpoint_url, region))


API: Final[CloudApi[AwsPlan, SdkAccountCredentials, AwsOptions]] = AwsApi()
