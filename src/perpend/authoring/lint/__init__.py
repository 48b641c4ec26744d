"""Rules that reason about programs that are free of errors. One file per rule; its docstring is the rule's page.

Each module has ``RULE`` and ``find``, which yields the rule's diagnostics for a ``LintContext``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.authoring.lint import (
    debug_left,
    duplicate_policy,
    guard_cannot_fire,
    misspelt_name,
    null_passes,
    same_text_twice,
    undeclared_relationship,
    unguarded_list,
    unknown_object_type,
    unreachable_condition,
    unseen_white_space,
    unused_extract_import,
    unused_parameter,
)
from perpend.authoring.lint.messages import (
    fault_without_finding,
    misleading_message,
    missing_remediation,
    remediation_without_fault,
    remediation_without_step,
    threshold_disagrees,
)
from perpend.authoring.lint.sections import foreign_mapping, several_policies_in_section
from perpend.authoring.lint.tests import unpassable_test, untested_logic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.authoring.lint.context import LintContext
    from perpend.core.diagnostics.model import Diagnostic, Rule

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
    fault_without_finding,
    remediation_without_step,
    unguarded_list,
    same_text_twice,
    threshold_disagrees,
    foreign_mapping,
    duplicate_policy,
    unseen_white_space,
    misspelt_name,
    null_passes,
    unused_parameter,
)

RULES: tuple[Rule, ...] = tuple(module.RULE for module in _MODULES)
"""All lint rules, in the order of their codes."""


def lint(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the lint warnings of a repository."""
    for module in _MODULES:
        yield from module.find(lint_context)
