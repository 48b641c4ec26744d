"""A check of `undeterminedIf` can never fire, so it guards nothing.

The author expects UNDETERMINED for a missing value, but the evaluation continues. There are four causes:

- `to_string(…)` turns a missing key into the text `null`, which is not empty. A later emptiness check sees only the
  empty text, never the missing key.
- `isEmpty` is used with a `noAccessDelegate` for the same field: the delegate is checked first.
- The value is a constant.
- The value comes from an expression whose own check has already stopped every empty value.

Wrong: a row without `enabled` counts as not enabled.

```yaml
# types/Bucket/settings.extracts.yaml
extracts:
  - name: settings
    value:
      JSON_FROM: {arg: {FIELD: {path: settings__c}}, undeterminedIf: {isInvalid: settings__c is no JSON.}}
  - name: enabled
    value:
      BOOLEAN_FROM:
        arg:
          JSON_QUERY_TEXT:
            arg: {EXTRACT: settings}
            expression: to_string(enabled)
            undeterminedIf: {evaluationError: enabled cannot be read., resultTypeMismatch: enabled is no text.}
        undeterminedIf: {isEmpty: enabled is missing.}
```

Right: the query returns the Boolean itself, with a check for a missing key.

```yaml
# types/Bucket/settings.extracts.yaml
extracts:
  - name: settings
    value:
      JSON_FROM: {arg: {FIELD: {path: settings__c}}, undeterminedIf: {isInvalid: settings__c is no JSON.}}
  - name: enabled
    value:
      JSON_QUERY_BOOLEAN:
        arg: {EXTRACT: settings}
        expression: enabled
        undeterminedIf:
          evaluationError: enabled cannot be read.
          resultTypeMismatch: enabled is no Boolean.
          resultIsEmpty: enabled is missing.
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.authoring.lint.context import LintContext, unfolded
from perpend.authoring.lint.formulas import EMPTY, constant_of, never_empty
from perpend.core.diagnostics.model import Diagnostic, Rule, Severity
from perpend.core.values.jmespath_query import compile_query
from perpend.core.values.types import ValueType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.language.program.program import Check, Expr

RULE = Rule("A302", "guard-cannot-fire", Severity.WARNING, __doc__ or "")

_CONVERSIONS = frozenset({"BOOLEAN_FROM", "DATE_TIME_FROM", "DURATION_FROM"})


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the emptiness checks that no empty value reaches."""
    for expression in lint_context.expressions():
        for check in expression.checks:
            reason = _reason(expression, check)
            if reason is not None:
                yield RULE.at(lint_context.check_place(expression, check), f"`{check.declaration.key}` {reason}")


def _reason(expression: Expr, check: Check) -> str | None:
    name, key = expression.operation.name, check.declaration.key
    if key == "resultIsEmpty" and _is_to_string(expression):
        return _TO_STRING
    if key != "isEmpty":
        return None
    if name == "FIELD":
        path = expression.arguments["path"]
        same = any(other.delegate == path for other in expression.checks if other.delegate is not None)
        return f"never fires: `noAccessDelegate` checks for an empty `{path}` first" if same else None
    if name not in _CONVERSIONS or expression.arguments.get("nullValues"):
        return None
    source = unfolded(expression.arguments["arg"])
    constant = constant_of(source)
    if _is_to_string(source):
        return _TO_STRING
    if constant is not None and constant != EMPTY:
        return "never fires: the value is a constant"
    if not check.declaration.required and source.type is ValueType.TEXT and never_empty(source):
        return "never fires: the expression inside it stops every empty value"
    return None


def _is_to_string(expression: Expr) -> bool:
    if expression.operation.name not in ("JSON_QUERY_TEXT", "JSON_QUERY_BYTES"):
        return False
    tree = compile_query(expression.arguments["expression"]).tree
    return bool(tree["type"] == "function_expression" and tree["value"] == "to_string")


_TO_STRING = "does not see a missing key: `to_string(…)` turns it into the text `null`, which is not empty"
