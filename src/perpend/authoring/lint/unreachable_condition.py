"""A condition can never decide: it is false whenever it is evaluated.

Conditions are evaluated in order, and the first that is true decides. A condition never decides if it repeats an
earlier one, follows a condition that is always true, or contradicts itself. Most often a threshold or a field was meant
to differ and does not.

Wrong: the first condition already covers the second one.

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions:
  - status: INCOMPLIANT
    currentStateMessage: The bucket is public or not encrypted.
    remediationMessage: Close and encrypt it.
    check: {OR: {args: [{FIELD: {path: public__c}}, {NOT: {arg: {FIELD: {path: encrypted__c}}}}]}}
  - status: INAPPLICABLE
    currentStateMessage: The bucket is public.
    check: {FIELD: {path: public__c}}
otherwise: {status: COMPLIANT, currentStateMessage: The bucket is private and encrypted.}
```

Right: the narrower condition comes first.

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions:
  - status: INAPPLICABLE
    currentStateMessage: The bucket is public.
    check: {FIELD: {path: public__c}}
  - status: INCOMPLIANT
    currentStateMessage: The bucket is not encrypted.
    remediationMessage: Encrypt it.
    check: {NOT: {arg: {FIELD: {path: encrypted__c}}}}
otherwise: {status: COMPLIANT, currentStateMessage: The bucket is private and encrypted.}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.authoring.lint.context import LintContext, blocks_of
from perpend.authoring.lint.formulas import Formula, Formulas, TooManyError, contradictory
from perpend.core.diagnostics.model import Diagnostic, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.language.program.program import Block
    from perpend.language.syntax.documents import WrittenBlock

RULE = Rule("A301", "unreachable-condition", Severity.WARNING, __doc__ or "")

_MAX_CONDITIONS: Final = 100


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the conditions that can never decide."""
    for logic, analyzed in lint_context.policies:
        for written, block in blocks_of(logic, analyzed):
            yield from _in_block(written, block)


def _in_block(written: WrittenBlock, block: Block) -> Iterator[Diagnostic]:
    formulas = Formulas(block.type)
    before: list[Formula] = []
    for condition, expected in zip(written.conditions, block.conditions[:_MAX_CONDITIONS], strict=False):
        formulas.stopped = False
        try:
            formula = formulas.of(expected.expression)
        except TooManyError:
            return
        reason = _reason(formula, before, stopped=formulas.stopped)
        if reason is not None:
            yield RULE.at(condition.span, f"condition {len(before) + 1} can never be true: {reason}")
        if contradictory([(condition, False) for condition in before]):
            return  # no object gets here: the first unreachable condition was reported
        before.append(formula)


def _reason(formula: Formula, before: list[Formula], *, stopped: bool) -> str | None:
    if contradictory([(formula, True)]):
        if stopped:
            return "it expects an empty value, but the value's own check comes first"
        return "it is constant" if isinstance(formula, bool) else "its parts contradict each other"
    for number, earlier in enumerate(before, 1):
        if contradictory([(earlier, False)]):
            return f"condition {number} is always true"
        if contradictory([(earlier, False), (formula, True)]):
            return f"whenever it is true, condition {number} has decided before"
    if contradictory([(formula, True), *((earlier, False) for earlier in before)]):
        return "whenever it is true, an earlier condition has decided"
    return None
