"""Policies of the library that do not yet hold what costly tests ask of all. The lists only shrink: each entry has to fail."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.sampled import sampled

ODD_PASSES = frozenset(
    [
        "/ce/ca/aws/account/organization-centralized-root-access",
        "/ce/ca/aws/acm/certificate-with-wildcard-domain-name",
        "/ce/ca/aws/autoscaling/group-launch-template",
        "/ce/ca/aws/cloudtrail/aws-organizations-changes-monitoring",
        "/ce/ca/aws/cloudtrail/iam-policy-changes-monitoring",
        "/ce/ca/aws/cloudtrail/s3-bucket-access-logging",
        "/ce/ca/aws/ec2/default-security-group-does-not-restrict-all-traffic",
        "/ce/ca/aws/ec2/instance-detailed-monitoring",
        "/ce/ca/aws/ec2/instance-iam-role",
        "/ce/ca/aws/ec2/instance-imdsv2",
        "/ce/ca/aws/ec2/instance-multiple-network-interfaces",
        "/ce/ca/aws/ec2/instance-paravirtual",
        "/ce/ca/aws/ec2/instance-public-ip",
        "/ce/ca/aws/ec2/instance-without-public-ip-in-public-subnet",
        "/ce/ca/aws/ec2/security-group-allows-unrestricted-cifs-traffic",
        "/ce/ca/aws/ec2/security-group-launch-wizard",
        "/ce/ca/aws/ec2/security-group-unrestricted-inbound-common-ports",
        "/ce/ca/aws/ec2/security-group-unrestricted-inbound-unauthorized-ports",
        "/ce/ca/aws/elb/classic-load-balancer-connection-draining",
        "/ce/ca/aws/elb/classic-load-balancer-cross-zone-balancing",
        "/ce/ca/aws/elb/classic-load-balancer-desync-mitigation",
        "/ce/ca/aws/elb/classic-load-balancer-multiple-availability-zones",
        "/ce/ca/aws/elb/load-balancer-deletion-protection",
        "/ce/ca/aws/elb/load-balancer-desync-mitigation",
        "/ce/ca/aws/elb/load-balancer-drop-invalid-headers",
        "/ce/ca/aws/elb/load-balancer-multiple-availability-zones",
        "/ce/ca/aws/iam/customer-policy-allows-all-actions-of-a-service",
        "/ce/ca/aws/iam/customer-policy-allows-assuming-all-roles",
        "/ce/ca/aws/iam/customer-policy-allows-decryption-with-all-keys",
        "/ce/ca/aws/iam/customer-policy-allows-passing-all-roles",
        "/ce/ca/aws/iam/group-inline-policy-allows-decryption-with-all-keys",
        "/ce/ca/aws/iam/group-inline-policy-allows-everything",
        "/ce/ca/aws/iam/role-has-administrator-access",
        "/ce/ca/aws/iam/role-inline-policy-allows-decryption-with-all-keys",
        "/ce/ca/aws/iam/role-inline-policy-allows-everything",
        "/ce/ca/aws/iam/role-trusts-foreign-account-without-external-id",
        "/ce/ca/aws/iam/role-unused-for-90-days",
        "/ce/ca/aws/iam/user-inline-policy-allows-decryption-with-all-keys",
        "/ce/ca/aws/iam/user-inline-policy-allows-everything",
        "/ce/ca/aws/rds/aurora-cluster-access-consistency",
        "/ce/ca/aws/rds/cluster-audit-log-exports",
        "/ce/ca/aws/rds/cluster-auto-minor-version-upgrade",
        "/ce/ca/aws/rds/cluster-backtrack",
        "/ce/ca/aws/rds/cluster-default-admin-username",
        "/ce/ca/aws/rds/cluster-iam-authentication",
        "/ce/ca/aws/rds/cluster-postgresql-log-exports",
        "/ce/ca/aws/rds/cluster-snapshot-publicly-accessible",
        "/ce/ca/aws/rds/instance-automated-backups",
        "/ce/ca/aws/rds/instance-copy-tags-to-snapshots",
        "/ce/ca/aws/rds/instance-default-admin-username",
        "/ce/ca/aws/rds/instance-deletion-protection",
        "/ce/ca/aws/rds/instance-iam-authentication",
        "/ce/ca/aws/rds/instance-log-exports",
        "/ce/ca/aws/rds/instance-postgresql-log-exports",
        "/ce/ca/aws/rds/snapshot-publicly-accessible",
        "/ce/ca/aws/redshift/cluster-default-admin-username",
        "/ce/ca/aws/redshift/cluster-default-database-name",
        "/ce/ca/aws/sns/topic-encryption",
        "/ce/ca/aws/vpc/network-acl-allows-unrestricted-ingress-traffic-to-remote-server-administration-ports",
        "/ce/ca/aws/vpc/route-table-for-vpc-peering-does-not-follow-the-least-privilege-principle",
        "policy64",
        "policy65",
    ]
)
"""Policies that some odd value of a kind or a state, which AWS does not give, leads past UNDETERMINED."""

OTHER_IN_STORES = frozenset(
    [
        "/ce/ca/aws/account/password-policy-lowercase-letter",
        "/ce/ca/aws/account/password-policy-number",
        "/ce/ca/aws/account/password-policy-symbol",
        "/ce/ca/aws/account/password-policy-uppercase-letter",
        "/ce/ca/aws/apigateway/stage-client-certificate",
        "/ce/ca/aws/apigateway/stage-tracing",
        "/ce/ca/aws/apigateway/stage-web-acl",
        "/ce/ca/aws/autoscaling/group-and-load-balancer-inconsistent-azs",
        "/ce/ca/aws/cloudtrail/aws-organizations-changes-monitoring",
        "/ce/ca/aws/cloudtrail/config-configuration-changes-monitoring",
        "/ce/ca/aws/cloudtrail/configuration-changes-monitoring",
        "/ce/ca/aws/cloudtrail/disable-or-schedule-deletion-cmk-events-monitoring",
        "/ce/ca/aws/cloudtrail/encryption-with-kms-cmk",
        "/ce/ca/aws/cloudtrail/iam-policy-changes-monitoring",
        "/ce/ca/aws/cloudtrail/management-console-authentication-failures-monitoring",
        "/ce/ca/aws/cloudtrail/management-console-sign-in-without-mfa-monitoring",
        "/ce/ca/aws/cloudtrail/network-access-control-lists-changes-monitoring",
        "/ce/ca/aws/cloudtrail/network-gateways-changes-monitoring",
        "/ce/ca/aws/cloudtrail/root-account-usage-monitoring",
        "/ce/ca/aws/cloudtrail/route-table-changes-monitoring",
        "/ce/ca/aws/cloudtrail/s3-bucket-access-logging",
        "/ce/ca/aws/cloudtrail/s3-bucket-policy-changes-monitoring",
        "/ce/ca/aws/cloudtrail/security-group-changes-monitoring",
        "/ce/ca/aws/cloudtrail/trail-bucket-mfa-delete",
        "/ce/ca/aws/cloudtrail/trail-bucket-open-to-everybody",
        "/ce/ca/aws/cloudtrail/unauthorized-api-calls-monitoring",
        "/ce/ca/aws/cloudtrail/vpc-changes-monitoring",
        "/ce/ca/aws/ec2/instance-without-public-ip-in-public-subnet",
        "/ce/ca/aws/iam/group-has-administrator-access",
        "/ce/ca/aws/iam/user-has-administrator-access",
        "/ce/ca/aws/rds/instance-multi-az-deployment",
        "/ce/ca/aws/s3/bucket-block-public-access",
        "/ce/ca/aws/s3/bucket-public-read-access",
        "/ce/ca/aws/s3/bucket-public-write-access",
        "/ce/ca/aws/s3/bucket-server-access-logging",
        "/ce/ca/aws/vpc/network-acl-allows-unrestricted-ingress-traffic-to-remote-server-administration-ports",
    ]
)
"""Policies whose test objects hold relations that a store does not take as they stand."""


def policies_with(gaps: frozenset[str], policies: Sequence[str]) -> list[object]:
    """Return some policies as parameters; those of a list of gaps are expected to fail, and fail a run where they do not."""
    mark = pytest.mark.xfail(strict=True, reason="a gap of this policy: tests/library_gaps.py")
    return [pytest.param(one, marks=mark) if one in gaps else one for one in sampled(policies)]
