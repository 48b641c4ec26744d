"""What collecting was measured to take in, sections of the performance page out: an account, an organization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bench.collect import BARE, CALLS, OURS, RATIO, THEIRS, Times, ratios

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.results import Results

COMMANDS: Final = "python -m bench collect --users 1000 --delays 0,20,50,100 --rounds 2 --json bench/results.json"

_ACCOUNT: Final = """\
## Collecting an account

A server on loopback (moto, behind the proxy of our tests) is asked which users have two active keys, round by round: by
`{ours}` for one policy, by `{theirs}` with its filter of credentials, and by a bare script that makes our calls with
boto3 and counts with `csv`, without policy, store and report. The proxy counts the calls, and lets each wait for some
milliseconds before it passes it on, none for another one. Times are seconds, all of one run, medians over the rounds: those of
processors, with those of moto's, and with the waits (calls that wait beside each other count once). By the clock, the fastest
round: that hangs on what else the machine does.
"""

_GOAL: Final = """\
Asked were at most {calls} calls, and {goal} times less time than `{theirs}`. How long AWS takes hangs on where one sits, and
is assumed here; debug logs that users of Terraform's provider published say 226 ms of a `DescribeDBInstances`
([#33404](https://github.com/hashicorp/terraform-provider-aws/issues/33404)) and show 254 ms between a `CreateRole` and its
answer ([#34698](https://github.com/hashicorp/terraform-provider-aws/issues/34698)).
{found}
Most of our time goes before anything is asked: Python, the SDK, DuckDB and Perpend are loaded. The other one makes a call more
for each user: the more of them, the higher the ratio.
"""

_FOUND: Final = """\

For {users:,} users and waits of {delays} ms the ratio, waits counted, is {ratios}; the bare script's is {bare}.
{missed}"""

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
        yield _GOAL.format(calls=CALLS, goal=RATIO, theirs=THEIRS, found="".join(map(_found, records)))
    for record in results.content["organization"]:
        yield _ORGANIZATION
        yield "\n".join(_of_organization(record))
        yield _END


def _of_account(records: list[Mapping[str, Any]]) -> Iterator[str]:
    yield f"| users | a call waits | | {OURS} | {BARE} | {THEIRS} | ratio |"
    yield "| ---: | ---: | --- | ---: | ---: | ---: | ---: |"
    for record in records:
        for delay in record["delays"]:
            yield from _rows(record["users"], delay["delay"], delay["candidates"])
    yield ""
    for record in records:
        before, after = record["load"]
        yield f"`{record['command']}`, on {record['date']}, the machine's load {before} before and {after} after  "
    yield ""


def _rows(users: int, delay: int, found: Mapping[str, Any]) -> Iterator[str]:
    ratio = [f"{one:.1f}" if one < 100 else f"{one:,.0f}" for one in ratios(found)] if THEIRS in found else ["–"] * 5
    figures = {name: _figures(found[name]) for name in (OURS, BARE, THEIRS) if name in found}
    for number, what in enumerate(("processors, its own", "with the server's", "with the waits", "by the clock", "calls")):
        shown = " | ".join(figures[name][number] if name in figures else "–" for name in (OURS, BARE, THEIRS))
        heads = " | ".join(("", "") if number else (f"{users:,}", f"{delay} ms"))
        yield f"| {heads} | {what} | {shown} | {ratio[number]} |"


def _found(record: Mapping[str, Any]) -> str:
    """Return the ratios of an account, nothing where there is nothing to compare with."""
    delays = [one for one in record["delays"] if THEIRS in one["candidates"]]
    if not delays:
        return ""

    def told(base: str) -> str:
        return ", ".join(f"{ratios(one['candidates'], base).whole:.1f}" for one in delays)

    waits = ", ".join(str(one["delay"]) for one in delays)
    short = [f"{one['delay']} ms" for one in delays if ratios(one["candidates"]).whole < RATIO]
    missed = f"The {RATIO} times are missed where a call waits {', '.join(short)}.\n" if short else ""
    return _FOUND.format(users=record["users"], delays=waits, ratios=told(OURS), bare=told(BARE), missed=missed)


def _figures(one: Mapping[str, Any]) -> tuple[str, ...]:
    *times, calls = Times.of(one)
    return (*(f"{time:.2f}" for time in times), f"{calls:,}")


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
