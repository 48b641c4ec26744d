"""Two policies judge the same objects by the same logic: they give the same answer to every object.

Each fault is told twice, and a later change of one of them makes two truths. Keep one, and give it the mappings of both.

Wrong:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions:
  - {status: COMPLIANT, currentStateMessage: It is closed., check: {NOT_EMPTY: {arg: {FIELD: {path: closed__c}}}}}
otherwise: {status: UNDETERMINED, currentStateMessage: closed__c is empty.}
```

```yaml
# ce/acme/share/policy.yaml
names: {full: Bucket is shared, contextual: Bucket is shared}
description: Shared buckets leak.
```

```yaml
# ce/acme/share/prod.logic.yaml
inputType: Bucket
conditions:
  - {status: COMPLIANT, currentStateMessage: It is not shared., check: {NOT_EMPTY: {arg: {FIELD: {path: closed__c}}}}}
otherwise: {status: UNDETERMINED, currentStateMessage: closed__c is empty.}
```

Right:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
testData: [{file: test-data.json}]
conditions:
  - {status: COMPLIANT, currentStateMessage: It is closed., check: {NOT_EMPTY: {arg: {FIELD: {path: closed__c}}}}}
otherwise: {status: UNDETERMINED, currentStateMessage: closed__c is empty.}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.analyze.reachability import Structures
from perpend.diagnostics.model import Diagnostic, Rule, Severity
from perpend.ir.ids import is_production

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from perpend.ir.program import Block
    from perpend.lint.survey import Survey

RULE = Rule("A319", "duplicate-policy", Severity.WARNING, __doc__ or "")


def find(survey: Survey) -> Iterator[Diagnostic]:
    """Yield the production logics that judge like one before them."""
    structures = Structures()
    first: dict[Hashable, str] = {}
    for logic, analyzed in survey.policies:
        if analyzed.program is None or not is_production(logic.id) or not analyzed.program.block.conditions:
            continue
        other = first.setdefault(_judged(analyzed.program.block, structures), logic.policy_id)
        if other != logic.policy_id:
            yield RULE.at(logic.input_type.span, f"this logic judges exactly like that of `{other}`")


def _judged(block: Block, structures: Structures) -> Hashable:
    conditions = tuple((structures.number(one.expression), one.outcome.status) for one in block.conditions)
    related = tuple((name, _judged(child, structures)) for name, child in sorted(block.related.items()))
    return block.type.name, block.record_types, conditions, block.otherwise.status, related
