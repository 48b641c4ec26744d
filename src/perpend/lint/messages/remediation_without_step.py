"""A remediation names no step: it says that the fault is to be mended, or where to read on.

Whoever has to act is as wise as before. A remediation should say what to change, where, or the command that does it. The
rule speaks up only where all its words are such as "fix the issue" or "see the documentation".

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

from typing import TYPE_CHECKING, Final

from perpend.diagnostics.model import Diagnostic, Rule, Severity
from perpend.lint.messages.outcomes import outcomes_of, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.lint.survey import Survey

RULE = Rule("A314", "remediation-without-step", Severity.WARNING, __doc__ or "")

_NO_STEP: Final = frozenset(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "it",
        "is",
        "are",
        "be",
        "to",
        "of",
        "for",
        "and",
        "or",
        "in",
        "on",
        "with",
        "your",
        "please",
        "must",
        "should",
        "need",
        "needs",
        "todo",
        "tbd",
        "none",
        "n",
        "a",
        "fix",
        "fixed",
        "fixing",
        "correct",
        "resolve",
        "resolved",
        "solve",
        "address",
        "remediate",
        "remediation",
        "remediated",
        "repair",
        "issue",
        "issues",
        "problem",
        "problems",
        "fault",
        "finding",
        "violation",
        "misconfiguration",
        "policy",
        "compliant",
        "compliance",
        "comply",
        "see",
        "read",
        "refer",
        "documentation",
        "docs",
        "document",
        "manual",
        "guide",
        "description",
        "details",
        "more",
        "contact",
        "administrator",
        "support",
        "team",
        "object",
        "resource",
        "make",
        "ensure",
    ]
)


def find(survey: Survey) -> Iterator[Diagnostic]:
    """Yield the remediations all of whose words say nothing of what to do."""
    for logic, _ in survey.policies:
        for outcome in outcomes_of(logic.block):
            remediation = outcome.remediation
            if remediation is None or not remediation.value.strip():
                continue
            words = frozenset(words_of(remediation.value))
            if words <= _NO_STEP:
                yield RULE.at(remediation.span, "the remediation names no step: what is to be changed, and where?")
