"""A production logic file has no test.

Nothing shows that it works as intended, today or after the next change.

Wrong:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions: []
otherwise: {status: COMPLIANT, currentStateMessage: Every bucket is fine.}
```

Right: name a file with test objects, at least one for each condition and each check.

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
testData: [{file: test-data.json}]
conditions: []
otherwise: {status: COMPLIANT, currentStateMessage: Every bucket is fine.}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.diagnostics.model import Diagnostic, Rule, Severity
from perpend.core.objects.ids import is_production

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.authoring.lint.context import LintContext

RULE = Rule("A308", "untested-logic", Severity.WARNING, __doc__ or "")


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the production logic files that name no test data."""
    for logic, _ in lint_context.policies:
        if is_production(logic.id) and not logic.test_data:
            yield RULE.at(logic.input_type.span, "this production logic has no `testData`")
