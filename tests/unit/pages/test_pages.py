"""What pages say: flags, mappings, steps, tests, verdicts. Expected == actual, on a small repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perpend.pages.catalogue import Catalogue
from perpend.pages.flags import FLAGS
from perpend.pages.frameworks import Frameworks
from perpend.pages.guides import Documents, NotDocuments
from perpend.pages.health import health_page
from perpend.pages.logic import logic_view
from perpend.pages.overview import Overview
from perpend.pages.page import STATUSES, Counts, Coverage
from perpend.pages.policy import policy_page
from perpend.pages.steps import anchor_of
from perpend.pages.verdicts import SHOWN, NotVerdicts, read_verdicts
from perpend.site.render.addresses import Addresses
from perpend.site.render.drawing import Drawing
from tests.sites import EXTRACT_TEXT, IDEA, OTHER_TEXT, OWNER, POLICY, TYPE, book_of, equal, files, logic_document


def slugs(flags) -> list[str]:
    return [flag.slug for flag in flags]


@pytest.fixture
def book(tmp_path: Path):
    return book_of(tmp_path, files())


def test_a_policy_page_says_what_its_file_says(book):
    page = policy_page(book, POLICY)
    assert ("Acme Thing is open", "Thing is open") == (page.full_name, page.contextual_name)
    assert ("Compliance policy", ("Security", "Cost")) == (page.kind, page.categories)
    assert ["Trend Micro Conformity", "AWS Trusted Advisor", "AWS Security Hub"] == [name for name, _ in page.similar]
    assert [("dec-x-1", 1)] == [(ref.id, number) for ref, number in page.rules]
    assert ("kind", "policy") == page.head.facets[0]
    assert {("cloud", "Cloud"), ("service", "Acme Store"), ("framework", "Acme Standard")} <= set(page.head.facets)
    assert {("category", "Security"), ("type", "Acme Thing"), ("state", "Production policy")} <= set(page.head.facets)


def test_a_policy_is_found_by_what_it_resembles(book):
    assert {"dec-x-1", "Closed things", "Advice", "Hub", "1 Things are closed"} == set(policy_page(book, POLICY).head.words)


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
    view = logic_view(book, f"{POLICY}/prod.logic.yaml")
    assert (None, "") == (view.steps, view.flow)
    assert any(problem.severity == "error" for problem in view.card.problems)


def test_direct_and_inherited_sections_are_told_apart(book):
    rows = policy_page(book, POLICY).sections
    found = [
        (row.section.id, row.direct, [way.how for way in row.ways], [way.via.id for way in row.ways if way.via]) for row in rows
    ]
    assert [
        ("/frameworks/acme/01", True, ["direct"], []),
        ("/frameworks/acme/02", False, ["similar-section"], ["/frameworks/acme/01"]),
    ] == found


def test_a_framework_counts_what_is_below_it(book):
    page = Frameworks(book).page("/frameworks/acme")
    assert Coverage(automated=2, manual=0, none=1) == page.coverage
    rows = [(row.section.id, row.direct, row.inherited, slugs(row.section.flags)) for row in page.children]
    assert [
        ("/frameworks/acme/01", 1, 0, ["section-automated"]),
        ("/frameworks/acme/02", 0, 1, ["section-automated"]),
        ("/frameworks/acme/03", 0, 0, ["section-unanswered"]),
    ] == rows


def test_a_section_of_policies_that_cannot_judge_is_manual(tmp_path):
    found = files()
    found[f"{IDEA[1:]}/policy.yaml"]["frameworkMappings"] = ["/frameworks/acme/03"]
    assert ["section-manual"] == slugs(book_of(tmp_path, found).section_ref("/frameworks/acme/03").flags)


def test_steps_have_indexes_texts_and_lines(book):
    steps = logic_view(book, f"{POLICY}/prod.logic.yaml").steps
    assert [199, 299, 300] == [*(step.way.index for step in steps.steps), steps.otherwise.index]
    assert [EXTRACT_TEXT, OTHER_TEXT] == [step.way.text for step in steps.steps]
    assert ["condition-1", "condition-2", "otherwise"] == [*(step.way.anchor for step in steps.steps), steps.otherwise.anchor]
    assert ["INCOMPLIANT", "INAPPLICABLE"] == [step.way.status for step in steps.steps]
    source = book.text(f"{POLICY[1:]}/prod.logic.yaml").split("\n")
    first, last = steps.steps[0].way.lines
    assert '"status": "INCOMPLIANT"' in source[first - 1] and first < last


def test_questions_are_trees_of_all_any_and_not(book):
    clause = logic_view(book, f"{POLICY}/prod.logic.yaml").steps.steps[1].clause
    assert ("all", ["", "not"]) == (clause.joint, [part.joint for part in clause.parts])
    assert ["used__c == false", "kept__c == true"] == [clause.parts[0].text, clause.parts[1].parts[0].text]
    first = logic_view(book, f"{POLICY}/prod.logic.yaml").steps.steps[0].clause
    assert [("open", f"/types/{TYPE}/object.extracts.yaml")] == [(ref.name, ref.id) for ref in first.extracts]


def test_each_end_knows_the_tests_that_reach_it(book):
    steps = logic_view(book, f"{POLICY}/prod.logic.yaml").steps
    ways = [*(step.way for step in steps.steps), steps.otherwise]
    assert [["o1"], ["o3"], ["o2"]] == [[ref.name for ref in way.tests] for way in ways]


def test_related_lists_have_anchors_of_their_own(tmp_path):
    found = files()
    related = {
        "relationshipName": "parts__r",
        "conditions": [],
        "otherwise": {"status": "COMPLIANT", "currentStateMessage": "m"},
    }
    check = {"RELATED_LIST_HAS": {"relationshipName": "parts__r", "status": "COMPLIANT"}}
    found[f"{POLICY[1:]}/prod.logic.yaml"] = logic_document(
        conditions=[{"status": "COMPLIANT", "currentStateMessage": "m", "check": check}], relatedLists=[related]
    )
    steps = logic_view(book_of(tmp_path, found), f"{POLICY}/prod.logic.yaml").steps
    assert ["list-1-otherwise"] == [inner.otherwise.anchor for inner in steps.related]
    assert ("list-2-check-101", "list-2-condition-1") == (anchor_of(2, 101, False), anchor_of(2, 199, False))


def test_failing_tests_show_expected_and_actual(book):
    view = logic_view(book, f"{POLICY}/prod.logic.yaml")
    assert [True, True, False] == [execution.passed for _, execution in view.tests]
    execution = view.tests[2][1]
    assert ("COMPLIANT", "300", "INAPPLICABLE", "299") == (
        execution.expected.status,
        execution.expected.index,
        execution.actual.status,
        execution.actual.index,
    )
    assert ("status", "conditionIndex", "conditionText") == execution.wrong
    assert (2, 1, 3, 3) == (view.card.passed, view.card.failed, view.card.covered, view.card.branches)


def test_readings_name_fields_and_what_nobody_declares(book):
    readings = logic_view(book, f"{POLICY}/prod.logic.yaml").readings
    assert [("open__c", "checkbox", "Open"), ("used__c", "", ""), ("kept__c", "", "")] == [
        (one.field, one.kind, one.label) for one in readings
    ]


def test_permissions_come_from_the_texts_of_the_checks(tmp_path):
    found = files()
    check = equal("open__c", True)
    check["IS_EQUAL"]["left"]["FIELD"]["undeterminedIf"] = {
        "isEmpty": "Collect again; it takes s3:GetBucketAcl and nothing else."
    }
    found[f"{POLICY[1:]}/prod.logic.yaml"] = logic_document(
        conditions=[{"status": "COMPLIANT", "currentStateMessage": "m", "check": check}]
    )
    assert ("s3:GetBucketAcl",) == logic_view(book_of(tmp_path, found), f"{POLICY}/prod.logic.yaml").permissions


def test_types_know_their_uses_and_relationships(book):
    catalogue = Catalogue(book)
    page = catalogue.page(TYPE)
    assert [("lookup", "CA10__owner__r", "Acme Owner")] == [(one.kind, one.name, one.type.name) for one in page.relations]
    assert [("open__c", 1), ("kept__c", 1), ("used__c", 1)] == [(one.name, one.readers) for one in page.fields]
    assert [("from", "Acme Thing")] == [(one.kind, one.type.name) for one in catalogue.page(OWNER).relations]
    assert [("open", 1)] == [
        (row.name, len(row.users)) for row in catalogue.extracts(f"/types/{TYPE}/object.extracts.yaml").rows
    ]
    assert ["type-declared", "type-unused"] == slugs(book.type_ref(OWNER).flags)


def test_every_flag_has_a_list_with_its_bearers(book):
    overview = Overview(book, Frameworks(book))
    numbers = {ref.id: number for ref, _, number in overview.lists().rows}
    assert (1, 1, 2, 1) == tuple(
        numbers[slug] for slug in ("production-policy", "impossible-policy", "section-automated", "type-unused")
    )
    matrix = overview.home("x", own=False).matrix
    assert (["Acme Store"], [((1, 1),)]) == ([ref.name for ref in matrix.services], [cells for _, cells, _ in matrix.rows])


def test_health_lists_what_there_is_to_do(book):
    page = health_page(book)
    assert (3, 2, ["o3"]) == (page.tests, page.passed, [ref.name for _, _, ref, _ in page.failing])


def line(policy: str, status: str, name: str, account: str = "1", **more) -> str:
    judged = {"id": name, "name": name, "externalId": name, "typeApiName": TYPE, "master": {"name": account}}
    return json.dumps({"policyId": policy, "status": status, "conditionIndex": 199, "object": judged, **more})


def test_verdicts_are_counted_by_policy_account_and_type(tmp_path):
    path = tmp_path / "v.ndjson"
    lines = [line(POLICY, "INCOMPLIANT", "a"), line(POLICY, "COMPLIANT", "b", "2"), "", line("/ce/other", "UNDETERMINED", "c")]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    book = read_verdicts(path)
    assert Counts((1, 0, 1, 0, 0)) == book.counts([POLICY])
    assert [("1", (1, 1, 0, 0, 0)), ("2", (0, 0, 1, 0, 0))] == [(name, counts.numbers) for name, counts in book.accounts()]
    assert 3 == book.counts_of_type(TYPE).total
    assert [lines[0]] == [found.decode().strip() for found in book.lines(POLICY)]


def test_incompliant_objects_are_capped_and_still_all_there(tmp_path):
    path = tmp_path / "v.ndjson"
    path.write_text("".join(line(POLICY, "INCOMPLIANT", f"n{number}") + "\n" for number in range(SHOWN + 5)), "utf-8")
    book = read_verdicts(path)
    assert (SHOWN, SHOWN + 5) == (len(book.findings[POLICY]), len(list(book.lines(POLICY))))


@pytest.mark.parametrize(
    "text", ["{", "[1]", "{}", '{"policyId":"x","status":"ODD","object":{}}', '{"policyId":1,"status":"COMPLIANT","object":{}}']
)
def test_a_file_of_something_else_is_refused_with_its_line(tmp_path, text):
    path = tmp_path / "v.ndjson"
    path.write_text(line(POLICY, "COMPLIANT", "a") + "\n" + text + "\n", "utf-8")
    with pytest.raises(NotVerdicts, match=r"v\.ndjson:2: is no line of"):
        read_verdicts(path)


def test_counts_add_up():
    assert Counts((1, 1, 1, 1, 2)) == Counts((1, 0, 0, 0, 2)) + Counts((0, 1, 1, 1, 0))
    assert len(STATUSES) == len(Counts().numbers)


def test_documents_stand_on_shelves_and_lead_to_operations(tmp_path):
    (tmp_path / "how-to").mkdir()
    (tmp_path / "how-to" / "x.md").write_text("# How to x\n\nDo it.\n", "utf-8")
    (tmp_path / "tour.md").write_text("# A tour\n\nGo.\n", "utf-8")
    documents = Documents(tmp_path)
    assert [("Start here", ["A tour"]), ("How to", ["How to x"])] == [
        (name, [ref.name for ref, _ in rows]) for name, rows in documents.index().shelves
    ]
    assert ("is-equal", None) == (documents.ref("reference/operations/is-equal.md").id, documents.ref("absent.md"))
    with pytest.raises(NotDocuments):
        Documents(tmp_path / "absent")


@pytest.mark.parametrize("kind", ["policy", "logic", "section", "type", "rule"])
def test_flags_that_are_shown_at_a_glance_differ_in_shape(kind):
    drawing = Drawing(Addresses(), "index.html", "./", lambda path, base: None)
    policy = ("production", "work", "impossible", "policy")
    own = tuple(flag for flag in FLAGS.values() if flag.slug.startswith(policy if kind == "policy" else kind))
    icons = [flag.icon for flag in drawing.brief(own)]
    assert len(icons) == len(set(icons)) and icons


def test_statuses_are_facets_where_there_are_verdicts(tmp_path):
    path = tmp_path / "v.ndjson"
    path.write_text(line(POLICY, "INCOMPLIANT", "a") + "\n" + line(POLICY, "COMPLIANT", "b") + "\n", "utf-8")
    book = book_of(tmp_path / "repository", files(), verdicts=read_verdicts(path))
    facets = policy_page(book, POLICY).head.facets
    assert ["INCOMPLIANT", "COMPLIANT"] == [value for name, value in facets if name == "status"]


def test_types_say_what_they_are(tmp_path):
    found = files()
    found[f"types/{TYPE}/type.yaml"]["description"] = "A thing\n  of Acme."
    assert "A thing of Acme." == Catalogue(book_of(tmp_path, found)).page(TYPE).description


def test_requirements_of_verdicts_reach_sections(tmp_path):
    path = tmp_path / "v.ndjson"
    path.write_text(line(POLICY, "INCOMPLIANT", "a") + "\n", "utf-8")
    book = book_of(tmp_path / "repository", files(), verdicts=read_verdicts(path))
    page = Frameworks(book).page("/frameworks/acme")
    assert ([1, 1, 0], 1) == ([row.counts.total for row in page.children], page.counts.total)
