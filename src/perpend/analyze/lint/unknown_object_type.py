"""A policy judges an object type that nothing else knows, under a name that is nearly a known one.

No object will ever be of a misspelt type: the policy judges nothing, its tests pass, and nobody notices. Known are the types
that a `type.yaml`, a directory of extracts or a catalogue (`types/types.json`) names, here or in Perpend's library, and those
that at least two policies judge.

Wrong:

```yaml
# types/CA10__CaAwsBucket__c/type.yaml
label: Bucket
```

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: CA10__CaAwsBuket__c
conditions: []
otherwise: {status: COMPLIANT, currentStateMessage: The bucket is private.}
```

Right:

```yaml
# types/CA10__CaAwsBucket__c/type.yaml
label: Bucket
```

```yaml
# ce/acme/bucket/prod.logic.yaml
inputType: CA10__CaAwsBucket__c
conditions: []
otherwise: {status: COMPLIANT, currentStateMessage: The bucket is private.}
```
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from perpend.analyze.lint.survey import is_unit_test
from perpend.diagnostics.model import Diagnostic, Rule, Severity, suggestion
from perpend.load.words import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perpend.analyze.lint.survey import Survey
    from perpend.load.documents import Logic
    from perpend.load.repository import Repository

RULE = Rule("A312", "unknown-object-type", Severity.WARNING, __doc__ or "")

_WRONG: Final = 2
"""How many characters of a misspelt name are wrong at most: names of types that exist are often nearer than words are."""


def find(survey: Survey) -> Iterator[Diagnostic]:
    """Yield the input types that nothing else knows, where a known one is near."""
    used = types_judged(survey.repository)
    for logic, _ in survey.policies:
        found = misspelt_type(survey.repository, logic, used)
        if found is not None:
            yield found


def misspelt_type(repository: Repository, logic: Logic, used: Mapping[str, int]) -> Diagnostic | None:
    """Return what is to be said of a logic file's input type, None where it is known or near nothing."""
    name = logic.input_type.value
    if used.get(name, 0) > 1 or name in repository.known_types:
        return None
    others = repository.known_types | {other for other, number in used.items() if number > 1}
    near = suggestion(name[:100], others, cutoff=max(0.6, 1 - _WRONG / len(name)))
    if near is None:
        return None
    return RULE.at(logic.input_type.span, f"nothing else knows the object type `{shorten(name)}`", help=near)


def types_judged(repository: Repository) -> Mapping[str, int]:
    """Return how many directories of policies judge each type."""
    logics = [logic for entity in repository.logic_ids if (logic := repository.logic(entity).value) is not None]
    judged = {(logic.policy_id, logic.input_type.value) for logic in logics if not is_unit_test(logic)}
    return Counter(type_name for _, type_name in judged)
