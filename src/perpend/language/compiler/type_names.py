"""A policy's input type is unknown, and its name is nearly that of a known type, or a former name of one.

No object has a misspelt type: the policy evaluates nothing, its tests pass, and nobody notices. A type is known if a
`type.yaml`, a directory of extracts or a catalogue (`types/types.json`) names it, here or in Perpend's library, or if it is
the input type of at least two policies. A former name of a type still works; reports use its current name.

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

import re
from collections import Counter
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from perpend.core.diagnostics.model import Diagnostic, Rule, Severity, suggestion
from perpend.core.diagnostics.phrases import shorten
from perpend.language.compiler.names import find_types
from perpend.language.compiler.rules import LABEL_AS_TYPE
from perpend.language.syntax.documents import is_unit_test

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from perpend.language.syntax.documents import Logic
    from perpend.language.syntax.read import Placed
    from perpend.language.syntax.repository import Repository

RULE = Rule("A312", "unknown-object-type", Severity.WARNING, __doc__ or "")

_WRONG: Final = 2
"""The most wrong characters in a misspelt name. Names of types are often nearer to each other than other words are."""


_SHORT: Final = 3
_WORD: Final = re.compile(r"[A-Z]+[a-z]*|[a-z]+|\d+")


def misspelt_types(repository: Repository, logic_ids: Iterable[str]) -> dict[str, Diagnostic]:
    """Return by logic id a diagnostic for each unknown input type that is near a known one, or the label of one."""
    known = {*repository.known_types, None}
    unknown = [entity for entity in logic_ids if repository.input_type(entity) not in known]
    doubtful = [logic for entity in unknown if (logic := repository.logic(entity).value) is not None]
    used = _policies_by_type(repository) if doubtful else {}
    misspelt = {
        logic.id: next(label_as_type(repository, logic.input_type), None) or _misspelt(repository, logic, used)
        for logic in doubtful
    }
    return {logic_id: problem for logic_id, problem in misspelt.items() if problem is not None}


def label_as_type(repository: Repository, written: Placed) -> Iterator[Diagnostic]:
    """Yield the problem of an input type that is a label. No API name holds white space, and nearly every label does."""
    if len(written.value.split()) > 1 and written.value not in repository.known_types:
        named = " or ".join(f"`{one.name}`" for one in find_types(written.value, repository))
        message = f"`{shorten(written.value)}` is the label of an object type, not its API name"
        if named:
            yield LABEL_AS_TYPE.at(written.span, message, help=f"write {named}")


def _misspelt(repository: Repository, logic: Logic, used: Mapping[str, int]) -> Diagnostic | None:
    name = logic.input_type.value
    if used.get(name, 0) > 1:
        return None
    others = repository.known_types | {other for other, number in used.items() if number > 1}
    if not repository.lists_all_types:
        others = frozenset(other for other in others if not may_be_both(name, other))
    near = suggestion(name[:100], others, cutoff=max(0.6, 1 - _WRONG / len(name)))
    if near is None:
        return None
    return RULE.at(logic.input_type.span, f"unknown object type `{shorten(name)}`", help=near)


def may_be_both(name: str, other: str) -> bool:
    """Whether both names may well exist: the names differ in one short word (Vpc, Vpn; keyId, keyArn)."""
    words = zip_longest(_WORD.findall(name), _WORD.findall(other), fillvalue="")
    differing = [pair for pair in words if pair[0] != pair[1]]
    return len(differing) == 1 and max(map(len, differing[0])) <= _SHORT


def _policies_by_type(repository: Repository) -> Mapping[str, int]:
    """Return the number of policy directories for each input type."""
    logics = [logic for entity in repository.logic_ids if (logic := repository.logic(entity).value) is not None]
    used = {(logic.policy_id, logic.input_type.value) for logic in logics if not is_unit_test(logic)}
    return Counter(type_name for _, type_name in used)
