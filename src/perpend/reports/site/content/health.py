"""The page for maintainers: errors, failing tests, untested branches, and missing parts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from perpend.authoring.lint.check import RULES_BY_CODE, counted
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.model import Severity
from perpend.core.diagnostics.phrases import counted as number_of
from perpend.reports.site.content.links import HEALTH, Ref
from perpend.reports.site.content.logic import problem_from, test_ref
from perpend.reports.site.content.page import Head, Problem

if TYPE_CHECKING:
    from perpend.authoring.testing.executions import Execution
    from perpend.authoring.testing.run import Branch
    from perpend.reports.site.content.site_model import SiteModel


@dataclass(frozen=True, slots=True)
class HealthPage:
    """The open tasks: errors and warnings, failing tests, untested branches, logic without tests."""

    head: Head
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    codes: tuple[tuple[str, str, str, int], ...]
    failing: tuple[tuple[Ref, Ref, Ref, Execution], ...]
    untested: tuple[tuple[Ref, Ref], ...]
    missed: tuple[tuple[Ref, Ref, tuple[Branch, ...]], ...]
    tests: int
    passed: int
    branches: int
    covered: int


def health_page(site_model: SiteModel) -> HealthPage:
    """Return the health page."""
    problems = counted(site_model.problems)
    codes = Counter((problem.code, problem.severity.value) for problem in problems)
    logics = [(logic_id, site_model.executions_of(logic_id)) for logic_id in site_model.repository.logic_ids]
    failing = tuple(
        (_policy(site_model, logic_id), site_model.logic_ref(logic_id), test_ref(logic_id, execution), execution)
        for logic_id, executions in logics
        for execution in executions.outcomes
        if not execution.passed
    )
    tests, passed = (
        sum(len(executions.outcomes) for _, executions in logics),
        sum(executions.passed for _, executions in logics),
    )
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    summary = f"{number_of(errors, 'error')}, {number_of(len(problems) - errors, 'warning')}"
    return HealthPage(
        Head(HEALTH, f"{summary}, {passed} of {number_of(tests, 'test')} passing.", (), (("kind", "index"),)),
        tuple(problem_from(site_model, problem) for problem in problems if problem.severity is Severity.ERROR),
        tuple(problem_from(site_model, problem) for problem in problems if problem.severity is not Severity.ERROR),
        tuple((code, _rule_name(code), severity, number) for (code, severity), number in sorted(codes.items())),
        failing,
        tuple(
            (_policy(site_model, logic_id), site_model.logic_ref(logic_id))
            for logic_id, executions in logics
            if not executions.outcomes
        ),
        tuple(
            (_policy(site_model, logic_id), site_model.logic_ref(logic_id), executions.missed)
            for logic_id, executions in logics
            if executions.missed and executions.outcomes
        ),
        tests,
        passed,
        sum(executions.branches for _, executions in logics),
        sum(executions.covered for _, executions in logics),
    )


def _policy(site_model: SiteModel, logic_id: str) -> Ref:
    return site_model.policy_ref(logic_id.rpartition("/")[0])


def _rule_name(code: str) -> str:
    return RULES_BY_CODE[code].name if code in RULES_BY_CODE else ""
