"""Results in, the bounds that Perpend set itself with the figures that answer them out; a figure not measured is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.results import Measured, Results

_LARGE, _HUGE, _SMALL = 1_000_000, 5_000_000, 100_000


@dataclass(frozen=True, slots=True)
class Bound:
    """One bound: what is asked, at most (or at least) how much, what was found, where, and the command that finds it."""

    asked: str
    limit: float
    figure: float | None
    where: str
    command: str
    unit: str = "×"
    at_least: bool = False
    besides: str = ""
    """What else was found that bears on it."""

    @property
    def held(self) -> bool | None:
        """Whether the bound held; None where it was not measured."""
        if self.figure is None:
            return None
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit


def bounds(results: Results) -> list[Bound]:
    """Return all bounds, each answered at a million users, or at the size nearest to that which was measured."""
    return [*_ratios(results), _compiling(results), *_memory(results), _linear(results), _check(results)]


def _ratios(results: Results) -> list[Bound]:
    found = []
    wanted = (("library", 1.25, "the library's policy"), ("1", 1.25, "seed policy"), ("20", 1.5, "20 policies"))
    for workload, limit, what in wanted:
        one = results.find(workload)
        figure = one.ratio("plan", one.hand(gate="-valid")) if one else None
        marked = one.ratio("plan", one.hand(gate="-marked")) if one else None
        asked = f"{what}: plan, in times of hand-tuned SQL"
        besides = (
            f"{marked:.2f} × of SQL that reads the store's mark of plain JSON, which spares it `json_valid`" if marked else ""
        )
        found.append(Bound(asked, limit, figure, *_place(one, workload), besides=besides))
    twenty = results.find("20")
    passes = twenty.ratio("passes", "plan") if twenty else None
    found.append(Bound("20 passes, in times of one fused pass", 5, passes, *_place(twenty, "20"), at_least=True))
    for workload in ("1", "20"):
        one = results.find(workload)
        kept = one.ratio("kept, second run", "kept, first run") if one else None
        alone = one.ratio("kept, extracts alone", "kept, first run") if one else None
        asked = f"kept, {_policies(workload)}: second run, in times of the first"
        besides = f"{alone:.2f} × where extracts are known and no verdict is" if alone else ""
        found.append(Bound(asked, 0.1, kept, *_place(one, workload), besides=besides))
    return found


def _policies(workload: str) -> str:
    return "seed policy" if workload == "1" else f"{workload} policies"


def _compiling(results: Results) -> Bound:
    one = results.find("200", _SMALL) or results.find("200")
    figure = one.ratio("compile and plan", "plan") if one else None
    asked = "200 policies: loaded, compiled and planned, in times of judging with them"
    return Bound(asked, 0.5, figure, *_place(one, "200", users=_SMALL))


def _memory(results: Results) -> list[Bound]:
    large, huge = results.find("20", _LARGE), results.find("20", _HUGE)
    peak = huge.peak("plan") / 1000 if huge else None
    grown = huge.peak("plan") / large.peak("plan") if huge and large else None
    place = _place(huge, "20", users=_HUGE)
    both = f"{_HUGE:,} beside {_LARGE:,} users" if huge and large else "not measured"
    return [
        Bound("20 policies: peak memory of the process", 1.2, peak, *place, unit="GB"),
        Bound("20 policies: that, in times of a fifth of the users", 1.3, grown, both, _command("20", [_LARGE, _HUGE])),
    ]


def _linear(results: Results) -> Bound:
    sizes = [one for one in results.measured if one.workload == "20" and one.users >= _SMALL]
    asked = "20 policies: time per user at the largest size, in times of that at 100,000"
    command = _command("20", [_SMALL, _LARGE, _HUGE])
    if len(sizes) < 2 or sizes[0].users != _SMALL:
        return Bound(asked, 1.2, None, "not measured", command)
    first, last = sizes[0], sizes[-1]
    figure = min(last.seconds("plan")) / last.users / (min(first.seconds("plan")) / first.users)
    return Bound(asked, 1.2, figure, f"{first.users:,} to {last.users:,} users", command)


def _check(results: Results) -> Bound:
    asked = "credential report × all library policies: file to ledger, in times of `csv.DictReader` reading it"
    found = results.content["check"][-1:]
    figure = found[0]["candidates"]["perpend check --format table"]["ratio"] if found else None
    where = f"{found[0]['users']:,} users" if found else "not measured"
    return Bound(asked, 6, figure, where, "python -m bench check --json bench/results.json")


def _place(one: Measured | None, workload: str, *, users: int = _LARGE) -> tuple[str, str]:
    """Return where a figure was found, and the command for the size that it is asked for."""
    return (f"{one.users:,} users" if one else "not measured"), _command(workload, [users])


def _command(workload: str, sizes: Sequence[int]) -> str:
    listed = ",".join(f"{size:.0e}".replace("e+0", "e") for size in sizes)
    return f"python -m bench engines --users {listed} --policies {workload} --json bench/results.json"
