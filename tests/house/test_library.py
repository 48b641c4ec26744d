"""The library keeps what it asks of its policies: documents, tests that need no guess, sections in every version."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from perpend.authoring.testing.run import tests_of as objects_of
from perpend.core.objects.ids import framework_of, production_of
from perpend.core.values.values import date_time_from_text
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.program.numbering import UNREADABLE
from perpend.language.syntax.repository import LIBRARY, open_repository

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.medium

REPOSITORY = open_repository()
ANALYZER = Analyzer(REPOSITORY)
HUBS = {"/frameworks/aws-fsbp-v1.0.0", "/frameworks/aws-security-hub"}
WAYS = ["## From the console", "## From the command line", "## From Terraform"]
HEADINGS = ["## Rationale", "## Audit", "### From the console", "### From the command line", "### How this policy judges"]


@cache
def links() -> set[tuple[str, str]]:
    """Return which sections name which others as similar."""
    return {
        (section, other.value)
        for section in REPOSITORY.section_ids
        if (found := REPOSITORY.section(section).value) is not None
        for other in found.similar_sections
    }


def benchmark_of(section: str) -> str:
    """Return the framework without its version."""
    return re.sub(r"-v[0-9.]+$", "", framework_of(section))


def test_versions_of_a_benchmark_name_each_other() -> None:
    within = {(section, other) for section, other in links() if benchmark_of(section) == benchmark_of(other)}
    assert set() == within - {(other, section) for section, other in within}
    assert set() == {(section, other) for section, other in within if framework_of(section) == framework_of(other)}


def test_another_framework_names_sections_of_hubs_only() -> None:
    """Policies count where a named section has them, one hop away: the hubs have them of themselves, and name nobody."""
    across = {(section, other) for section, other in links() if benchmark_of(section) != benchmark_of(other)}
    assert HUBS == {framework_of(other) for _, other in across}
    assert HUBS & {framework_of(section) for section, _ in links()} == set()
    assert set() == {framework_of(section) for section, _ in across} & {framework_of(other) for _, other in links()}


def test_a_policy_answers_its_recommendation_in_every_version() -> None:
    """In frameworks that have no versions here, it answers what the hubs' sections lead to, without a word of its own."""
    linked: dict[str, set[str]] = defaultdict(set)
    for section, other in links():
        linked[section].add(other)
    lacking = {}
    for policy in REPOSITORY.policy_ids:
        found = REPOSITORY.policy(policy).value
        assert found is not None, policy
        mapped = {item.value for item in found.mappings}
        lacking[policy] = {other for one in mapped for other in linked[one] if framework_of(other) not in HUBS} - mapped
    assert {} == {policy: sections for policy, sections in lacking.items() if sections}


def undocumented(policy: str) -> list[str]:
    """Return what the documents of a policy lack."""
    description, remediation = (
        (LIBRARY / policy[1:] / name).read_text("utf-8") for name in ("description.md", "remediation.md")
    )
    headings = re.findall(r"^##+ .*$", description, re.MULTILINE)
    found = [] if [heading for heading in headings if heading in HEADINGS] == HEADINGS else ["headings in order"]
    found += [] if "## References" == headings[-1] else ["references at the end"]
    audit = description.split("### How this policy judges")[0].rstrip()
    found += ["what of the answers is a finding"] if audit.endswith("```") and "attestations:" not in audit else []
    ways = [heading for heading in re.findall(r"^##+ .*$", remediation, re.MULTILINE) if heading in WAYS]
    return found + ([] if ways == WAYS else ["ways to mend in order"])


def test_policies_are_documented() -> None:
    assert {} == {policy: lacking for policy in REPOSITORY.policy_ids if (lacking := undocumented(policy))}


def test_checks_that_a_description_refers_to_are_named_as_similar() -> None:
    """Only those are found by `perpend search`, and shown by the site."""
    unnamed = {}
    for policy in REPOSITORY.policy_ids:
        found = REPOSITORY.policy(policy).value
        assert found is not None, policy
        lines = (LIBRARY / policy[1:] / "description.md").read_text("utf-8").splitlines()
        named = {check for line in lines if line.startswith("- [Prowler](") for check in re.findall("`([^`]+)`", line)}
        unnamed[policy] = named - {check.id for check in found.similar_checks if check.tool.key == "prowler"}
    assert {} == {policy: checks for policy, checks in unnamed.items() if checks}


API_NAME = re.compile(r"\b[A-Za-z0-9]+__\w+__[cr]\b")
TEXTS = frozenset(("currentStateMessage", "remediationMessage", "undeterminedIf", "names", "label", "description", "name"))
IN_TYPES = frozenset(("label", "description"))


