"""The message of a fault does not say what was found: it repeats the policy's name, or says that something is wrong.

Whoever reads it learns what the heading says already. A message should name the field or value that makes the object
incompliant. The rule speaks up only where the message has the words of the policy's name and no others, or no words but
such as "not compliant".

Wrong:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions: []
otherwise:
  status: INCOMPLIANT
  currentStateMessage: The bucket is not compliant.
  remediationMessage: Turn on Block public access in the bucket's settings.
```

Right:

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: Bucket
conditions: []
otherwise:
  status: INCOMPLIANT
  currentStateMessage: Anybody may list the bucket, for its policy names the principal "*".
  remediationMessage: Turn on Block public access in the bucket's settings.
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perpend.diagnostics.model import Diagnostic, Rule, Severity
from perpend.ir.status import Status
from perpend.lint.messages.outcomes import outcomes_of, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.lint.survey import Survey

RULE = Rule("A313", "fault-without-finding", Severity.WARNING, __doc__ or "")

_FILLING: Final = frozenset(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "it",
        "is",
        "are",
        "was",
        "has",
        "have",
        "been",
        "be",
        "does",
        "do",
        "and",
        "or",
        "of",
        "for",
        "with",
        "to",
        "by",
    ]
)
_EMPTY: Final = frozenset(
    [
        "not",
        "non",
        "compliant",
        "incompliant",
        "non-compliant",
        "noncompliant",
        "compliance",
        "comply",
        "violates",
        "violated",
        "violation",
        "fails",
        "failed",
        "failure",
        "check",
        "policy",
        "rule",
        "requirement",
        "wrong",
        "bad",
        "error",
        "problem",
        "issue",
        "finding",
        "found",
        "status",
        "state",
        "misconfigured",
    ]
)


def find(survey: Survey) -> Iterator[Diagnostic]:
    """Yield the messages of faults that say nothing of the object."""
    for logic, _ in survey.policies:
        policy = survey.repository.policy(logic.policy_id).value
        names = {_said(policy.names.full), _said(policy.names.contextual)} if policy else set()
        things = frozenset(words_of(logic.written_type or logic.input_type.value)) | {"object", "resource"}
        for outcome in outcomes_of(logic.block):
            said = _said(outcome.message.value)
            if outcome.status is not Status.INCOMPLIANT or not said:
                continue
            if said in names and not any(char.isdigit() for word in said for char in word):
                yield RULE.at(outcome.message.span, "the message repeats the policy's name and does not say what was found")
            elif said <= _EMPTY | things and said & _EMPTY:
                yield RULE.at(outcome.message.span, "the message says that something is wrong, and not what was found")


def _said(text: str) -> frozenset[str]:
    return frozenset(words_of(text)) - _FILLING
