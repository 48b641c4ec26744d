"""A report shows the requested verdicts; no verdict and no total changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from perpend.core.objects.account import Account
from perpend.core.objects.status import Status
from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.evaluation.verdicts.verdicts import HIDDEN
from perpend.findings.filters import Filter
from perpend.findings.verdict_filter import filter_verdicts
from perpend.language.compiler.names import UnknownName
from tests.unit.evaluation.verdicts.stored import DAY, Case

A = "111122223333"
CATEGORIES = {"/ce/a": ("SECURITY", "COST"), "/ce/b": ("COST",), "/ce/c": ()}
NAMED = {A: Account("Production"), "9": Account("Elsewhere"), "8": Account()}
GOOD, BAD, OPEN, GONE = Status.COMPLIANT, Status.INCOMPLIANT, Status.UNDETERMINED, Status.DISAPPEARED


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("case"))


@pytest.fixture(scope="module")
def evaluation_(case: Case) -> Iterator[Evaluation]:
    policies = {name: replace(view, categories=CATEGORIES[name]) for name, view in case.selection.policies.items()}
    with evaluate_snapshot(case.snapshot, replace(case.selection, policies=policies), snapshot_time=DAY) as found:
        yield found


def of(statuses: tuple[Status, ...] = (), categories: tuple[str, ...] = (), accounts: tuple[str, ...] = ()) -> Filter:
    """Return the filter with these values."""
    return Filter({"status": tuple(one.value for one in statuses), "category": categories, "account": accounts})


def shown(evaluation: Evaluation) -> dict[str, dict[str, int]]:
    """Return by policy the objects that are shown, with how they ended."""
    return {
        column.program.policy_id: {
            one.id: index
            for objects, (ends,) in column.objects.chunks([column])
            for one, (index, _) in zip(objects, ends, strict=True)
            if index != HIDDEN
        }
        for column in evaluation.shown
    }


def wanted(evaluation: Evaluation, *statuses: Status) -> dict[str, dict[str, int]]:
    verdicts = {column.program.policy_id: column.program.verdicts for column in evaluation.verdicts}
    return {
        policy: {name: index for name, index in of_policy.items() if verdicts[policy][index].status in statuses}
        for policy, of_policy in shown(evaluation).items()
    }


def test_who_wants_nothing_in_particular_sees_the_judgement_itself(evaluation_: Evaluation) -> None:
    assert evaluation_ is filter_verdicts(evaluation_, of(), NAMED)
    assert [False, True, True, True] == list(map(bool, (of(), of((GOOD,)), of((), ("COST",)), of((), (), (A,)))))


@pytest.mark.parametrize("statuses", [(BAD,), (OPEN, GOOD), (GONE,), (Status.INAPPLICABLE,)])
def test_verdicts_of_other_statuses_are_hidden_and_nothing_else_changes(
    evaluation_: Evaluation, statuses: tuple[Status, ...]
) -> None:
    found = filter_verdicts(evaluation_, of(statuses), {})
    assert wanted(evaluation_, *statuses) == shown(found)
    assert found.filter_verdicts is not None
    assert [one for one in Status if one in statuses] == list(found.filter_verdicts.statuses)
    assert sum(map(len, shown(found).values())) == found.filter_verdicts.number
    assert (evaluation_.verdicts, evaluation_.ledger, evaluation_.inventory) == (found.verdicts, found.ledger, found.inventory)


def test_policies_are_chosen_by_any_of_their_categories_in_any_case(evaluation_: Evaluation) -> None:
    every = shown(evaluation_)
    for categories, policies in (
        (("security",), ["/ce/a"]),
        (("COST",), ["/ce/a", "/ce/b"]),
        (("Cost", "SECURITY"), ["/ce/a", "/ce/b"]),
    ):
        found = filter_verdicts(evaluation_, of((), categories), {})
        assert {one: every[one] for one in policies} == shown(found)
        assert found.filter_verdicts is not None and tuple(Status) == found.filter_verdicts.statuses
    assert {"/ce/a": wanted(evaluation_, BAD)["/ce/a"]} == shown(filter_verdicts(evaluation_, of((BAD,), ("SECURITY",)), {}))


@pytest.mark.parametrize("account", [A, "production", "PRODUCTION"])
def test_objects_belong_to_accounts_by_number_and_by_what_the_configuration_calls_them(
    evaluation_: Evaluation, account: str
) -> None:
    every = shown(evaluation_)
    found = shown(filter_verdicts(evaluation_, of((), (), (account,)), NAMED))
    assert {
        policy: {name: end for name, end in of_policy.items() if name == "f"} for policy, of_policy in every.items()
    } == found
    assert {"/ce/a": {"f"}, "/ce/b": set(), "/ce/c": {"f"}} == {policy: set(names) for policy, names in found.items()}


def test_an_object_of_any_of_several_accounts_counts(evaluation_: Evaluation) -> None:
    found = shown(filter_verdicts(evaluation_, of((), (), ("1", A)), {}))
    assert {"/ce/a": {"f"}, "/ce/b": set(), "/ce/c": {"f"}} == {policy: set(names) for policy, names in found.items()}


@pytest.mark.parametrize("account", ["1", "9", "Elsewhere"])
def test_an_account_that_an_input_or_the_configuration_names_may_own_nothing(evaluation_: Evaluation, account: str) -> None:
    assert {"/ce/a": {}, "/ce/b": {}, "/ce/c": {}} == shown(filter_verdicts(evaluation_, of((), (), (account,)), NAMED))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (of((), (), ("Productoin",)), "no object belongs to the account 'Productoin' (did you mean 'Production'?)"),
        (
            of((), (), (A, "zzzz\n")),
            "no object belongs to the account 'zzzz\\n': known accounts are 1, Production, 2, 8, Elsewhere",
        ),
        (of((), ("SECURTY",)), "no evaluated policy has the category 'SECURTY': the categories are COST, SECURITY"),
    ],
)
def test_what_nothing_has_is_an_error_that_names_the_nearest(evaluation_: Evaluation, asked: Filter, said: str) -> None:
    with pytest.raises(UnknownName) as raised:
        filter_verdicts(evaluation_, asked, NAMED)
    assert said == str(raised.value)


def test_where_no_policy_has_a_category_none_is_named(case: Case) -> None:
    with (
        evaluate_snapshot(case.snapshot, case.selection, snapshot_time=DAY) as found,
        pytest.raises(UnknownName, match=r"has the category 'COST': the categories are none$"),
    ):
        filter_verdicts(found, of((), ("COST",)), {})


def test_a_filter_is_written_as_options_are() -> None:
    asked = of((BAD, OPEN), ("COST",), ("it's",))
    assert "--status INCOMPLIANT --status UNDETERMINED --category COST --account 'it'\"'\"'s'" == asked.words
    assert "" == of().words
