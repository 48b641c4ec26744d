"""Find all problems of a repository: errors of files, logic and references, and lint warnings."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from perpend.authoring import lint
from perpend.authoring.lint.context import LintContext
from perpend.core.diagnostics.model import Diagnostic, Rule, sorted_diagnostics
from perpend.findings.remediation.read import remedy_problems
from perpend.findings.remediation.rules import RULES as REMEDY_RULES
from perpend.language.compiler import rules
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.compiler.frameworks import dangling_sections
from perpend.language.syntax import rules as load_rules
from perpend.language.syntax.files import parents

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from perpend.language.syntax.repository import Repository

RULES_BY_CODE: Final[dict[str, Rule]] = {
    rule.code: rule for rule in (*load_rules.RULES, *rules.RULES, *REMEDY_RULES, *lint.RULES)
}
"""Every rule a repository can break, by its code."""

MAX_ALIKE: Final = 20
"""The maximum number of diagnostics of one code in a file, and of equal diagnostics in a repository."""


def lint_repository(repository: Repository, analyzer: Analyzer | None = None) -> list[Diagnostic]:
    """Return the problems of a repository, sorted by path, line and column.

    Only 20 problems of the same kind are listed, for example of a missing file with hundreds of references, then they are
    counted. An existing ``analyzer`` of the repository saves the work of a second one.
    """
    return counted(all_problems(repository, analyzer or Analyzer(repository)))


def lint_places(repository: Repository, paths: Collection[str]) -> list[Diagnostic]:
    """Return the problems at or below paths of a repository (no leading slash), counted in the same way.

    All of the repository is read, because names here may be defined elsewhere.
    """
    wanted = set(paths)
    problems = all_problems(repository, Analyzer(repository))
    return counted(
        [problem for problem in problems if problem.span.path in wanted or not wanted.isdisjoint(parents(problem.span.path))]
    )


def all_problems(repository: Repository, analyzer: Analyzer) -> list[Diagnostic]:
    """Return all problems of a repository, without counting."""
    problems = repository.diagnostics()
    for entity in repository.logic_ids:
        problems += analyzer.analyzed(entity).diagnostics
    for entity in repository.extracts_ids:
        problems += analyzer.extract_diagnostics(entity)
    problems += dangling_sections(repository)
    problems += remedy_problems(repository)
    problems += lint.lint(LintContext(analyzer))
    return sorted_diagnostics(problems)


def counted(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Return at most :data:`MAX_ALIKE` diagnostics of a kind. The number of the others is added to the first of them."""
    shown: list[Diagnostic] = []
    alike: Counter[tuple[str, str]] = Counter()
    faults: Counter[str] = Counter(problem.fault for problem in diagnostics if problem.fault)
    rest: dict[tuple[str, str], tuple[Diagnostic, int]] = {}
    for problem in diagnostics:
        is_common = faults[problem.fault] > MAX_ALIKE
        alike_key = ("", f"because of {problem.fault}") if is_common else (problem.code, f"like “{problem.message}”")
        keys = ((problem.code, f"in `{problem.span.path}`"), alike_key)
        full = next((key for key in keys if alike[key] >= MAX_ALIKE), None)
        if full is None:
            alike.update(keys)
            shown.append(problem)
        else:
            first, count = rest.get(full, (problem, 0))
            rest[full] = (first, count + 1)
    for (_, where), (first, count) in rest.items():
        shown.append(replace(first, message=f"and {count:,} more {where}", label="", help=None))
    return sorted_diagnostics(shown)
