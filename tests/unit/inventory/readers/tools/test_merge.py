"""Claims on what child lists hold: they stand where every object states its list, and where an answer came to its end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perpend.core.objects.claims import Scope
from perpend.core.objects.inventory import Inventory
from perpend.inventory.readers import collect_files
from perpend.inventory.readers.tools.contents import ATTACHMENT, MEMBERSHIP, USER_POLICY
from tests.formats import ACCOUNT, ANN, BOB, ROLE
from tests.unit.inventory.readers.reports import USER, write

LISTS = {"AttachedManagedPolicies": [], "GroupList": []}
OTHER = "444455556666"


def claimed(directory: Path, *contents: Any, every: int | None = None) -> Inventory:
    """Return what files hold of which the first so many, or all, are said to be all there is."""
    paths = write(directory, *(one if isinstance(one, str) else json.dumps(one) for one in contents))
    return collect_files(paths, complete=dict.fromkeys(paths[:every], (Scope(ACCOUNT),))).inventory


def covered(inventory: Inventory, type_name: str) -> bool:
    return any(one.is_about(type_name, "") and not one.lacking for source in inventory.sources for one in source.coverage)


def users(*found: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"UserDetailList": list(found), **more}


def listed(inventory: Inventory, name: str) -> dict[str, Any]:
    return {one.id: one.fields.get(name) for one in inventory.objects[USER]}


def test_a_list_that_is_left_out_as_aws_does_is_empty_where_somebody_says_that_all_is_there(tmp_path: Path) -> None:
    ann, bob = {"Arn": ANN, **LISTS}, {"Arn": BOB, **LISTS}
    assert {ANN: [], BOB: []} == listed(claimed(tmp_path, users(ann), users(bob)), "CA10__userPolicies__r")
    assert {ANN: [], BOB: None} == listed(claimed(tmp_path, users(ann), users(bob), every=1), "CA10__userPolicies__r")
    for odd in ({"UserPolicyList": []}, {"UserPolicyList": None}, {"userPolicyList": [{"PolicyName": "p"}]}):
        for pages in ((users(ann), users(bob | odd)), (users(bob | odd), users(ann))):
            assert listed(claimed(tmp_path, *pages), "CA10__userPolicies__r")[ANN] is None
    assert {ANN: None} == listed(claimed(tmp_path, users(ann), every=0), "CA10__userPolicies__r")


def test_an_object_that_another_file_holds_without_its_list_speaks_against_a_claim_but_for_root_users(tmp_path: Path) -> None:
    whole = users({"Arn": ANN, **LISTS}, RoleDetailList=[{"Arn": ROLE, "AttachedManagedPolicies": []}])
    report = f"user,arn\n<root_account>,arn:aws:iam::{ACCOUNT}:root\nann,{ANN}\n"
    for other, stands in ((report, True), (f"{report}bob,{BOB}\n", False), (report.replace(ACCOUNT, OTHER), True)):
        for contents in ((whole, other), (other, whole)):
            inventory = claimed(tmp_path, *contents)
            assert [stands, stands, True] == [covered(inventory, one) for one in (MEMBERSHIP, USER_POLICY, ATTACHMENT)], other


@pytest.mark.parametrize(
    ("last", "lacks"),
    [
        (None, True),
        (users({"Arn": BOB, **LISTS}, IsTruncated=True, Marker="n"), True),
        (users({"Arn": BOB, **LISTS}, NextToken="n"), True),
        (users({"Arn": BOB, **LISTS}, isTruncated=True), True),
        (users({"Arn": BOB.replace(ACCOUNT, OTHER), **LISTS}), True),
        (users({"Arn": BOB, **LISTS}, IsTruncated=False), False),
        (users(), False),
    ],
)
def test_an_answer_of_which_the_last_page_is_missing_is_not_all_there_is_by_any_word(
    tmp_path: Path, last: dict[str, Any] | None, lacks: bool
) -> None:
    first = users({"Arn": ANN, **LISTS}, IsTruncated=True, Marker="m")
    for pages in ([first, last], [last, first]) if last else ([first],):
        inventory = claimed(tmp_path, *pages)
        lacking = [one for source in inventory.sources for one in source.coverage if one.lacking]
        assert lacks is any(one.is_about(USER, "") for one in lacking)
        assert lacks is not covered(inventory, MEMBERSHIP)
