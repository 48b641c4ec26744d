"""The page of all verdicts, and those of the objects of a policy."""

from __future__ import annotations

from perpend.reports.site.content.contents import pages_of
from perpend.reports.site.content.frameworks import Frameworks
from perpend.reports.site.content.verdicts.pages import FindingsPage, findings_page, verdicts_page
from tests.sites import IDEA, POLICY, book_of, files, logic_document, verdict_line


def test_undetermined_objects_have_a_page_as_incompliant_ones_do(tmp_path):
    book = book_of(tmp_path / "repository", files(), [verdict_line(POLICY, "UNDETERMINED", "a")])
    pages = [page for page in pages_of(book, title="x", documents=None) if isinstance(page, FindingsPage)]
    assert [("UNDETERMINED", 1)] == [(part.status, part.total) for page in pages for part in page.parts]


def test_objects_of_one_reason_are_told_it_once_the_largest_groups_first(tmp_path):
    said = [("a", "one"), ("b", "two"), ("c", "two")]
    lines = [verdict_line(POLICY, "UNDETERMINED", name, currentStateMessage=message) for name, message in said]
    book = book_of(tmp_path / "repository", files(), [*lines, verdict_line(POLICY, "INCOMPLIANT", "d")])
    page = findings_page(book, POLICY)
    assert ["INCOMPLIANT", "UNDETERMINED"] == [part.status for part in page.parts]
    assert [("two", ["b", "c"]), ("one", ["a"])] == [
        (group.message, [one.name for one in group.objects]) for group in page.parts[1].groups
    ]


def test_the_page_of_all_verdicts_says_what_was_asked_of_each_framework(tmp_path):
    lines = [verdict_line(POLICY, "COMPLIANT", "a"), verdict_line("/ce/gone", "COMPLIANT", "a")]
    book = book_of(tmp_path / "repository", files(), lines)
    page = verdicts_page(book, Frameworks(book))
    assert [("/frameworks/acme", 1, 3)] == [(ref.id, found.asked, found.total) for ref, found in page.frameworks]
    assert (1, 0, 1) == (page.strangers, page.unlike, page.total.total)
    assert "1 verdict of 1 policy." == page.head.description


def test_the_most_severe_policy_with_findings_comes_first(tmp_path):
    said = {"because": "Why.", "source": "board"}
    found = files()
    found["ratings/a.yaml"] = {
        "ratings": [{"policies": [POLICY], "severity": "low", **said}, {"policies": [IDEA], "severity": "high", **said}]
    }
    found[f"{IDEA[1:]}/policy.yaml"].pop("impossible")
    found[f"{IDEA[1:]}/prod.logic.yaml"] = {**logic_document(), "testData": []}
    lines = [verdict_line(POLICY, "INCOMPLIANT", name) for name in "abc"] + [verdict_line(IDEA, "INCOMPLIANT", "a")]
    book = book_of(tmp_path / "repository", found, lines)
    page = verdicts_page(book, Frameworks(book))
    assert [(IDEA, "high"), (POLICY, "low")] == [(ref.id, severity) for ref, _, severity in page.policies]
    assert "" == page.note


def test_nothing_is_met_by_a_policy_of_whose_verdicts_some_are_left_out(tmp_path):
    odd = verdict_line(POLICY, "INCOMPLIANT", "b", conditionIndex=999)
    book = book_of(tmp_path / "repository", files(), [verdict_line(POLICY, "COMPLIANT", "a"), odd])
    page = verdicts_page(book, Frameworks(book))
    assert [{"undetermined", "not asked", "without a policy"}] == [
        {standing for standing, number in results.pairs if number} for _, results in page.frameworks
    ]
    assert (1, 1) == (page.unlike, page.total.total)


def test_a_group_leads_to_the_way_in_which_the_policy_ended(tmp_path):
    found = files()
    found[f"{POLICY[1:]}/prod.logic.yaml"]["otherwise"] = {"status": "UNDETERMINED", "currentStateMessage": "Look at it."}
    lines = [verdict_line(POLICY, "INCOMPLIANT", "a"), verdict_line(POLICY, "UNDETERMINED", "b", conditionIndex=300)]
    page = findings_page(book_of(tmp_path / "repository", found, lines), POLICY)
    assert ["condition-1", "otherwise"] == [group.decided.anchor for part in page.parts for group in part.groups]
