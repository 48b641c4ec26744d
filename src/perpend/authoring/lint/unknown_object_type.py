"""The lint rule on misspelt and former names of object types. Its page is the docstring of ``language.compiler.type_names``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.language.compiler.type_names import RULE, misspelt_types

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.authoring.lint.context import LintContext
    from perpend.core.diagnostics.model import Diagnostic


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield unknown input types with a similar known type, and former names of types."""
    for logic, _ in lint_context.policies:
        if logic.written_type != logic.input_type.value:
            yield RULE.at(logic.input_type.span, f"`{logic.written_type}` is now called `{logic.input_type.value}`")
    yield from misspelt_types(lint_context.repository, [logic.id for logic, _ in lint_context.policies]).values()
