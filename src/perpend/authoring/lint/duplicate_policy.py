"""Two policies have the same logic, or give the same status to every test object of both.

Each fault is reported twice, and a later change of one policy makes them disagree. Keep one policy, and give it the
mappings of both. If they are meant to differ, add a test object for which their results differ. Test objects count only
if some of both are COMPLIANT and some INCOMPLIANT.

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

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.model import Diagnostic, Rule, Severity
from perpend.core.objects.ids import is_production
from perpend.core.objects.status import Status
from perpend.core.values.values import date_time_from_text
from perpend.language.compiler.reachability import Structures
from perpend.language.interpreter.interpreter import Interpreter

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from perpend.authoring.lint.context import LintContext
    from perpend.language.program.program import Block, Program
    from perpend.language.syntax.documents import Logic
    from perpend.language.syntax.test_data import TestObject

RULE = Rule("A319", "duplicate-policy", Severity.WARNING, __doc__ or "")


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the production logics that give the same results as an earlier one."""
    structures = Structures()
    before: dict[str, list[_Tested]] = defaultdict(list)
    for logic, analyzed in lint_context.policies:
        if analyzed.program is None or not is_production(logic.id) or not analyzed.program.block.conditions:
            continue
        signature = _signature_of(analyzed.program.block, structures)
        own = _Tested(logic, analyzed.program, signature, tuple(lint_context.repository.test_objects(logic).value or ()))
        others = before[analyzed.program.input_type]
        if twin := next((twin for twin in others if twin.signature == signature), None):
            yield RULE.at(logic.input_type.span, f"this logic is the same as that of `{twin.logic.policy_id}`")
        elif twin := next((twin for twin in others if _answer_alike(own, twin)), None):
            count = f"{len(own.tests) + len(twin.tests)} test objects"
            yield RULE.at(
                logic.input_type.span,
                f"this logic gives all {count} of both the same status as that of `{twin.logic.policy_id}`",
            )
        others.append(own)


@dataclass(frozen=True)
class _Tested:
    """A logic with its program, its test objects, and a key that is equal for logics with the same results."""

    logic: Logic
    program: Program
    signature: Hashable
    tests: tuple[TestObject, ...]

    @cached_property
    def _interpreter(self) -> Interpreter:
        return Interpreter([self.program])

    def gives_expected(self, test: TestObject) -> bool:
        """Whether the logic gives another logic's test object the status that the test expects."""
        (index, _), *_ = self._interpreter.evaluate(test.fields, date_time_from_text(test.snapshot_time or "") or 0)
        return self.program.verdicts[index].status == test.expected.status


def _answer_alike(own: _Tested, other: _Tested) -> bool:
    expected = {test.expected.status for test in (*own.tests, *other.tests)}
    tells_apart = {Status.COMPLIANT, Status.INCOMPLIANT} <= expected and own.tests and other.tests
    return bool(tells_apart) and all(map(other.gives_expected, own.tests)) and all(map(own.gives_expected, other.tests))


def _signature_of(block: Block, structures: Structures) -> Hashable:
    conditions = tuple((structures.number(condition.expression), condition.outcome.status) for condition in block.conditions)
    related = tuple((name, _signature_of(child, structures)) for name, child in sorted(block.related.items()))
    return block.type.name, block.record_types, conditions, block.otherwise.status, related
