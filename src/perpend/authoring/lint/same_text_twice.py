"""Two texts that a value is compared with differ only in case or white space: as Text they are equal.

Text compares without regard to case and white space. Two spellings suggest that other spellings do not match, but
`ENABLED`, ` enabled ` and every other spelling match as well. If the spelling matters, compare Bytes. The texts may be
in a collection, or in comparisons of one value that are joined by `OR` (or, with `NOT_EQUAL`, by `AND`).

Wrong:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions:
  - status: COMPLIANT
    currentStateMessage: Versioning is on.
    check:
      CONTAINS: {arg: {SET: {itemType: TEXT, items: [Enabled, enabled]}}, search: {FIELD: {path: versioning__c}}}
otherwise: {status: UNDETERMINED, currentStateMessage: versioning__c is neither Enabled nor enabled.}
```

Right: exact spellings.

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
testData: [{file: test-data.json}]
conditions:
  - status: COMPLIANT
    currentStateMessage: Versioning is on.
    check:
      CONTAINS:
        arg: {SET: {itemType: BYTES, items: [Enabled, enabled]}}
        search: {FIELD: {path: versioning__c, returnType: BYTES}}
otherwise: {status: UNDETERMINED, currentStateMessage: versioning__c is neither Enabled nor enabled.}
```
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from perpend.authoring.lint.context import texts_listed
from perpend.core.diagnostics.model import Diagnostic, Rule, Severity, Span
from perpend.core.values.values import norm
from perpend.language.compiler.reachability import Structures
from perpend.language.program.render import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perpend.authoring.lint.context import LintContext
    from perpend.language.program.program import Expr

RULE = Rule("A316", "same-text-twice", Severity.WARNING, __doc__ or "")


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the collections of Text with entries that are equal, and the comparisons of one value with equal texts."""
    for expression in lint_context.expressions():
        assert expression.span is not None  # the analyzer gives every expression its place
        for texts in (*texts_listed(expression), *_compared(expression)):
            yield from _repeated(expression.span, texts)


def _compared(expression: Expr) -> Iterator[list[str]]:
    """Yield the texts that each value is compared with by the parts of ``OR`` and ``AND``, more than one of them."""
    comparison = {"OR": "IS_EQUAL", "AND": "NOT_EQUAL"}.get(expression.operation.name)
    structures, compared = Structures(), defaultdict[int, list[str]](list)
    parts = [part.operands for part in expression.operands if part.extract is None and part.operation.name == comparison]
    for text, value in (*parts, *(operands[::-1] for operands in parts)):
        if text.operation.name == "TEXT":
            compared[structures.number(value)].append(text.constant("value"))
    yield from (texts for texts in compared.values() if len(texts) > 1)


def _repeated(span: Span, entries: Iterable[str]) -> Iterator[Diagnostic]:
    first: dict[str, str] = {}
    for entry in entries:
        other = first.setdefault(norm(entry), entry)
        if other != entry:
            message = f"{quoted(other)} and {quoted(entry)} are the same Text: every spelling of it matches"
            yield RULE.at(span, message, help="compare Bytes if the spelling matters, else remove one")
