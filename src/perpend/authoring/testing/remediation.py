"""Find the remediation of an incompliant test object of a policy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perpend.authoring.testing.run import tests_of
from perpend.core.dataclass import dataclass
from perpend.core.objects.status import Status
from perpend.findings.remediation.fill import NotFilled, fill
from perpend.findings.remediation.plans import with_credentials
from perpend.findings.remediation.read import remedy_of

if TYPE_CHECKING:
    from perpend.authoring.testing.executions import Executions
    from perpend.findings.remediation.model import Remedy
    from perpend.language.compiler.analyzer import Analyzer


@dataclass(frozen=True, slots=True)
class RemediationTest:
    """A test object by its Id, and the remediation of its policy with the object's names.

    If no test object has all names, the Id is empty and the remediation has placeholders.
    """

    object_id: str
    remedy: Remedy


def find_remediation(analyzer: Analyzer, policy_id: str, logic_id: str, executions: Executions) -> RemediationTest | None:
    """Return the remediation of the first incompliant test object with all names, else of any. None without a remediation."""
    remedy = remedy_of(analyzer.repository, policy_id).value
    if remedy is None or remedy.no_commands:
        return None
    incompliant = {
        (end.path, end.number) for end in executions.outcomes if end.passed and end.actual.status == Status.INCOMPLIANT
    }
    for test in tests_of(analyzer.repository, analyzer, logic_id)[0]:
        if (test.path, test.number) in incompliant:
            try:
                return RemediationTest(test.id, _commands(fill(remedy, test.fields)))
            except NotFilled:
                continue
    return RemediationTest("", _commands(remedy))


def _commands(remedy: Remedy) -> Remedy:
    """Return the part of a remedy that a script has."""
    return with_credentials(replace(remedy, values=(), terraform=()), "")
