"""Logic uses a field, lookup or related list whose name is nearly one that the object type declares.

No object has the misspelt field, so every object is UNDETERMINED. The rule applies to types with a declaration
(`types/<Type>/type.yaml`) in the repository. If the type has both names, declare the other one there. Of a type that only
Perpend's library declares, a similar name is a warning, A307: a repository may know more fields.

Wrong:

```yaml
# types/Bucket/type.yaml
label: Bucket
fields: [{name: owner__c, type: text}]
```

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions:
  - status: INAPPLICABLE
    currentStateMessage: The bucket belongs to nobody.
    check: {IS_EMPTY: {arg: {FIELD: {path: ownre__c}}}}
otherwise: {status: COMPLIANT, currentStateMessage: The bucket has an owner.}
```

Right:

```yaml
# types/Bucket/type.yaml
label: Bucket
fields: [{name: owner__c, type: text}]
```

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions:
  - status: INAPPLICABLE
    currentStateMessage: The bucket belongs to nobody.
    check: {IS_EMPTY: {arg: {FIELD: {path: owner__c}}}}
otherwise: {status: COMPLIANT, currentStateMessage: The bucket has an owner.}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.authoring.lint.undeclared_relationship import undeclared_steps
from perpend.core.diagnostics.model import Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.authoring.lint.context import LintContext
    from perpend.core.diagnostics.model import Diagnostic

RULE = Rule("A321", "misspelt-name", Severity.ERROR, __doc__ or "")


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the steps of paths that misspell a field or lookup of a declared type."""
    yield from (step.problem(RULE) for step in undeclared_steps(lint_context) if step.misspelt)
