"""An INCOMPLIANT outcome has no remediation.

The reader of a finding needs the next step: a setting, a command, a value.

Wrong:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions:
  - status: INCOMPLIANT
    currentStateMessage: The bucket is public.
    check: {FIELD: {path: public__c, undeterminedIf: {isEmpty: It is not known whether the bucket is public.}}}
otherwise: {status: COMPLIANT, currentStateMessage: The bucket is private.}
```

Right:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions:
  - status: INCOMPLIANT
    currentStateMessage: The bucket is public.
    remediationMessage: Turn on "block public access" in the bucket's permissions.
    check: {FIELD: {path: public__c, undeterminedIf: {isEmpty: It is not known whether the bucket is public.}}}
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

RULE = Rule("A305", "missing-remediation", Severity.WARNING, __doc__ or "")


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the INCOMPLIANT outcomes of root blocks without a remediation. Those of related lists are never shown."""
    for logic, _ in lint_context.policies:
        for outcome in (*(condition.outcome for condition in logic.block.conditions), logic.block.otherwise):
            if outcome is None or outcome.status is not Status.INCOMPLIANT:
                continue
            if outcome.remediation is None or not outcome.remediation.value.strip():
                yield RULE.at(outcome.span, "INCOMPLIANT without `remediationMessage`: the next step is missing")