def texts_in(document: Any, keys: frozenset[str], *, inside: bool = False) -> Iterator[str]:
    """Yield the texts below some keys of a document."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield from texts_in(value, keys, inside=inside or key in keys)
    elif isinstance(document, list):
        for value in document:
            yield from texts_in(value, keys, inside=inside)
    elif inside and isinstance(document, str):
        yield document


def test_no_text_for_people_holds_an_api_name() -> None:
    """Messages, names and documents name fields in words. References hold the API names for programs."""
    found: dict[str, list[str]] = {}
    for path in LIBRARY.rglob("*.yaml"):
        keys = IN_TYPES if path.name == "type.yaml" else TEXTS
        is_remedy = path.name == "remedy.yaml"  # its names of fields are for programs
        texts = [] if is_remedy else texts_in(yaml.load(path.read_text("utf-8"), yaml.CSafeLoader), keys)
        found[str(path)] = [text for text in texts if API_NAME.search(text)]
    for path in LIBRARY.rglob("*.md"):
        found[str(path)] = API_NAME.findall(path.read_text("utf-8"))
    assert len(found) > 2_000
    assert {} == {path: texts for path, texts in found.items() if texts}


def judged_differently(policy: str) -> list[str]:
    """Return the test objects that end otherwise where a key that is not there is unknown."""
    logic = production_of(policy)
    program = ANALYZER.analyzed(logic).program
    assert program is not None, policy
    interpreter = Interpreter([program])
    return [
        test.id
        for test in objects_of(REPOSITORY, ANALYZER, logic)[0]
        if str(interpreter.evaluate(test.fields, date_time_from_text(test.snapshot_time or "") or 0, complete=False)[0][0])
        not in {test.expected.index, str(UNREADABLE) if test.expected.status == "UNDETERMINED" else test.expected.index}
    ]


@pytest.mark.slow
def test_test_objects_hold_every_key_that_is_read() -> None:
    """Judged like collected objects, of which a key that is not there is unknown, they get the verdicts of the tests.

    What a check says to be unknown may already keep the whole object from being judged.
    """
    found = {one: REPOSITORY.policy(one).value for one in REPOSITORY.policy_ids}
    judging = [policy for policy, read in found.items() if read is None or not read.impossible]
    assert {} == {policy: objects for policy in judging if (objects := judged_differently(policy))}


def test_policies_of_ranges_of_addresses_state_the_bound() -> None:
    asks = re.compile("IS_OPEN_TO_INTERNET|ruleIsOpenTo|reachedSensitivePorts")
    policies = [path.parent for path in LIBRARY.rglob("prod.logic.yaml") if asks.search(path.read_text("utf-8"))]
    bound = "more than a `/4` of public IPv4 addresses, or a `/13` of IPv6"
    assert policies
    assert [] == [folder.name for folder in policies if bound not in (folder / "description.md").read_text("utf-8")]


NOT_KNOWN = re.compile(r"\bnot (known|asked|collected|read)\b")


def passes_in(document: Any) -> Iterator[str]:
    """Yield the messages of the outcomes in a logic file that are no finding."""
    if isinstance(document, dict):
        if document.get("status") in ("COMPLIANT", "INAPPLICABLE"):
            yield document.get("currentStateMessage", "")
        document = list(document.values())
    if isinstance(document, list):
        for value in document:
            yield from passes_in(value)


def test_no_pass_says_that_something_is_not_known() -> None:
    """A fact that is not known makes a verdict UNDETERMINED."""
    logics = [yaml.load(path.read_text("utf-8"), yaml.CSafeLoader) for path in LIBRARY.rglob("*.logic.yaml")]
    assert len(logics) > 200
    assert [] == [text for logic in logics for text in passes_in(logic) if NOT_KNOWN.search(text)]


DESCRIBED = {False: "Checks that ", True: "Manual check that "}
"""How the description of a policy begins, by whether a person has to judge."""


def faults_of_description(text: str, *, manual: bool) -> list[str]:
    """Return what a description of a policy lacks."""
    sentences = re.findall(r"\S.*?[.](?= [A-Z]|$)", text)
    faults = [] if text.startswith(DESCRIBED[manual]) else ["what is checked comes first"]
    faults += [] if len(sentences) == 2 else ["two sentences: what is checked, and why"]
    return faults + ([] if len(text) <= 260 else ["260 characters at most"])


def test_a_description_says_first_what_is_checked_then_why() -> None:
    policies = [policy for one in REPOSITORY.policy_ids if (policy := REPOSITORY.policy(one).value) is not None]
    assert len(policies) > 200
    assert {} == {
        policy.id: faults
        for policy in policies
        if (faults := faults_of_description(" ".join(policy.description.split()), manual=policy.impossible))
    }


def test_no_sentence_begins_with_whoever() -> None:
    """A subject that is a clause hides who acts."""
    paths = [path for path in (LIBRARY / "ce").rglob("*") if path.suffix in (".md", ".yaml")]
    assert len(paths) > 900
    assert [] == [path for path in paths if re.search(r"\bWhoever\b", path.read_text("utf-8"))]
