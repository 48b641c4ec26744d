"""The library keeps what it asks of its policies: documents, tests that need no guess, sections in every version."""

from __future__ import annotations

import re

import pytest

from perpend.analyze.programs import Analyzer
from perpend.interpret.interpreter import Interpreter
from perpend.ir.ids import production_of
from perpend.ir.numbering import UNREADABLE
from perpend.load.repository import LIBRARY, Repository
from perpend.meaning.values import date_time_from_text
from perpend.policy_tests.run import tests_of as objects_of

REPOSITORY = Repository(LIBRARY)
ANALYZER = Analyzer(REPOSITORY)
JUDGING = [one for one in REPOSITORY.policy_ids if (found := REPOSITORY.policy(one).value) is None or not found.impossible]
HEADINGS = ["## Rationale", "## Audit", "### From the console", "### From the command line", "### How this policy judges"]


def test_similar_sections_name_each_other() -> None:
    links = {
        (section, other.value)
        for section in REPOSITORY.section_ids
        if (found := REPOSITORY.section(section).value) is not None
        for other in found.similar_sections
    }
    assert set() == links - {(other, section) for section, other in links}


@pytest.mark.parametrize("policy", REPOSITORY.policy_ids)
def test_a_policy_answers_its_recommendation_in_every_version(policy: str) -> None:
    found = REPOSITORY.policy(policy).value
    assert found is not None
    mapped = {item.value for item in found.mappings}
    similar = {
        other.value for one in mapped if (section := REPOSITORY.section(one).value) for other in section.similar_sections
    }
    assert set() == similar - mapped


@pytest.mark.parametrize("policy", REPOSITORY.policy_ids)
def test_a_policy_is_documented(policy: str) -> None:
    description, remediation = (
        (LIBRARY / policy[1:] / name).read_text("utf-8") for name in ("description.md", "remediation.md")
    )
    headings = re.findall(r"^##+ .*$", description, re.MULTILINE)
    assert HEADINGS == [heading for heading in headings if heading in HEADINGS]
    assert "## References" == headings[-1]
    assert "## From the console" in remediation
    assert "## From the command line" in remediation


@pytest.mark.parametrize("policy", JUDGING)
def test_test_objects_hold_every_key_that_is_read(policy: str) -> None:
    """Judged like collected objects, of which a key that is not there is unknown, they get the verdicts of the tests.

    What a check says to be unknown may already keep the whole object from being judged.
    """
    logic = production_of(policy)
    program = ANALYZER.analyzed(logic).program
    assert program is not None
    interpreter = Interpreter([program])
    different = [
        test.id
        for test in objects_of(REPOSITORY, ANALYZER, logic)[0]
        if str(interpreter.judge(test.fields, date_time_from_text(test.snapshot_time or "") or 0, complete=False)[0][0])
        not in {test.expected.index, str(UNREADABLE) if test.expected.status == "UNDETERMINED" else test.expected.index}
    ]
    assert [] == different
