"""``python -m tests.docs.planted_reference PATH``: writes the page of what became of faults that were planted on a server."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.servers.planted.__main__ import RESULTS, SHARES
from tests.servers.planted.faults import LIBRARY
from tests.servers.planted.matrix import KINDS
from tests.servers.planted.tables import FAULTS
from tests.servers.planted.unheld import UNHELD

HEAD = """# Faults planted, mended, and not seen

<!-- Written by `make reference` from `tests/servers/planted/results.json`; `python -m tests.servers.planted --write` renews that. -->

Each policy of the library is judged on an account that was collected from a server, moto. A *fault* for each is planted there, all
in one account; one collection and one check find them all INCOMPLIANT. They are mended (or a thing without the fault is made in the
place), collected into the same store, and found COMPLIANT. Then every operation that the collector asks is *denied* in turn: the
verdict on the planted thing is then UNDETERMINED, and names the operation or its permission, or the thing is not listed at all, which
is what `collect` ends with 3 for and the store says. It never becomes anything else. The command that does all this, and prints what
is not so, here nothing:

```sh
python -m tests.servers.planted
```

*Later*: the fault is that time passes; the thing is judged as of a hundred days later. *With help*: moto leaves this out, and the
proxy before it puts it into the answer.
"""

FAILING = """
## Ways to fail

Operations that no policy reads together fail in one collection, so that each change has one cause. *Not known*: verdicts that became
UNDETERMINED; *not there*: verdicts on things that were not listed; *other*: verdicts that became anything else, or say nothing of
why. `denied later`: denied where the store holds what was seen before. `repeat`: each page has the token of the one before.

| how | operations | not known | not there | other |
| --- | ---: | ---: | ---: | ---: |
"""

THROTTLED = """
## Throttling

| share of calls that is throttled | verdicts that differ |
| ---: | ---: |
"""

NOT_HELD = """
## What the server cannot hold

Tried all the same: once something comes of it, the run says so.

| policy | why |
| --- | --- |
"""


def page(results: dict[str, Any] | None = None) -> str:
    """Return the whole page."""
    found = results or json.loads(RESULTS.read_text("utf-8"))
    parts = [HEAD]
    policies = sorted(FAULTS)
    parts.append(f"\n{len(policies)} policies are judged so, {len(UNHELD)} [cannot be](#what-the-server-cannot-hold).\n")
    for service, names in groupby(policies, lambda name: name.removeprefix(LIBRARY).partition("/")[0]):
        parts.append(f"\n## {service}\n\n| policy | planted | mended | denied | |\n| --- | --- | --- | --- | --- |\n")
        parts += [_row(name, found) for name in names]
    parts.append(FAILING)
    parts += [_failing(kind, found["failing"][kind]) for kind in KINDS]
    parts.append(THROTTLED)
    parts += [f"| {share:.0%} | {len(found['throttled'][str(share)])} |\n" for share in SHARES]
    parts.append(NOT_HELD)
    parts += [f"| `{one.fault.policy}` | {one.why} |\n" for one in UNHELD]
    return "".join(parts)


def _row(name: str, found: dict[str, Any]) -> str:
    fault, one = FAULTS[name], found["policies"][name]
    later = ["later"] if fault.aged else []
    helped = [f"with help: {fault.helped}"] if fault.helped else []
    denied = "; ".join(_denied(name, found["failing"]["denied"]))
    policy = fault.policy.partition("/")[2]
    return f"| `{policy}` | {one['planted']} | {one['mended']} | {denied} | {'; '.join(later + helped)} |\n"


def _denied(name: str, effects: dict[str, Any]) -> Iterator[str]:
    for word, what in (("unknown", "UNDETERMINED"), ("unseen", "not there")):
        names = [operation.partition(" ")[0] for operation, one in effects.items() if name in one[word]]
        if names:
            yield f"{what}: {', '.join(dict.fromkeys(names))}"


def _failing(kind: str, effects: dict[str, Any]) -> str:
    sums = [sum(one[word] for one in effects.values()) for word in ("verdicts", "objects")]
    wrong = sum(len(one["wrong"]) for one in effects.values())
    return f"| {kind} | {len(effects)} | {sums[0]} | {sums[1]} | {wrong} |\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
