"""A policy checks a list for a status but never for UNDETERMINED: unknown objects of the list pass, or fail.

An UNDETERMINED object of a list counts only for that status. To the owner of the list it is as if it did not exist. So
a policy that looks for faults in a list must check for UNDETERMINED before COMPLIANT. A policy that looks for good
objects must check for it before INCOMPLIANT. (A list that is known to be incomplete needs no such condition: its owner
is UNDETERMINED in any case.)

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

from typing import TYPE_CHECKING

from perpend.authoring.lint.context import blocks_of, written_here
from perpend.core.diagnostics.model import Diagnostic, Rule, Severity
from perpend.core.objects.status import Status
from perpend.language.compiler.verdicts import checks_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.authoring.lint.context import LintContext
    from perpend.language.program.program import Block, Expr
    from perpend.language.syntax.read import Placed

RULE = Rule("A315", "unguarded-list", Severity.WARNING, __doc__ or "")


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the lists whose faults, or whose good objects, count and whose unknown objects do not."""
    for logic, analyzed in lint_context.policies:
        for written, block in blocks_of(logic, analyzed):
            verdicts = (
                (related.relationship, _unguarded(block, related.relationship.value))
                for related in written.related
                if related.relationship
            )
            yield from (_problem(place, verdict) for place, verdict in verdicts if verdict is not None)


def _problem(relationship: Placed, verdict: Status) -> Diagnostic:
    end = "they pass" if verdict is Status.COMPLIANT else "they count as faults"
    message = f"objects of `{relationship.value}` can be UNDETERMINED, but no condition checks for that: {end}"
    return RULE.at(relationship.span, message, help=f"check for UNDETERMINED before the outcome {verdict}")


def _unguarded(block: Block, relationship: str) -> Status | None:
    """Return the result of a list's unknown objects, None if a condition checks for them or they do not matter."""
    checked = _checked_statuses(block, relationship)
    below = block.related[relationship]
    if Status.UNDETERMINED in checked or not _is_open(below):
        return None
    unknown: set[Status] = {Status.UNDETERMINED}
    if Status.INCOMPLIANT in checked:
        lists = [unknown, unknown | {Status.COMPLIANT}] if Status.COMPLIANT in _statuses(below) else [unknown]
        return Status.COMPLIANT if any(_verdict(block, relationship, one) is Status.COMPLIANT for one in lists) else None
    if Status.COMPLIANT in checked and _verdict(block, relationship, {Status.COMPLIANT}) is Status.COMPLIANT:
        return Status.INCOMPLIANT if _verdict(block, relationship, unknown) is Status.INCOMPLIANT else None
    return None


def _checked_statuses(block: Block, relationship: str) -> set[Status]:
    return {
        Status(expression.constant("status"))
        for condition in block.conditions
        for expression in written_here(condition.expression)
        if expression.operation.family == "Related lists" and expression.constant("relationshipName") == relationship
    }


def _verdict(block: Block, relationship: str, statuses: set[Status]) -> Status:
    """Return the result of an object whose list has objects of these statuses, if no undecided condition is true."""
    for condition in block.conditions:
        if _holds(condition.expression, relationship, statuses) is True:
            return condition.outcome.status
    return block.otherwise.status


def _holds(expression: Expr, relationship: str, statuses: set[Status]) -> bool | None:
    """Return the value of a condition for a list with objects of these statuses, None if it is undecided."""
    name, parts = expression.operation.name, expression.operands
    if name == "NOT":
        inner = _holds(parts[0], relationship, statuses)
        return None if inner is None else not inner
    if name in ("AND", "OR"):
        answers = [_holds(part, relationship, statuses) for part in parts]
        decisive = name == "OR"
        return decisive if decisive in answers else None if None in answers else not decisive
    if name in ("RELATED_LIST_HAS", "RELATED_LIST_HAS_NO") and expression.constant("relationshipName") == relationship:
        return (Status(expression.constant("status")) in statuses) is (name == "RELATED_LIST_HAS")
    return None


def _statuses(block: Block) -> set[Status]:
    return {block.otherwise.status, *(condition.outcome.status for condition in block.conditions)}


def _is_open(block: Block) -> bool:
    """Whether objects can be UNDETERMINED by a condition, a check or ``otherwise``."""
    checks = (check for condition in block.conditions for check in checks_of(condition.expression))
    return Status.UNDETERMINED in _statuses(block) or any(True for _ in checks)
