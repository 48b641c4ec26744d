"""Who is left by conditions, in words."""

from __future__ import annotations

import pytest

from perpend.core.iam.requesters import FIXED, Limit, Narrowing, Requesters, Who
from perpend.core.iam.surroundings import Assumption
from perpend.core.iam.words import narrowing_in_words, requesters_in_words, union_in_words
from tests.unit.core.iam.vectors import KNOWN

OUTLOOK = Assumption(KNOWN)
OWN_SERVICES = Narrowing(services=Limit(accounts=frozenset({"own"})))
FAR = frozenset({"own", "444455556666", "999988887777", "999988887776"})


@pytest.mark.parametrize(
    ("narrowing", "words"),
    [
        (Narrowing(is_of_network=True), "requests from a named network or access point, by any principal"),
        (Narrowing(), "nobody"),
        (Narrowing(services=Limit()), "services of AWS on behalf of anybody"),
        (Narrowing(services=FIXED), "services of AWS that are named, or for things that are named, of whatever account"),
        (Narrowing(accounts=FIXED), "principals that are named, of whatever account"),
        (OWN_SERVICES, "services of AWS on behalf of the own account"),
        (Narrowing(accounts=Limit()), "principals of any account"),
        (
            Narrowing(accounts=Limit(organizations=frozenset({"own", "o-partner001", "o-other00001"}))),
            (
                "principals of organization o-other00001, which was not collected; organization o-partner001, which was collected;"
                " the own organization"
            ),
        ),
        (
            Narrowing(accounts=Limit(accounts=FAR)),
            (
                "principals of account 999988887776, which was not collected; account 999988887777, which was not collected;"
                " account 444455556666, which was collected and 1 more"
            ),
        ),
    ],
)
def test_what_a_narrowing_leaves(narrowing: Narrowing, words: str) -> None:
    assert words == narrowing_in_words(narrowing, OUTLOOK)


def test_what_any_of_several_leaves() -> None:
    own = "services of AWS on behalf of the own account"
    assert ("nobody", own) == (union_in_words([], OUTLOOK), union_in_words([OWN_SERVICES], OUTLOOK))
    assert " or ".join([own] * 3) == union_in_words([OWN_SERVICES] * 3, OUTLOOK)
    assert f"{' or '.join([own] * 3)} or 1 more" == union_in_words([OWN_SERVICES] * 4, OUTLOOK)


@pytest.mark.parametrize(
    ("requesters", "words"),
    [
        (Requesters(Who.ACCOUNTS), "principals of any account"),
        (
            Requesters(Who.ACCOUNTS, Limit(frozenset({"own", "999988887777"}), frozenset({"own"}))),
            "principals of the own account within the own organization",
        ),
        (
            Requesters(Who.SERVICES, Limit(organizations=frozenset({"o-partner001"}))),
            "services of AWS on behalf of organization o-partner001, which was collected",
        ),
        (
            Requesters(Who.SERVICES, are_networked=True),
            "services of AWS on behalf of anybody, from a named network or access point only",
        ),
        (Requesters(Who.ANONYMOUS), "anybody, without credentials too"),
        (Requesters(Who.FEDERATED), "identities outside AWS"),
        (Requesters(Who.WORLD), "identities that anybody can have"),
        (Requesters(Who.CLOUDFRONT), "users of CloudFront"),
    ],
)
def test_who_requesters_are(requesters: Requesters, words: str) -> None:
    assert words == requesters_in_words(requesters, OUTLOOK)
