"""A test expects an impossible result: an index that the logic does not have, or a status that the index does not give.

`conditionIndex` names the condition or check that decides, and the logic defines its status. The test fails for every
object. Most often a condition was added or moved, and the test was not changed.

Wrong: condition 1 gives INCOMPLIANT, not COMPLIANT.

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
testData: [{file: test-data.json}]
conditions:
  - status: INCOMPLIANT
    currentStateMessage: The bucket is public.
    remediationMessage: Close it.
    check: {FIELD: {path: public__c, undeterminedIf: {isEmpty: It is not known whether the bucket is public.}}}
otherwise: {status: COMPLIANT, currentStateMessage: The bucket is private.}
```

```json
# ce/acme/bucket/test-data.json
[{"expectedResult": {"status": "COMPLIANT", "conditionIndex": "199", "conditionText": "public__c", "runtimeError": null},
  "Id": "open", "public__c": true}]
```

Right:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
testData: [{file: test-data.json}]
conditions:
  - status: INCOMPLIANT
    currentStateMessage: The bucket is public.
    remediationMessage: Close it.
    check: {FIELD: {path: public__c, undeterminedIf: {isEmpty: It is not known whether the bucket is public.}}}
otherwise: {status: COMPLIANT, currentStateMessage: The bucket is private.}
```

```json
# ce/acme/bucket/test-data.json
[{"expectedResult": {"status": "INCOMPLIANT", "conditionIndex": "199", "conditionText": "public__c", "runtimeError": null},
  "Id": "open", "public__c": true}]
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.diagnostics.model import Diagnostic, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.authoring.lint.context import LintContext
    from perpend.language.program.program import Program
    from perpend.language.syntax.test_data import Expected

RULE = Rule("A311", "unpassable-test", Severity.WARNING, __doc__ or "")


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the test objects whose expectation is none of the logic's verdicts."""
    for logic, analyzed in lint_context.logics:
        if analyzed.program is None:
            continue
        for test in lint_context.repository.test_objects(logic).value or ():
            problem = _problem(test.expected, analyzed.program)
            if problem is not None:
                key, message = problem
                yield RULE.at(lint_context.repository.test_place(test, "expectedResult", key), f"`{logic.id}` {message}")


def _problem(expected: Expected, program: Program) -> tuple[str, str] | None:
    """Return the wrong key and the reason, None if the expectation is possible."""
    verdict = program.verdicts.get(int(expected.index))
    if verdict is None:
        return "conditionIndex", f"has no outcome with the index {expected.index}"
    if verdict.status != expected.status:
        return "status", f"gives {verdict.status} at the index {expected.index}, never {expected.status}"
    return None
