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
from tests.servers.planted.matrix import ALIKE, JUDGED
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
## Denials, counted

Operations that no policy reads together are denied in one collection, so that each change has one cause. *Not known*: verdicts that
became UNDETERMINED; *not there*: verdicts on things that were not listed; *other*: verdicts that became anything else, or say nothing
of why. `denied later`: denied where the store holds what was seen before.

| how | operations | not known | not there | other |
| --- | ---: | ---: | ---: | ---: |
"""

HOW_ELSE = """
## Other ways to fail

The same operations fail in other ways, and what is collected is compared with what is collected where they are denied. *Known all the
same*: a value, an object or a claim that is there and is not where they are denied, or something that nobody is told. `html`: a page
of HTML as if all were well; `text`, `message`, `no members`, `no bytes`: so a denial as text, a message in JSON, `{}`, and nothing
at all, of which `{}` is an empty list of queues; `half`: an answer that ends too early; `reset`: a connection that ends; `hang`: no
answer; `repeat`: each page of a list has the token of the one before; what stands on the first is known, and the list is not
complete.

| how | operations | known all the same |
| --- | ---: | ---: |
"""

THROTTLED = """
## Throttling

| share of calls that is throttled | verdicts that differ |
| ---: | ---: |
"""

TYPES = """
## All types

All fields of all types of [the table](aws.md), collected from the account before and after all was mended. What no object has there, moto leaves
out, or nothing in the account has. That values are right is what the verdicts show, and tests that compare them with what was made.

| type | objects | fields that no object has |
| --- | ---: | --- |
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
    parts += [_failing(kind, found["failing"][kind]) for kind in JUDGED]
    parts.append(HOW_ELSE)
    parts += [_alike(kind, found["alike"][kind]) for kind in ALIKE]
    parts.append(THROTTLED)
    parts += [f"| {share:.0%} | {len(found['throttled'][str(share)])} |\n" for share in SHARES]
    parts.append(TYPES)
    parts += _types(found["types"])
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


def _alike(kind: str, part: dict[str, list[str]]) -> str:
    operations = sum(len(names.split(", ")) for names in part)
    return f"| {kind} | {operations} | {sum(map(len, part.values()))} |\n"


def _types(types: dict[str, Any]) -> Iterator[str]:
    for name, one in types.items():
        never = ", ".join(f"`{field}`" for field in one["never"])
        yield f"| `{name}` | {one['rows']} | {never} |\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
