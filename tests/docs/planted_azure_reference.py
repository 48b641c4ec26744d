"""``python -m tests.docs.planted_azure_reference PATH``: writes the page of what became of faults that were planted on Azure's double."""

from __future__ import annotations

import json
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.servers.azure.planted import RESULTS, UNKNOWN, UNSEEN
from tests.servers.azure.rounds import DECIDED, LIBRARY, UNHELD

HEAD = """# Planted faults of Azure

<!-- Written by `make reference` from `tests/servers/azure/results.json`; `python -m tests.servers.azure.planted --write` renews that. -->

Each Azure policy of the library is tested on subscriptions that are collected from a test server, which answers as Resource Manager does.
It is no real tenant. The steps:

1. A *fault* for each policy is planted, from the policy's own test data. One collection and one check find all of them INCOMPLIANT.
2. Each call is *refused* in turn, in a fresh store. The verdict is then UNDETERMINED and names the permission; or the object is not listed,
   and the store records why.
3. The whole is collected with smaller *roles*. No verdict becomes another one; it can become UNDETERMINED, or its object is not seen.
4. The faults are fixed. A collection into the first store finds all COMPLIANT.

This command runs the steps and prints each deviation; there is none:

```sh
python -m tests.servers.azure.planted
```
"""

ROLES = """
## Roles, counted

Verdicts with Reader on less than all, before and after the fixes.

| state | role on | COMPLIANT | INCOMPLIANT | INAPPLICABLE | UNDETERMINED |
| --- | --- | ---: | ---: | ---: | ---: |
"""
STATUSES = ("COMPLIANT", "INCOMPLIANT", "INAPPLICABLE", "UNDETERMINED")

NOT_CHANGED = """
## Calls that cannot change a fault

| policy | call | why |
| --- | --- | --- |
"""

NOT_HELD = """
## Faults that the server cannot have

| policy | why |
| --- | --- |
"""


def page() -> str:
    """Return the whole page."""
    results = json.loads(RESULTS.read_text("utf-8"))
    policies = results["policies"]
    parts = [
        HEAD,
        f"\n{len(policies)} policies are tested so, {len(UNHELD)} [cannot be](#faults-that-the-server-cannot-have).\n",
    ]
    for service, names in groupby(sorted(policies), lambda name: name.removeprefix(LIBRARY).partition("/")[0]):
        parts.append(f"\n## {service}\n\n| policy | planted | fixed | refused |\n| --- | --- | --- | --- |\n")
        parts += [row(name.removeprefix(LIBRARY), policies[name]) for name in names]
    parts.append(ROLES)
    for state, roles in results["roles"].items():
        parts += [
            f"| {state} | {role} | {' | '.join(str(of.get(one, 0)) for one in STATUSES)} |\n" for role, of in roles.items()
        ]
    parts.append(NOT_CHANGED)
    parts += [f"| `{name.removeprefix(LIBRARY)}` | `{call}` | {why} |\n" for (name, call), why in DECIDED.items()]
    parts.append(NOT_HELD)
    parts += [f"| `{name.removeprefix(LIBRARY)}` | {why} |\n" for name, why in UNHELD.items()]
    return "".join(parts)


def row(name: str, of: dict[str, Any]) -> str:
    """Return the row of a policy: the statuses with and without its fault, and of each call that is refused."""
    refused = []
    for status, word in ((UNKNOWN, UNKNOWN), (UNSEEN, "not there"), ("INCOMPLIANT", "INCOMPLIANT")):
        calls = ", ".join(f"`{call}`" for call, now in sorted(of["refused"].items()) if now == status)
        refused += [f"{word}: {calls}"] if calls else []
    return f"| `{name}` | {of['planted']} | {of['mended']} | {'; '.join(refused)} |\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
