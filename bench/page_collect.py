"""What collecting was measured to take in, sections of the performance page out: an account, an organization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bench.collect import BARE, CALLS, OURS, RATIO, THEIRS, ratios

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.results import Results

COMMANDS: Final = """\
PATH=$PATH:WHERE_C7N_IS python -m bench collect --users 1000,5000,10000 --rounds 3 --json bench/results.json
python -m tests.servers.long --accounts 200 --users 1000 --kills 30 --json bench/results.json"""

_ACCOUNT: Final = """\
## Collecting an account

A server on loopback (moto) is asked which users have two active keys, round by round: by `{ours}` for one policy, by
`{theirs}` with its filter of credentials, and by a bare script that makes our calls with boto3 and counts with `csv`, without
policy, store and report. Times are of processors, in seconds, medians over the rounds: by the clock it hangs on what else the
machine does.
"""

_GOAL: Final = """\
Asked were at most {calls} calls, and {goal} times less time than `{theirs}`. Most of ours goes before anything is asked:
Python, the SDK, DuckDB and Perpend are loaded. The other one makes a call more for each user: the more of them, the higher the
ratio.
{least}
"""

_LEAST: Final = """\
For {users:,} users the bare script takes {ratio:.1f} times less, the server's time counted: there it hangs on what any
tool loads before its first call.
"""

_ORGANIZATION: Final = """\
## Collecting an organization

An organization on a server of ours on loopback, collected for four policies, once undisturbed, and once killed at random points
and gone on with by `--resume`:
"""

_END: Final = """\
The peak is that of the end, where rows become tables; what the SDK has loaded stands beside them. It grows little with rows.
"""


def sections(results: Results) -> Iterator[str]:
    """Yield the parts of the sections, none of what was not measured."""
    records = results.content["collect"]
    if records:
        yield _ACCOUNT.format(ours=OURS, theirs=THEIRS)
        yield "\n".join(_of_account(records))
        yield _GOAL.format(calls=CALLS, goal=RATIO, theirs=THEIRS, least=_least(records[0]))
    for record in results.content["organization"]:
        yield _ORGANIZATION
        yield "\n".join(_of_organization(record))
        yield _END


def _of_account(records: list[Mapping[str, Any]]) -> Iterator[str]:
    yield f"| users | | {OURS} | {BARE} | {THEIRS} | ratio |"
    yield "| ---: | --- | ---: | ---: | ---: | ---: |"
    for record in records:
        found = record["candidates"]
        own, both, calls = (f"{one:.1f}" if one < 100 else f"{one:,.0f}" for one in ratios(found)) if THEIRS in found else "–––"
        figures = {name: _figures(found[name]) for name in (OURS, BARE, THEIRS) if name in found}
        for number, (what, ratio) in enumerate((("calls", calls), ("time of its own", own), ("with the server's", both))):
            shown = " | ".join(figures[name][number] if name in figures else "–" for name in (OURS, BARE, THEIRS))
            users = "" if number else f"{record['users']:,}"
            yield f"| {users} | {what} | {shown} | {ratio} |"
    yield ""
    yield "\n".join(f"`{record['command']}`  " for record in records).rstrip()
    yield ""


def _least(record: Mapping[str, Any]) -> str:
    """Return what the bare script takes of the smallest account, nothing where there is nothing to compare it with."""
    found = record["candidates"]
    if THEIRS not in found:
        return ""
    return _LEAST.format(users=record["users"], ratio=ratios({OURS: found[BARE], THEIRS: found[THEIRS]})[1])


def _figures(one: Mapping[str, Any]) -> tuple[str, str, str]:
    return f"{one['calls']:,}", f"{one['processor']:.2f}", f"{one['processor'] + one['server']:.2f}"


def _of_organization(record: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"`{record['command']}`", "", "| | |", "| --- | ---: |")
    shown = {
        "accounts": record["accounts"],
        "users of each": record["users"],
        "rows": sum(record["rows"].values()),
        "calls that were answered": record["calls"],
        "seconds of processors, undisturbed": record["seconds"],
        "peak, MB": record["memory"],
        "kills": record["kills"],
        "listings that were asked again after a kill although they were done": record["twice"],
        "tables and claims that differ after the kills": 0 if record["same"] else "some",
    }
    yield from (f"| {what} | {number:,} |" if number != "some" else f"| {what} | some |" for what, number in shown.items())
    yield ""
