"""A policy asks a list for faults and never for what is not known: an UNDETERMINED object of the list passes.

An object of a list that is UNDETERMINED counts for that status only; to the object that owns the list it is as if it were
not there. So a policy that finds faults in a list has to ask for UNDETERMINED, too, before it says COMPLIANT.

Wrong:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions:
  - status: INCOMPLIANT
    currentStateMessage: Some file is open.
    remediationMessage: Close the files that are named.
    check: {RELATED_LIST_HAS: {status: INCOMPLIANT, relationshipName: Files__r}}
otherwise: {status: COMPLIANT, currentStateMessage: No file is open.}
relatedLists:
  - relationshipName: Files__r
    conditions:
      - {status: UNDETERMINED, currentStateMessage: open__c is empty., check: {IS_EMPTY: {arg: {FIELD: {path: open__c}}}}}
      - status: COMPLIANT
        currentStateMessage: It is closed.
        check: {IS_EQUAL: {left: {FIELD: {path: open__c}}, right: {TEXT: "no"}}}
    otherwise: {status: INCOMPLIANT, currentStateMessage: open__c is not no., remediationMessage: Close the file.}
```

Right:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
testData: [{file: test-data.json}]
conditions:
  - status: INCOMPLIANT
    currentStateMessage: Some file is open.
    remediationMessage: Close the files that are named.
    check: {RELATED_LIST_HAS: {status: INCOMPLIANT, relationshipName: Files__r}}
  - status: UNDETERMINED
    currentStateMessage: Of some file it is not known whether it is open.
    check: {RELATED_LIST_HAS: {status: UNDETERMINED, relationshipName: Files__r}}
otherwise: {status: COMPLIANT, currentStateMessage: No file is open.}
relatedLists:
  - relationshipName: Files__r
    conditions:
      - {status: UNDETERMINED, currentStateMessage: open__c is empty., check: {IS_EMPTY: {arg: {FIELD: {path: open__c}}}}}
      - status: COMPLIANT
        currentStateMessage: It is closed.
        check: {IS_EQUAL: {left: {FIELD: {path: open__c}}, right: {TEXT: "no"}}}
    otherwise: {status: INCOMPLIANT, currentStateMessage: open__c is not no., remediationMessage: Close the file.}
```
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from perpend.analyze.verdicts import checks_of
from perpend.diagnostics.model import Diagnostic, Rule, Severity
from perpend.ir.status import Status
from perpend.lint.survey import blocks_of, written_here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.ir.program import Block, Expr
    from perpend.lint.survey import Survey

RULE = Rule("A315", "unguarded-list", Severity.WARNING, __doc__ or "")


def find(survey: Survey) -> Iterator[Diagnostic]:
    """Yield the lists whose faults count and whose unknown objects do not."""
    for logic, analyzed in survey.policies:
        for written, block in blocks_of(logic, analyzed):
            places = {item.relationship.value: item.relationship.span for item in written.related if item.relationship}
            for name in filter(partial(_is_unguarded, block), block.related):
                message = f"objects of `{name}` can be UNDETERMINED, and nothing asks for that: they pass"
                yield RULE.at(places[name], message, help="ask for UNDETERMINED before the policy says COMPLIANT")


def _is_unguarded(block: Block, relationship: str) -> bool:
    asked = _asked(block, relationship)
    asks_for_faults = Status.INCOMPLIANT in asked and Status.UNDETERMINED not in asked
    return asks_for_faults and _passes(block, relationship) and _is_open(block.related[relationship])


def _asked(block: Block, relationship: str) -> set[Status]:
    return {
        Status(expression.constant("status"))
        for condition in block.conditions
        for expression in written_here(condition.expression)
        if expression.operation.family == "Related lists" and expression.constant("relationshipName") == relationship
    }


def _passes(block: Block, relationship: str) -> bool:
    """Whether an object is COMPLIANT whose list holds UNDETERMINED objects only, where no other condition holds."""
    for condition in block.conditions:
        if _holds(condition.expression, relationship) is True:
            return condition.outcome.status is Status.COMPLIANT
    return block.otherwise.status is Status.COMPLIANT


def _holds(expression: Expr, relationship: str) -> bool | None:
    """Return what a condition says where no object of a list has a status that is asked for, None where that is open."""
    name, parts = expression.operation.name, expression.operands
    if name == "NOT":
        inner = _holds(parts[0], relationship)
        return None if inner is None else not inner
    if name in ("AND", "OR"):
        said = [_holds(part, relationship) for part in parts]
        decisive = name == "OR"
        return decisive if decisive in said else None if None in said else not decisive
    if name in ("RELATED_LIST_HAS", "RELATED_LIST_HAS_NO") and expression.constant("relationshipName") == relationship:
        return name == "RELATED_LIST_HAS_NO"
    return None


def _is_open(block: Block) -> bool:
    """Whether objects can be UNDETERMINED by a condition, a check or ``otherwise``."""
    return block.otherwise.status is Status.UNDETERMINED or any(
        condition.outcome.status is Status.UNDETERMINED or any(True for _ in checks_of(condition.expression))
        for condition in block.conditions
    )
