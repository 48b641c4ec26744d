"""The library keeps what it asks of its policies: documents, tests that need no guess, sections in every version."""

from __future__ import annotations

import re

import pytest

from perpend.analyze.programs import Analyzer
from perpend.interpret.interpreter import Interpreter
from perpend.ir.ids import production_of
from perpend.ir.numbering import UNREADABLE
from perpend.load.repository import LIBRARY, open_repository
from perpend.meaning.values import date_time_from_text
from perpend.policy_tests.run import tests_of as objects_of

REPOSITORY = open_repository()
ANALYZER = Analyzer(REPOSITORY)
JUDGING = [one for one in REPOSITORY.policy_ids if (found := REPOSITORY.policy(one).value) is None or not found.impossible]
HUB = "/frameworks/aws-fsbp-v1.0.0"
LINKS = {
    (section, other.value)
    for section in REPOSITORY.section_ids
    if (found := REPOSITORY.section(section).value) is not None
    for other in found.similar_sections
}
HEADINGS = ["## Rationale", "## Audit", "### From the console", "### From the command line", "### How this policy judges"]


def framework_of(section: str) -> str:
    return "/".join(section.split("/")[:3])


def benchmark_of(section: str) -> str:
    """Return the framework without its version."""
    return re.sub(r"-v[0-9.]+$", "", framework_of(section))


def test_versions_of_a_benchmark_name_each_other() -> None:
    within = {(section, other) for section, other in LINKS if benchmark_of(section) == benchmark_of(other)}
    assert set() == within - {(other, section) for section, other in within}
    assert set() == {(section, other) for section, other in within if framework_of(section) == framework_of(other)}


def test_another_framework_names_sections_of_the_hub_only() -> None:
    """Policies count where a named section has them, one hop away: the hub has them of itself, and names nobody."""
    across = {(section, other) for section, other in LINKS if benchmark_of(section) != benchmark_of(other)}
    assert {HUB} == {framework_of(other) for _, other in across}
    assert {HUB} & {framework_of(section) for section, _ in LINKS} == set()
    assert set() == {framework_of(section) for section, _ in across} & {framework_of(other) for _, other in LINKS}


@pytest.mark.parametrize("policy", REPOSITORY.policy_ids)
def test_a_policy_answers_its_recommendation_in_every_version(policy: str) -> None:
    """In frameworks that have no versions here, it answers what the hub's sections lead to, without a word of its own."""
    found = REPOSITORY.policy(policy).value
    assert found is not None
    mapped = {item.value for item in found.mappings}
    assert set() == {other for section, other in LINKS if section in mapped} - mapped


@pytest.mark.parametrize("policy", REPOSITORY.policy_ids)
def test_a_policy_is_documented(policy: str) -> None:
    description, remediation = (
        (LIBRARY / policy[1:] / name).read_text("utf-8") for name in ("description.md", "remediation.md")
    )
    headings = re.findall(r"^##+ .*$", description, re.MULTILINE)
    assert HEADINGS == [heading for heading in headings if heading in HEADINGS]
    assert "## References" == headings[-1]
    ways = ["## From the console", "## From the command line", "## From Terraform"]
    assert ways == [heading for heading in re.findall(r"^##+ .*$", remediation, re.MULTILINE) if heading in ways]


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
