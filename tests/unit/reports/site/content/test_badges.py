"""Flags follow from files, tests and problems."""

from __future__ import annotations

import pytest

from perpend.authoring.lint.check import MAX_ALIKE
from perpend.reports.site.content.logic import Logics
from perpend.reports.site.content.policy import policy_page
from tests.repositories import NAMES
from tests.sites import IDEA, POLICY, book_of, files, logic_document, slugs


def test_flags_say_the_state_first(book):
    expected = [
        "policy-with-tests-failing",
        "production-policy",
        "policy-with-categories",
        "policy-with-type",
        "policy-tested-whole",
        "policy-with-todo",
    ]
    assert expected == slugs(book.policy_ref(POLICY).flags)
    expected = [
        "impossible-policy",
        "policy-without-categories",
        "policy-without-type",
        "policy-without-description",
        "policy-without-remediation",
        "policy-without-section",
    ]
    assert expected == slugs(book.policy_ref(IDEA).flags)


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("prod", "production-policy"),
        ("wip", "work-in-progress"),
        ("example", "work-in-progress"),
        (None, "policy-without-logic"),
    ],
)
def test_the_state_of_a_policy_follows_from_its_logic_files(tmp_path, name, state):
    found = files()
    document = found.pop(f"{POLICY[1:]}/prod.logic.yaml")
    if name:
        found[f"{POLICY[1:]}/{name}.logic.yaml"] = document
    assert state in slugs(book_of(tmp_path, found).policy_ref(POLICY).flags)


def test_broken_logic_is_a_flag_and_no_failure(tmp_path):
    found = files()
    found[f"{POLICY[1:]}/prod.logic.yaml"] = logic_document(importExtracts=[{"file": "/types/absent.extracts.yaml"}])
    book = book_of(tmp_path, found)
    assert "policy-with-errors" == slugs(book.policy_ref(POLICY).flags)[0]
    view = Logics(book).view(f"{POLICY}/prod.logic.yaml")
    assert None is view.steps
    assert any(problem.severity == "error" for problem in view.card.problems)


def test_a_descriptor_that_refers_to_nothing_has_errors(tmp_path):
    found = files()
    found[f"{POLICY[1:]}/policy.yaml"]["frameworkMappings"] = ["/frameworks/acme/99"]
    found["frameworks/acme/02/section.yaml"]["similar"] = {"sections": ["/frameworks/acme/99"]}
    book = book_of(tmp_path, found)
    assert "policy-with-errors" == slugs(book.policy_ref(POLICY).flags)[0]
    assert "section-with-errors" == slugs(book.section_ref("/frameworks/acme/02").flags)[0]
    assert ["A220"] == [one.code for one in policy_page(book, Logics(book), POLICY).problems]


def test_an_error_of_many_policies_is_one_of_each(tmp_path):
    found = files()
    ids = [f"{POLICY}-{number}" for number in range(MAX_ALIKE + 5)]
    for entity in ids:
        found[f"{entity[1:]}/policy.yaml"] = {"names": NAMES, "description": "x", "frameworkMappings": ["/frameworks/none"]}
    book = book_of(tmp_path, found)
    assert [] == [entity for entity in ids if "policy-with-errors" not in slugs(book.policy_ref(entity).flags)]
