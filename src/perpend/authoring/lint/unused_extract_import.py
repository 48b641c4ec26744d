"""A file of extracts is imported, but no expression of the block or its related lists uses one of its extracts.

An unused import misleads readers, and an error in that file breaks the policy for no reason.

Wrong:

```yaml
# types/Bucket/object.extracts.yaml
extracts: [{name: public__c, value: {FIELD: {path: public__c}}}]
```

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
importExtracts: [{file: /types/Bucket/object.extracts.yaml}]
conditions: []
otherwise: {status: COMPLIANT, currentStateMessage: Every bucket is fine.}
```

Right:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions: []
otherwise: {status: COMPLIANT, currentStateMessage: Every bucket is fine.}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.authoring.lint.context import LintContext, blocks_of, written_here
from perpend.core.diagnostics.model import Diagnostic, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.language.program.program import Block

RULE = Rule("A303", "unused-extract-import", Severity.WARNING, __doc__ or "")


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the imports that nothing uses."""
    for logic, analyzed in lint_context.logics:
        for written, block in blocks_of(logic, analyzed):
            used = set(_used(block))
            for reference in written.imports:
                entity = lint_context.repository.imported(reference, logic.id, [])
                if entity is not None and entity not in used:
                    yield RULE.at(reference.span, f"no extract of `{entity}` is used here")


def _used(block: Block) -> Iterator[str]:
    """Yield the extracts files that a block or its related lists refer to."""
    for condition in block.conditions:
        for expression in written_here(condition.expression):
            if expression.extract is not None and expression.extract.body.span is not None:
                yield f"/{expression.extract.body.span.path}"
    for below in block.related.values():
        yield from _used(below)
