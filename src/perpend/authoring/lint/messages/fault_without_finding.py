"""The message of a fault does not describe the finding: it repeats the policy's name, or only says that something is wrong.

The reader learns only what the heading says already. A message should name the field or value that makes the object
incompliant. The rule reports messages that have the words of the policy's name and no others, and messages that have
only words such as "not compliant", "not configured correctly" or "violates best practices" and those of the object's
type.

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

from perpend.authoring.lint.messages.outcomes import outcomes_of, things_of, words_of
from perpend.core.diagnostics.model import Diagnostic, Rule, Severity
from perpend.core.objects.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.authoring.lint.context import LintContext

RULE = Rule("A313", "fault-without-finding", Severity.WARNING, __doc__ or "")

_FILLING: Final = "a an and are at be been by do does for has have in is it must of on or see should that the this to was with"
_EMPTY: Final = (
    "bad best check compliance compliant comply configuration configured correct correctly description detected error "
    "fail failed fails failure finding found improper improperly incompliant incorrect incorrectly insecure insufficient "
    "issue meet meets misconfiguration misconfigured non non-compliant noncompliant not policy poor potential practice "
    "practices problem proper properly recommendation recommendations recommended requirement requirements rule secure "
    "securely security standard standards state status unsafe violated violates violation vulnerable wrong"
)
_FILLING_WORDS: Final = frozenset(_FILLING.split())
_EMPTY_WORDS: Final = frozenset(_EMPTY.split())
_STATES: Final = frozenset({"state", "status"})
_FAILED: Final = frozenset({"error", "fail", "failed", "fails", "failure"})


def find(lint_context: LintContext) -> Iterator[Diagnostic]:
    """Yield the messages of faults that do not describe the object."""
    for logic, _ in lint_context.policies:
        policy = lint_context.repository.policy(logic.policy_id).value
        names = {_words_of(policy.names.full), _words_of(policy.names.contextual)} if policy else set()
        things = things_of(logic) | {"object", "resource"}
        for outcome in outcomes_of(logic.block):
            message_words = _words_of(outcome.message.value)
            if outcome.status is not Status.INCOMPLIANT or not message_words:
                continue
            if message_words in names and not any(char.isdigit() for word in message_words for char in word):
                yield RULE.at(outcome.message.span, "the message only repeats the policy's name")
            elif (
                message_words <= _EMPTY_WORDS | things
                and message_words & _EMPTY_WORDS
                and not (message_words & _STATES and message_words & _FAILED)
            ):  # these words name a state
                yield RULE.at(outcome.message.span, "the message does not describe the finding")


def _words_of(text: str) -> frozenset[str]:
    return frozenset(words_of(text)) - _FILLING_WORDS
