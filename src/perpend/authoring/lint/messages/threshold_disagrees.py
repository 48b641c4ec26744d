"""A message, or the policy's name, has another number of days, hours, bits or characters than the logic compares with.

The limit was changed in only one of the two places. The rule reports a number only if the logic has limits and none of
them is equal or next to it ("more than 90 days" fits `offsetDays: 90` and 89). Weeks, hours, minutes and seconds in the
text may be days or durations in the logic. Names count for production logic.

Wrong:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions:
  - status: INCOMPLIANT
    currentStateMessage: The key is older than 30 days.
    remediationMessage: Rotate the key in its settings.
    check:
      IS_BEYOND_LAST_DAYS:
        arg: {FIELD: {path: rotated__c, undeterminedIf: {isEmpty: It is not known when the key was rotated.}}}
        offsetDays: 90
otherwise: {status: COMPLIANT, currentStateMessage: The key is young enough.}
```

Right:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
testData: [{file: test-data.json}]
conditions:
  - status: INCOMPLIANT
    currentStateMessage: The key is older than 90 days.
    remediationMessage: Rotate the key in its settings.
    check:
      IS_BEYOND_LAST_DAYS:
        arg: {FIELD: {path: rotated__c, undeterminedIf: {isEmpty: It is not known when the key was rotated.}}}
        offsetDays: 90
otherwise: {status: COMPLIANT, currentStateMessage: The key is young enough.}
```
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from perpend.authoring.lint.context import blocks_of
from perpend.authoring.lint.messages.outcomes import outcomes_of
from perpend.core.diagnostics.model import Diagnostic, Rule, Severity
from perpend.core.objects.ids import is_production
from perpend.core.values.values import DAY, duration_from_iso

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.authoring.lint.context import LintContext
    from perpend.language.program.program import Block, Expr

RULE = Rule("A317", "threshold-disagrees", Severity.WARNING, __doc__ or "")

_UNITS: Final = {"week": 7 * DAY, "day": DAY, "hour": DAY // 24, "minute": DAY // 24 // 60, "second": DAY // 24 // 3600}
_LIMIT: Final = re.compile(
    rf"(?<![\w.,:/-])(\d{{1,6}})(?:[ -]({'|'.join(_UNITS)}|bit|character|password|node)s?\b| ?(%|percent\b))",
    re.ASCII | re.IGNORECASE,
)
_ALWAYS: Final = {(24, "hour"), (60, "minute"), (60, "second"), (100, "%"), (100, "percent")}


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the messages and names with a number that is no limit of the logic."""
    for logic, analyzed in lint_context.policies:
        limits = {limit for _, block in blocks_of(logic, analyzed) for limit in _limits(block)}
        if not limits:
            continue
        texts = [placed for one in outcomes_of(logic.block) for placed in (one.message, one.remediation) if placed is not None]
        known = ", ".join(f"{limit:g}" for limit in sorted(limits)[:5])
        for placed in texts:
            if other := _other_number(placed.value, limits):
                yield RULE.at(placed.span, f"the text names {other}, but the logic compares with {known}")
        policy = lint_context.repository.policy(logic.policy_id).value if is_production(logic.id) else None
        if policy and (other := _other_number(policy.names.full, limits) or _other_number(policy.names.contextual, limits)):
            yield RULE.at(logic.input_type.span, f"the policy's name has {other}, but the logic compares with {known}")


def _other_number(text: str, limits: set[float]) -> str | None:
    near = {limit + shift for limit in limits for shift in (-1, 0, 1)}
    for limit in _LIMIT.finditer(text):
        number, unit = int(limit[1]), (limit[2] or limit[3]).lower()
        days = number * _UNITS[unit] / DAY if unit in _UNITS else number
        if number > 1 and (number, unit) not in _ALWAYS and not {number, days} & near:
            return limit[0]
    return None


def _limits(block: Block) -> Iterator[float]:
    pending: list[Expr] = [condition.expression for condition in block.conditions]
    seen: set[int] = set()
    while pending:
        expression = pending.pop()
        if id(expression) not in seen:
            seen.add(id(expression))
            pending += expression.operands
            yield from _limits_of(expression)


def _limits_of(expression: Expr) -> Iterator[float]:
    name = expression.operation.name
    if name == "NUMBER":
        yield expression.constant("value")
    elif expression.operation.parameter("offsetDays"):
        yield expression.constant("offsetDays") or 0
    elif name == "DURATION":
        length = duration_from_iso(expression.constant("value")) or 0
        yield from (length / unit for unit in _UNITS.values())
