"""The library's ratings: each policy has exactly one, and a level that differs from Security Hub's says why."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from perpend.findings.severity.active import rating_files
from perpend.findings.severity.effective import ratings_in_force
from perpend.findings.severity.levels import DEFAULT_SOURCE
from perpend.findings.severity.published import controls_of, published_severities, severities_of_controls
from perpend.findings.severity.read import PolicyRating
from perpend.language.syntax.repository import Repository, library

CRITICAL = (
    "ec2/group-security-allows-unrestricted-ipv4-ingress-traffic-to-remote-server-administration-ports",
    "ec2/security-group-unrestricted-inbound-common-ports",
    "ebs/snapshot-publicly-restorable",
    "rds/snapshot-publicly-accessible",
    "s3/bucket-public-read-access",
    "s3/bucket-public-write-access",
    "sqs/queue-policy-open-to-everybody",
    "iam/role-trusts-everybody",
    "iam/delete-root-user-access-keys",
    "iam/root-user-mfa",
)
LOW = ("s3/bucket-mfa-delete", "account/maintain-alternate-contact-information", "s3/bucket-server-access-logging")


@pytest.fixture(scope="module")
def repository() -> Repository:
    return library()


@pytest.fixture(scope="module")
def ratings(repository: Repository) -> tuple[PolicyRating, ...]:
    files = rating_files(repository, None)
    assert ((), ()) == (files.ratings, files.shifts)
    return files.defaults


def test_each_policy_has_exactly_one_default_and_no_other_policy_has_one(
    repository: Repository, ratings: tuple[PolicyRating, ...]
) -> None:
    named = Counter(policy for rating in ratings for policy in rating.policies)
    assert dict.fromkeys(repository.policy_ids, 1) == named
    assert {DEFAULT_SOURCE} == {rating.source for rating in ratings}
    assert () == rating_files(repository, None, defaults=False).defaults


def test_a_reason_is_one_or_two_short_sentences(ratings: tuple[PolicyRating, ...]) -> None:
    for rating in ratings:
        assert re.fullmatch(r"[A-Z][^.]+\.( Security Hub says [^.]+\.)?", rating.because), rating.because
        assert len(rating.because) < 250
    assert len({rating.because for rating in ratings}) == len(ratings)


@pytest.mark.parametrize(("policies", "level"), [(CRITICAL, "critical"), (LOW, "low")])
def test_the_obvious_is_rated_as_everybody_would(repository: Repository, policies: tuple[str, ...], level: str) -> None:
    in_force = ratings_in_force(rating_files(repository, None), repository.policy_ids)
    assert dict.fromkeys(policies, level) == {
        policy: str(in_force.by_policy[f"/ce/ca/aws/{policy}"].level) for policy in policies
    }


@pytest.mark.medium
def test_a_level_that_differs_from_that_of_security_hub_says_why(
    repository: Repository, ratings: tuple[PolicyRating, ...]
) -> None:
    published = published_severities(repository, repository.policy_ids)
    for rating in ratings:
        said = re.search(r"Security Hub says (\w+)", rating.because)
        for policy in rating.policies:
            levels = {*published.get(policy, {}).values()}
            differs = bool(levels) and str(rating.level) not in levels
            assert (differs, said and said[1] in levels) == (said is not None, said and True), (policy, levels)


@pytest.mark.medium
def test_each_control_of_security_hub_that_a_policy_names_has_its_published_severity(repository: Repository) -> None:
    controls = {policy: controls_of(repository, policy) for policy in repository.policy_ids}
    assert {control for named in controls.values() for control in named} == {*severities_of_controls()}
    assert {"critical", "high", "medium", "low"} == {*severities_of_controls().values()}
    for policy, named in controls.items():
        mapped = repository.policy(policy).value
        assert mapped is not None
        sections = (one.value for one in mapped.mappings)
        ids = [re.fullmatch(r"/frameworks/aws-(?:security-hub|fsbp-v[0-9.]+)/(\w+)/0*([0-9]+)", one) for one in sections]
        assert {f"{one[1]}.{one[2]}" for one in ids if one} <= {control.lower() for control in named}, policy
