"""Two texts of one collection differ in case or white space only: as Text they are the same, so case hides an odd value.

Text compares without regard to case and white space. Whoever writes both spellings may think that others are told apart,
but `ENABLED`, ` enabled ` and every other spelling pass as well. Where spelling matters, compare Bytes.

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

from typing import TYPE_CHECKING

from perpend.diagnostics.model import Diagnostic, Rule, Severity, Span
from perpend.ir.operation import Constant
from perpend.ir.render import quoted
from perpend.lint.survey import blocks_of, written_here
from perpend.meaning.types import TEXT_COLLECTIONS
from perpend.meaning.values import norm

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perpend.ir.program import Expr
    from perpend.lint.survey import Survey

RULE = Rule("A316", "same-text-twice", Severity.WARNING, __doc__ or "")


def find(survey: Survey) -> Iterator[Diagnostic]:
    """Yield the collections of Text with entries that are equal."""
    for _, values in survey.extracts:
        yield from _in(values)
    for logic, analyzed in survey.policies:
        for _, block in blocks_of(logic, analyzed):
            yield from _in(condition.expression for condition in block.conditions)


def _in(values: Iterable[Expr]) -> Iterator[Diagnostic]:
    for expression in (found for value in values for found in written_here(value)):
        names = expression.operation.taking(Constant.TEXTS) if expression.type in TEXT_COLLECTIONS else ()
        for name in names:
            assert expression.span is not None  # analysis gives every expression the place it was written at
            yield from _repeated(expression.span, expression.constant(name) or ())


def _repeated(span: Span, entries: Iterable[str]) -> Iterator[Diagnostic]:
    first: dict[str, str] = {}
    for entry in entries:
        other = first.setdefault(norm(entry), entry)
        if other != entry:
            message = f"{quoted(other)} and {quoted(entry)} are the same Text: every spelling of it passes"
            yield RULE.at(span, message, help="compare Bytes where the spelling matters, else write it once")
