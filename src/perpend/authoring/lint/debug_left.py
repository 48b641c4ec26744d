"""A `DEBUG` operation was left in a production logic file.

It is meant for a policy under work. With `returnTrue` it even makes a condition true that is not.

Wrong:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions:
  - status: INAPPLICABLE
    currentStateMessage: The bucket is public.
    check: {DEBUG: {name: public, arg: {FIELD: {path: public__c}}}}
otherwise: {status: COMPLIANT, currentStateMessage: The bucket is private.}
```

Right:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions:
  - status: INAPPLICABLE
    currentStateMessage: The bucket is public.
    check: {FIELD: {path: public__c}}
otherwise: {status: COMPLIANT, currentStateMessage: The bucket is private.}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.diagnostics.model import Diagnostic, Rule, Severity
from perpend.core.objects.ids import is_production
from perpend.language.syntax.documents import calls_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.authoring.lint.context import LintContext

RULE = Rule("A310", "debug-left", Severity.WARNING, __doc__ or "")


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the ``DEBUG`` operations of production logic files and of extracts."""
    for logic, _ in lint_context.policies:
        if is_production(logic.id):
            for call in calls_in(logic.block):
                if call.operation.name == "DEBUG":
                    yield RULE.at(call.span, "`DEBUG` was left in production logic")
    for entity in lint_context.repository.extracts_ids:
        for call in lint_context.extracts_calls(entity):
            if call.operation.name == "DEBUG":
                yield RULE.at(call.span, "`DEBUG` was left in an extract")
