"""A Text has white space that comparisons ignore: at an end, or more than one space between words.

Text compares without regard to case and white space. ` enabled` or `N/A ` suggest that a value without the space does
not match, but it does. If white space matters, compare Bytes.

Wrong:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions:
  - status: COMPLIANT
    currentStateMessage: Versioning is on.
    check: {IS_EQUAL: {left: {FIELD: {path: versioning__c}}, right: {TEXT: "Enabled "}}}
otherwise: {status: UNDETERMINED, currentStateMessage: versioning__c is not Enabled.}
```

Right:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
testData: [{file: test-data.json}]
conditions:
  - status: COMPLIANT
    currentStateMessage: Versioning is on.
    check: {IS_EQUAL: {left: {FIELD: {path: versioning__c}}, right: {TEXT: Enabled}}}
otherwise: {status: UNDETERMINED, currentStateMessage: versioning__c is not Enabled.}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.authoring.lint.context import texts_listed
from perpend.core.diagnostics.model import Diagnostic, Rule, Severity
from perpend.core.values.types import ValueType
from perpend.core.values.values import norm
from perpend.language.program.render import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.authoring.lint.context import LintContext
    from perpend.language.program.program import Expr

RULE = Rule("A320", "unseen-white-space", Severity.WARNING, __doc__ or "")


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the Texts, also of collections, with white space that does not count."""
    for expression in lint_context.expressions():
        for place, text in _texts(expression):
            same = norm(text)
            if same and same != text.lower():  # policies look for blank values with a blank text
                assert place.span is not None  # the analyzer gives every expression its place
                message = f"{quoted(text)} is the same Text as {quoted(same)}"
                yield RULE.at(place.span, message, help="compare Bytes if white space matters")


def _texts(expression: Expr) -> Iterator[tuple[Expr, str]]:
    """Yield the constant operands of an operation, and those of a collection, unless another operand makes it exact."""
    if all(operand.type is not ValueType.BYTES for operand in expression.operands):
        yield from ((operand, operand.constant("value")) for operand in expression.operands if operand.operation.name == "TEXT")
    yield from ((expression, text) for texts in texts_listed(expression) for text in texts)
