"""An outcome other than INCOMPLIANT has a remediation.

It reports no fault, so there is nothing to fix. If the result is unknown, write the next step in `currentStateMessage`.

Wrong:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions: []
otherwise:
  status: COMPLIANT
  currentStateMessage: The bucket is private.
  remediationMessage: Make the bucket private.
```

Right:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions: []
otherwise: {status: COMPLIANT, currentStateMessage: The bucket is private.}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.diagnostics.model import Diagnostic, Rule, Severity
from perpend.core.objects.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.authoring.lint.context import LintContext
    from perpend.language.syntax.documents import WrittenBlock, WrittenOutcome

RULE = Rule("A306", "remediation-without-fault", Severity.WARNING, __doc__ or "")


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the remediations of outcomes that are not INCOMPLIANT."""
    for logic, _ in lint_context.policies:
        for outcome in _outcomes(logic.block):
            if (
                outcome.status is not Status.INCOMPLIANT
                and outcome.remediation is not None
                and outcome.remediation.value.strip()
            ):
                yield RULE.at(outcome.remediation.span, f"a remediation for {outcome.status}: this outcome reports no fault")


def _outcomes(block: WrittenBlock) -> Iterator[WrittenOutcome]:
    outcomes = (*(condition.outcome for condition in block.conditions), block.otherwise)
    yield from (outcome for outcome in outcomes if outcome is not None)
    for related in block.related:
        yield from _outcomes(related)
