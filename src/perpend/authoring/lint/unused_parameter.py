"""A policy declares a parameter that no operation of its logic files refers to.

A project that sets it expects other verdicts, and gets the same ones. A message alone is no use: it would name a value that
decides nothing.

Wrong:

```yaml
# ce/acme/bucket/policy.yaml
names: {full: Bucket key is old, contextual: Old key}
description: Keys are rotated.
parameters: [{name: days, description: The age in days., type: integer, default: 90}]
```

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
testData: [{file: test-data.json}]
conditions:
  - status: INCOMPLIANT
    currentStateMessage: The key is older than 90 days.
    remediationMessage: Rotate the key in its settings.
    check:
      IS_BEYOND_LAST_DAYS:
        arg: {FIELD: {path: rotated__c, undeterminedIf: {isEmpty: It is not known when the key was rotated.}}}
        offsetDays: 90
otherwise: {status: COMPLIANT, currentStateMessage: The key is young enough.}
```

Right:

```yaml
# ce/acme/bucket/policy.yaml
names: {full: Bucket key is old, contextual: Old key}
description: Keys are rotated.
parameters: [{name: days, description: The age in days., type: integer, default: 90}]
```

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
testData: [{file: test-data.json}]
conditions:
  - status: INCOMPLIANT
    currentStateMessage: The key is older than {{days}} days.
    remediationMessage: Rotate the key in its settings.
    check:
      IS_BEYOND_LAST_DAYS:
        arg: {FIELD: {path: rotated__c, undeterminedIf: {isEmpty: It is not known when the key was rotated.}}}
        offsetDays: {parameter: days}
otherwise: {status: COMPLIANT, currentStateMessage: The key is young enough.}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.diagnostics.model import Diagnostic, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.authoring.lint.context import LintContext

RULE = Rule("A323", "unused-parameter", Severity.WARNING, __doc__ or "")


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the parameters that no logic file of their policy uses."""
    for policy_id in lint_context.repository.policy_ids:
        policy = lint_context.repository.policy(policy_id).value
        if policy is None or not policy.parameters:
            continue
        logics = [lint_context.repository.logic(logic_id).value for logic_id in policy.logics]
        used = {name for logic in logics if logic is not None for name in logic.parameters}
        for parameter in policy.parameters:
            if parameter.name not in used and parameter.span is not None and None not in logics:
                yield RULE.at(parameter.span, f"no operation uses the parameter `{parameter.name}`")
