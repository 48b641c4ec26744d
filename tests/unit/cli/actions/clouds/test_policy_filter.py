"""Which policies judge what is collected: those that are named, or those that read nothing but what types hold."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from perpend.cli.actions.clouds.collection_plan import CollectOptions, to_collect
from perpend.cli.actions.clouds.policy_filter import NothingToEvaluate, PolicyRequest, policies_asked
from perpend.language.syntax.repository import open_repository

pytestmark = pytest.mark.medium

ACCOUNT, USER, BUCKET = "CA10__CaAwsAccount__c", "CA10__CaAwsUser__c", "CA10__CaAwsBucket__c"
KEYS = "/ce/ca/aws/iam/user-has-more-than-one-active-access-key"


def judges(*types: str, exclude: tuple[str, ...] = (), **given: Any) -> PolicyRequest:
    wishes = CollectOptions(**{one.name: given.get(one.name, ()) for one in fields(CollectOptions)} | {"types": types})
    repository = open_repository()
    return policies_asked(to_collect(repository, wishes.policies, wishes.frameworks, types), wishes, exclude)


def last(names: Any) -> set[str]:
    return {name.rpartition("/")[2] for name in names}


def test_policies_that_are_named_judge_whatever_types_are_named() -> None:
    found = judges(USER, policies=("/ce/ca/aws/s3",))
    assert (["--policy", "/ce/ca/aws/s3"], None) == (found.words, found.lacking)
    assert [] == judges().words
    assert ["--framework", "cis-aws"] == judges(frameworks=("cis-aws",)).words


def test_a_policy_that_reads_another_type_is_not_asked_unless_that_is_named_too() -> None:
    alone, both = judges(BUCKET), judges(BUCKET, ACCOUNT)
    assert {"bucket-block-public-access": (ACCOUNT,)}.items() <= {
        name.rpartition("/")[2]: types for name, types in (alone.lacking or {}).items()
    }.items()
    assert "bucket-block-public-access" in last(both.policies) - last(alone.policies)
    assert "bucket-block-public-access" not in last(both.lacking)


def test_accounts_are_judged_by_lists_of_what_is_named_and_by_their_fields_where_they_are() -> None:
    assert "account-has-no-iam-users" in last(judges(USER).policies)
    assert "maintain-alternate-contact-information" not in last(judges(USER).policies)
    assert "maintain-alternate-contact-information" in last(judges(ACCOUNT).policies)
    assert (ACCOUNT,) not in (judges(USER).lacking or {}).values()


def test_every_policy_is_asked_or_counted_as_one_that_is_not() -> None:
    total = len(to_collect(open_repository(), (), (), ()).programs)
    for types in ((USER,), (BUCKET, ACCOUNT)):
        found = judges(*types)
        assert total == len(found.policies) + len(found.lacking or {}) + found.others
        assert set(found.policies) == {program.policy_id for program in found.to_collect.programs}


def test_what_is_left_out_in_any_case_is_not_asked() -> None:
    assert {KEYS} == set(judges(USER).policies) - set(judges(USER, exclude=(KEYS,)).policies)


def test_types_that_nothing_judges_alone_are_refused() -> None:
    with pytest.raises(NothingToEvaluate, match=r"^no policy judges by CA10__CaAwsVpc__c alone: "):
        judges("CA10__CaAwsVpc__c")


def test_what_is_not_asked_is_told_with_what_it_also_reads(capsys: pytest.CaptureFixture[str]) -> None:
    collection = to_collect(open_repository(), (), (), ())
    lacking = {f"/ce/p{number:02}": ("Account", "Trail\x1b[2J") for number in range(23)}
    for asked in (PolicyRequest(collection), PolicyRequest(collection, (KEYS,), lacking=lacking, others=1)):
        asked.tell()
    first, *others = capsys.readouterr().err.splitlines()
    assert "1 policy reads nothing but what --types names; 1 policy over other types not asked" == first
    assert "  not asked, since it also reads Account, Trail\\x1b[2J: /ce/p00" == others[0]
    assert (21, "  nor 3 more that read other types, too") == (len(others), others[-1])
