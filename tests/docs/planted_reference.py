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

HEAD = """# Planted faults

<!-- Written by `make reference` from `tests/servers/planted/results.json`; `python -m tests.servers.planted --write` renews that. -->

Each policy of the library is tested on an account that is collected from moto, a test server. The steps:

1. A *fault* for each policy is planted in the account. One collection and one check find all of them INCOMPLIANT.
2. The faults are fixed, or an object without the fault is created instead. A collection into the same store finds all COMPLIANT.
3. Every operation of the collector is *denied* in turn. The verdict is then UNDETERMINED and names the operation or its permission; or the
   object is not listed, `collect` exits with 3, and the store records it. No other result occurs.

This command runs the steps and prints each deviation; there is none:

```sh
python -m tests.servers.planted
```

*Later*: time makes the fault; the object is evaluated a hundred days later. *With help*: moto leaves this out, and the test proxy adds it to
the answer.
"""

FAILING = """
## Denials, counted

Operations that no policy reads together are denied in one collection, so that each change has one cause. *Not known*: verdicts that became
UNDETERMINED. *Not there*: verdicts on objects that were not listed. *Other*: any other verdict, or one without a reason. `denied later`: denied
after an earlier collection into the store succeeded.

| how | operations | not known | not there | other |
| --- | ---: | ---: | ---: | ---: |
"""

HOW_ELSE = """
## Other ways to fail

The same operations fail in other ways, and the result is compared with that of a denial. *Known all the same*: a value, an object or a claim
that a denial does not give, or a failure without a report.

- `html`, `text`, `message`, `no members`, `no bytes`: a successful answer that is a page of HTML, a denial as text, a message in JSON, `{}`,
  or empty. `{}` is an empty list of queues.
- `half`: an answer that ends too early. `reset`: a connection that ends. `hang`: no answer.
- `repeat`: each page of a list has the token of the page before. The first page is known, and the list is incomplete.

| how | operations | known all the same |
| --- | ---: | ---: |
"""

THROTTLED = """
## Throttling

| share of throttled calls | verdicts that differ |
| ---: | ---: |
"""

TYPES = """
## All types

All fields of all types of [the AWS page](aws.md), collected from the account before and after the fixes. The table lists fields that no object
has: moto leaves them out, or nothing in the account has them. The verdicts and further tests check the values.

| type | objects | fields that no object has |
| --- | ---: | --- |
"""

NOT_HELD = """
## Faults that the server cannot have

The run tries them and reports if one becomes possible.

| policy | why |
| --- | --- |
"""


def page(results: dict[str, Any] | None = None) -> str:
    """Return the whole page."""
    found = results or json.loads(RESULTS.read_text("utf-8"))
    parts = [HEAD]
    policies = sorted(FAULTS)
    parts.append(f"\n{len(policies)} policies are tested so, {len(UNHELD)} [cannot be](#faults-that-the-server-cannot-have).\n")
    for service, names in groupby(policies, lambda name: name.removeprefix(LIBRARY).partition("/")[0]):
        parts.append(f"\n## {service}\n\n| policy | planted | fixed | denied | |\n| --- | --- | --- | --- | --- |\n")
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
