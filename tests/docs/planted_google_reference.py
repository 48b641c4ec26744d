"""``python -m tests.docs.planted_google_reference PATH``: writes the page of what became of faults that were planted on Google's double."""

from __future__ import annotations

import json
import sys
from itertools import groupby
from pathlib import Path

from tests.docs.planted_azure_reference import NOT_CHANGED, STATUSES, row
from tests.servers.google.planted import RESULTS
from tests.servers.google.rounds import DECIDED, LIBRARY

HEAD = """# Planted faults of Google Cloud

<!-- Written by `make reference` from `tests/servers/google/results.json`; `python -m tests.servers.google.planted --write` renews that. -->

Each Google Cloud policy of the library is tested on an organization that is collected from a test server, which answers as Cloud Asset
Inventory and a few other APIs do. It is no real organization: what it lists has the members of Google's discovery documents, and what it
leaves out is what the documents say is left out. The steps:

1. A *fault* for each policy is planted, from the policy's own test data, in a project of its own or in the organization. One collection and
   one check find all of them INCOMPLIANT.
2. Each call is *refused* in turn, in a fresh store. The verdict is then UNDETERMINED and names the permission; or the object is not listed,
   and the store records why.
3. Some *projects alone* are collected, without their organization. No verdict that is known becomes another one, and none becomes a pass.
4. The faults are fixed. A collection into the first store finds all COMPLIANT.

This command runs the steps and prints each deviation; there is none:

```sh
python -m tests.servers.google.planted
```
"""

ALONE = """
## Projects alone, counted

Verdicts on some of the projects without their organization, before and after the fixes.

| state | COMPLIANT | INCOMPLIANT | INAPPLICABLE | UNDETERMINED |
| --- | ---: | ---: | ---: | ---: |
"""


def page() -> str:
    """Return the whole page."""
    results = json.loads(RESULTS.read_text("utf-8"))
    policies = results["policies"]
    parts = [HEAD, f"\n{len(policies)} policies are tested so, which are all.\n"]
    for service, names in groupby(sorted(policies), lambda name: name.removeprefix(LIBRARY).partition("/")[0]):
        parts.append(f"\n## {service}\n\n| policy | planted | fixed | refused |\n| --- | --- | --- | --- |\n")
        parts += [row(name.removeprefix(LIBRARY), policies[name]) for name in names]
    parts.append(ALONE)
    parts += [
        f"| {state} | {' | '.join(str(of.get(one, 0)) for one in STATUSES)} |\n"
        for state, of in sorted(results["alone"].items(), reverse=True)
    ]
    parts += [NOT_CHANGED] if DECIDED else []
    parts += [f"| `{name.removeprefix(LIBRARY)}` | `{call}` | {why} |\n" for (name, call), why in DECIDED.items()]
    return "".join(parts)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
