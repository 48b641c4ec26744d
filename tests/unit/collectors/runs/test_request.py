"""The policies that evaluate a collection: named ones, or those that read only the collected types."""

from __future__ import annotations

from typing import Any

import pytest

from perpend.collectors.protocol import CollectOptions
from perpend.collectors.runs.request import NothingToEvaluate, PolicyFilter
from perpend.language.syntax.repository import open_repository
from perpend.runs.scan import collection_request, policy_filter

pytestmark = pytest.mark.medium

ACCOUNT, USER, BUCKET = "CA10__CaAwsAccount__c", "CA10__CaAwsUser__c", "CA10__CaAwsBucket__c"
KEYS = "/ce/ca/aws/iam/user-has-more-than-one-active-access-key"


def policies(*types: str, exclude: tuple[str, ...] = (), **given: Any) -> PolicyFilter:
    options = CollectOptions(types=types, **given)
    request = collection_request(open_repository(), options.policies, options.frameworks, types, cloud="aws")
    return policy_filter(request, options, exclude)


def last(names: Any) -> set[str]:
    return {name.rpartition("/")[2] for name in names}


def test_policies_that_are_named_judge_whatever_types_are_named() -> None:
    found = policies(USER, policies=("/ce/ca/aws/s3",))
    assert (("/ce/ca/aws/s3",), (), None) == (found.policies, found.frameworks, found.skipped_types)
    assert ((), ()) == (policies().policies, policies().frameworks)
    assert ("cis-aws",) == policies(frameworks=("cis-aws",)).frameworks


def test_a_policy_that_reads_another_type_is_not_asked_unless_that_is_named_too() -> None:
    alone, both = policies(BUCKET), policies(BUCKET, ACCOUNT)
    assert {"bucket-block-public-access": (ACCOUNT,)}.items() <= {
        name.rpartition("/")[2]: types for name, types in (alone.skipped_types or {}).items()
    }.items()
    assert "bucket-block-public-access" in last(both.policies) - last(alone.policies)
    assert "bucket-block-public-access" not in last(both.skipped_types)


def test_accounts_are_judged_by_lists_of_what_is_named_and_by_their_fields_where_they_are() -> None:
    assert "account-has-no-iam-users" in last(policies(USER).policies)
    assert "maintain-alternate-contact-information" not in last(policies(USER).policies)
    assert "maintain-alternate-contact-information" in last(policies(ACCOUNT).policies)
    assert (ACCOUNT,) not in (policies(USER).skipped_types or {}).values()


def test_every_policy_is_asked_or_counted_as_one_that_is_not() -> None:
    total = len(collection_request(open_repository(), (), (), (), cloud="aws").programs)
    for types in ((USER,), (BUCKET, ACCOUNT)):
        found = policies(*types)
        assert total == len(found.policies) + len(found.skipped_types or {}) + found.others
        assert set(found.policies) == {program.policy_id for program in found.request.programs}


def test_what_is_left_out_in_any_case_is_not_asked() -> None:
    assert {KEYS} == set(policies(USER).policies) - set(policies(USER, exclude=(KEYS,)).policies)


def test_tags_are_collected_and_no_policy_needs_their_call() -> None:
    request = collection_request(open_repository(), ("/ce/ca/aws/sns",), (), (), cloud="aws")
    assert "tag:GetResources" in [call.label for call in request.plan.planned_calls]
    assert "tag:GetResources" not in request.programs_by_label()


def test_types_that_nothing_judges_alone_are_refused() -> None:
    with pytest.raises(NothingToEvaluate, match=r"^no policy reads only AWS VPC: "):
        policies("CA10__CaAwsVpc__c")
