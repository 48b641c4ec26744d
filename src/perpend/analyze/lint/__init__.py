"""Rules that reason about programs that are free of errors. One file per rule; its docstring is the rule's page.

Each module has ``RULE`` and ``find``, which yields the rule's diagnostics for a :class:`~perpend.analyze.lint.survey.Survey`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.analyze.lint import (
    debug_left,
    guard_cannot_fire,
    misleading_message,
    missing_remediation,
    remediation_without_fault,
    several_policies_in_section,
    undeclared_relationship,
    unknown_object_type,
    unpassable_test,
    unreachable_condition,
    untested_logic,
    unused_extract_import,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.analyze.lint.survey import Survey
    from perpend.diagnostics.model import Diagnostic, Rule

_MODULES = (
    unreachable_condition,
    guard_cannot_fire,
    unused_extract_import,
    misleading_message,
    missing_remediation,
    remediation_without_fault,
    undeclared_relationship,
    untested_logic,
    several_policies_in_section,
    debug_left,
    unpassable_test,
    unknown_object_type,
)

RULES: tuple[Rule, ...] = tuple(module.RULE for module in _MODULES)
"""All lint rules, in the order of their codes."""


def lint(survey: Survey) -> Iterator[Diagnostic]:
    """Yield what is suspicious in a repository."""
    for module in _MODULES:
        yield from module.find(survey)
