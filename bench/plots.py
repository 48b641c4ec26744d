"""Results in, three small PNG plots out. matplotlib is known here and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
from matplotlib import pyplot as plt

from bench.page_commands import PLOT

if TYPE_CHECKING:
    from pathlib import Path

    from bench.results import Measured, Results

_OWN, _OTHER, _PALE = "#0b6e99", "#8a8f98", "#c9ced6"
_DPI: Final = 110
_KEPT: Final = ("kept, first run", "kept, second run", "kept, extracts alone")
_SHOWN: Final = ("plan", *_KEPT, "passes", "interpreter", "loop, json", "loop, orjson", "c7n")
_LINES: Final = {"1": "o", "20": "s", "200": "^"}

mpl.use("Agg")
mpl.rcParams.update(
    {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 10, "axes.titleweight": "bold"}
)


def draw(results: Results, directory: Path) -> None:
    """Write the plots that the results have figures for."""
    _ratios(results, directory / "bench-ratios.png")
    _by_users(results, directory / "bench-scale.png", memory=False)
    _by_users(results, directory / "bench-memory.png", memory=True)
    _commands(results, directory / PLOT)


def _ratios(results: Results, path: Path) -> None:
    found = [one for workload in ("1", "20") if (one := results.find(workload))]
    if not found:
        return
    figure, axes = plt.subplots(1, len(found), figsize=(7.6, 3.1), squeeze=False, layout="constrained")
    for place, measured in zip(axes[0], found, strict=True):
        _bars(place, measured)
    _save(figure, path)


def _bars(axes: Any, measured: Measured) -> None:
    base = measured.hand(gate="-valid")
    names = [name for name in _SHOWN if name in measured.candidates]
    values = [1.0, *(measured.ratio(name, base) or 0.0 for name in names)]
    labels = ["SQL by hand", *names]
    colours = [_OTHER, *(_OWN if name in ("plan", *_KEPT) else _PALE for name in names)]
    axes.barh(labels[::-1], values[::-1], color=colours[::-1])
    axes.set_xscale("log")
    axes.set_xlim(min(values) / 2, max(values) * 3)
    axes.axvline(1, color=_OTHER, linewidth=0.8, linestyle=":")
    for place, value in enumerate(values[::-1]):
        axes.text(value * 1.08, place, f"{value:.2f}" if value < 10 else f"{value:.0f}", va="center", fontsize=8)
    policies = "1 policy" if measured.workload == "1" else f"{measured.workload} policies"
    axes.set_title(f"{policies}, {measured.users:,} users", loc="left")
    axes.set_xlabel("time, × SQL by hand")


def _by_users(results: Results, path: Path, *, memory: bool) -> None:
    figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    for workload, marker in _LINES.items():
        found = [one for one in results.measured if one.workload == workload]
        for name, colour, style in (("plan", _OWN, "-"), ("hand", _OTHER, "--")):
            points = [(one.users, _value(one, name, memory=memory)) for one in found]
            shown = [(users, value) for users, value in points if value is not None]
            label = f"{name}, {workload} {'policy' if workload == '1' else 'policies'}"
            if shown:
                axes.plot(*zip(*shown, strict=True), marker=marker, color=colour, linestyle=style, label=label)
    axes.set_xscale("log")
    if memory:
        axes.set_ylim(bottom=0)
    else:
        axes.set_yscale("log")
    axes.set_xlabel("users")
    axes.set_ylabel("peak memory of the process, MB" if memory else "seconds, fastest round")
    axes.grid(visible=True, color="#eeeeee")
    axes.legend(frameon=False, fontsize=8)
    _save(figure, path)


def _commands(results: Results, path: Path) -> None:
    records = [one for one in results.content["commands"] if "import" in one["candidates"]]
    if not records:
        return
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.4), layout="constrained")
    for name, colour, marker in (("import", _OTHER, "s"), ("check FILE", _OWN, "o")):
        for report, style in (("friendly", "--"), ("untidy", "-")):
            asked = [one for one in records if one["workload"] == report and name in one["candidates"]]
            found = [(one["users"], one["candidates"][name]) for one in asked]
            if not found:
                continue
            users, measured = [at for at, _ in found], [one for _, one in found]
            drawn = {"color": colour, "marker": marker, "linestyle": style, "label": f"{name}, {report}"}
            axes[0].plot(users, [one["ratio"] for one in measured], **drawn)
            axes[1].plot(users, [max(one["megabytes"]) for one in measured], **drawn)
    for place, label, bound in ((axes[0], "time by the clock, × csv.DictReader", 4), (axes[1], "peak memory, MB", 300)):
        place.axhline(bound, color=_PALE, linewidth=1, linestyle=":")
        place.set_xscale("log")
        place.set_ylim(0, 1.2 * place.dataLim.ymax)
        place.set_xlabel("users")
        place.set_ylabel(label)
        place.grid(visible=True, color="#eeeeee")
    axes[1].legend(frameon=False, fontsize=8, loc="lower right")
    _save(figure, path)


def _value(measured: Measured, name: str, *, memory: bool) -> float | None:
    candidate = measured.hand(gate="-valid") if name == "hand" else name
    if candidate is None:
        return None
    return measured.peak(candidate) if memory else min(measured.seconds(candidate))


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, dpi=_DPI, metadata={"Software": None})
    plt.close(figure)
