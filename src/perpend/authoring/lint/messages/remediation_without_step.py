"""A remediation names no step: it only says that the fault is to be fixed, or where to read on.

It does not help the reader. A remediation should say what to change and where, or give the command. The rule reports
remediations that have only words such as "fix the issue", "follow best practices" or "see the documentation", those of
the object's type, or the address of a page.

Wrong:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions: []
otherwise:
  status: INCOMPLIANT
  currentStateMessage: Anybody may list it.
  remediationMessage: Please fix this issue.
```

Right:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions: []
otherwise:
  status: INCOMPLIANT
  currentStateMessage: Anybody may list it.
  remediationMessage: Turn on Block public access in the bucket's settings.
```
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from perpend.authoring.lint.messages.outcomes import outcomes_of, things_of, words_of
from perpend.core.diagnostics.model import Diagnostic, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.authoring.lint.context import LintContext

RULE = Rule("A314", "remediation-without-step", Severity.WARNING, __doc__ or "")

_NO_STEP: Final = (
    "a accordance according address administrator an and appropriate appropriately are as aws be best by change check "
    "comply compliance compliant configuration consider contact correct correctly description details docs document "
    "documentation ensure finding fix fixed fixing fault follow following for guidance guide guidelines in investigate is "
    "issue issues it make manual misconfiguration more must n need needs none object of on or please policy possible "
    "practice practices problem problems properly read recommendation recommendations recommended refer remediate "
    "remediated remediation repair requirement requirements resolve resolved resource review secure securely security see "
    "settings should so solve soon standard standards step steps support tbd team that the this to todo verify violation "
    "with your"
)
_NO_STEPS: Final = frozenset(_NO_STEP.split())
_ADDRESS: Final = re.compile(r"https?://\S+")


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the remediations that name no step."""
    for logic, _ in lint_context.policies:
        things = things_of(logic)
        for outcome in outcomes_of(logic.block):
            remediation = outcome.remediation
            if remediation is None or not remediation.value.strip():
                continue
            words = frozenset(words_of(_ADDRESS.sub(" ", remediation.value)))
            if words <= _NO_STEPS | things:
                yield RULE.at(remediation.span, "the remediation names no step: say what to change, and where")
