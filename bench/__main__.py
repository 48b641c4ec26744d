"""``python -m bench [NAME] …``: prints the figures of README and docs; ``--help`` lists the names."""

from __future__ import annotations

import argparse
import shlex
import statistics
import subprocess
import sys
import tempfile
import venv
from datetime import UTC, datetime
from pathlib import Path

from bench.blast import measure_blast
from bench.collect import measure_collecting
from bench.commands import REPORTS, measure_commands
from bench.documents import DOCUMENTS, measure_documents
from bench.engines import Options, machine, measure_engines
from bench.handout import measure_html_report
from bench.histories import measure_histories
from bench.histories_spark import measure_histories_spark
from bench.measure import ROOT, print_ratios, run, side_by_side
from bench.page import write_page
from bench.reports import write_report
from bench.results import Results
from bench.scan import measure_scans
from bench.serve import measure_serving
from bench.spark import Asked, measure_spark
from bench.sweep import measure_sweep
from bench.waivers import measure_waivers
from bench.workloads import WORKLOADS

_EXAMPLE = ROOT / "examples/credential-report.csv"
_READ = "import csv, sys; print(sum(1 for _ in csv.DictReader(open(sys.argv[1], newline=''))))"
_LOAD = (
    "import sys, yaml, pathlib; "
    "[yaml.compose(path.read_text(), Loader=yaml.CSafeLoader) for path in pathlib.Path(sys.argv[1]).rglob('*.yaml')]"
)
_SIZES = (
    "import importlib.metadata as metadata; "
    "[print(one.name, sum(file.locate().stat().st_size for file in one.files)) for one in metadata.distributions()]"
)


def start_up(rounds: int) -> None:
    """``perpend --help`` beside ``python -c pass``."""
    candidates = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "perpend --help": [sys.executable, "-m", "perpend", "--help"],
    }
    print_ratios("start-up", side_by_side(candidates, rounds=rounds), base="python -c pass", bound="10 ×")


def check(rounds: int, users: int, results: Path | None) -> None:
    """A report judged by every library policy, in each form, beside ``csv.DictReader`` reading the same file."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.csv")
        write_report(report, users)
        perpend = [sys.executable, "-m", "perpend", "check", str(report)]
        candidates = {"csv.DictReader": [sys.executable, "-c", _READ, str(report)]}
        candidates |= {
            f"perpend check --format {form}": [*perpend, "--format", form] for form in ("table", "ndjson", "json", "csv")
        }
        found = side_by_side(candidates, rounds=rounds, allowed=(0, 1))
    print_ratios(f"{users:,} users × all library policies", found, base="csv.DictReader", bound="6 ×, 400 MB")
    if results:
        kept = Results.read(results)
        kept.content["machine"] = machine()
        record = {
            "users": users,
            "date": datetime.now(UTC).strftime("%Y-%m-%d"),
            "command": _command(),
            "candidates": {
                name: {
                    "seconds": [round(one.seconds, 4) for one in runs],
                    "megabytes": [round(one.megabytes, 1) for one in runs],
                    "ratio": round(
                        statistics.median(
                            one.seconds / other.seconds for one, other in zip(runs, found["csv.DictReader"], strict=True)
                        ),
                        3,
                    ),
                }
                for name, runs in found.items()
            },
        }
        kept.add("check", record)


_INSTALLS = {"": "10 distributions, 100 MB", "azure": "125 MB", "aws,azure,google": "150 MB"}
"""The bounds by the extra that is installed; the first is the core."""


def install() -> None:
    """Distributions and megabytes of fresh environments, before and after modules are compiled: the core, and with extras."""
    for extra, bounds in _INSTALLS.items():
        _install(extra, bounds)


def _install(extra: str, bounds: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        empty, full = Path(folder, "empty"), Path(folder, "full")
        for place in (empty, full):
            venv.create(place, with_pip=True)
        python, asked = full / "bin/python", f"{ROOT}[{extra}]" if extra else str(ROOT)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-compile", asked], check=True)
        listed = subprocess.run([python, "-c", _SIZES], check=True, capture_output=True, text=True)
        found = [line.split() for line in listed.stdout.splitlines()]
        sizes = {name: int(size) for name, size in found if name not in ("pip", "setuptools")}
        title = f"install perpend[{extra}]" if extra else "install"
        print(f"\n{title}  (bounds: {bounds})\n  {len(sizes)} distributions:")
        for name in sorted(sizes, key=sizes.__getitem__, reverse=True):
            print(f"  {sizes[name] / 1e6:6.1f} MB  {name}")
        for how, command in (
            ("as uv installs it, and pip with --no-compile", ["-c", "pass"]),
            ("once a report was judged, which compiles what it uses", ["-m", "perpend", "check", str(_EXAMPLE)]),
            ("as pip leaves it else, every module compiled", ["-m", "compileall", "-q", str(full / "lib")]),
        ):
            run([str(python), *command], allowed=(0, 1))
            print(f"  {(_size(full) - _size(empty)) / 1e6:6.1f} MB above an empty environment {how}")


def corpus(rounds: int, directory: str) -> None:
    """The tests of a policy repository beside loading its YAML."""
    candidates = {
        "load its YAML (PyYAML, C)": [sys.executable, "-c", _LOAD, directory],
        "perpend test": [sys.executable, "-m", "perpend", "test", "--repo", directory],
        "perpend lint": [sys.executable, "-m", "perpend", "lint", "--repo", directory],
    }
    results = side_by_side(candidates, rounds=rounds, allowed=(0, 1))
    print_ratios(f"tests of {directory}", results, base="load its YAML (PyYAML, C)", bound="10 ×")


def engines(given: argparse.Namespace, directory: Path) -> None:
    """Plans on DuckDB beside hand-written SQL, separate passes, kept columns, the interpreter, plain loops and c7n."""
    unknown = sorted(set(given.policies.split(",")) - set(WORKLOADS))
    if unknown:
        raise SystemExit(f"--policies takes {', '.join(WORKLOADS)}, not {', '.join(unknown)}")
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    options = Options(
        directory,
        given.rounds,
        only=given.only,
        results=given.json,
        command=_command(),
    )
    measure_engines(given.users, given.policies.split(","), options)


def _command() -> str:
    return shlex.join(["python", "-m", "bench", *sys.argv[1:]])


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _sizes(text: str) -> list[int]:
    return [int(float(size.replace("_", ""))) for size in text.split(",")]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "what",
        nargs="?",
        choices=[
            "help",
            "blast",
            "check",
            "commands",
            "collect",
            "install",
            "corpus",
            "documents",
            "engines",
            "histories",
            "histories-spark",
            "report",
            "page",
            "scan",
            "serve",
            "spark",
            "sweep",
            "waivers",
        ],
        help="one benchmark; all by default that need no argument; `page` writes docs/performance.md from the results",
    )
    parser.add_argument("directory", nargs="?", help="the policy repository for `corpus`")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--users", type=_sizes, default=[100_000], help="sizes, separated by commas, such as 1e5,1e6,5e6")
    parser.add_argument("--policies", default=",".join(WORKLOADS), help="workloads of `engines`, separated by commas")
    parser.add_argument("--asked", type=int, default=200, help="policies of `histories` and of the history of `spark`")
    parser.add_argument("--cores", type=_sizes, default=[1, 2], help="numbers of cores of `spark`, separated by commas")
    parser.add_argument("--delays", type=_sizes, default=[0, 20, 50], help="milliseconds that each call of `collect` waits")
    parser.add_argument("--days", type=int, default=30, help="days of `histories`")
    parser.add_argument(
        "--changed", type=float, default=0.001, help="the share of verdicts of `histories` that change in a day"
    )
    parser.add_argument(
        "--only", default="*", metavar="PATTERN", help="candidates of `engines`, `commands`, `spark` or `sweep`"
    )
    parser.add_argument("--reports", default=",".join(REPORTS), help="reports of `commands`, separated by commas")
    parser.add_argument("--json", type=Path, metavar="FILE", help="results to add to; `page` reads bench/results.json")
    parser.add_argument(
        "--dir",
        type=Path,
        help="where `engines`, `commands` and `spark` keep what they make; by default a directory for this run",
    )
    return parser


def main() -> None:
    """Run the benchmarks named, or all that need no argument."""
    parser = _parser()
    given = parser.parse_args()
    if given.what in (None, "help"):
        start_up(max(given.rounds, 9))
    if given.what in (None, "check"):
        check(given.rounds, given.users[0], given.json)
    if given.what in (None, "install"):
        install()
    if given.what == "sweep":
        measure_sweep(given.users, given.rounds, given.only, given.dir)
    if given.what == "commands":
        with tempfile.TemporaryDirectory() as folder:
            where, reports = given.dir or Path(folder), given.reports.split(",")
            if unknown := sorted({*reports} - REPORTS.keys()):
                parser.error(f"no report is called {', '.join(unknown)}: there are {', '.join(REPORTS)}")
            measure_commands(given.users, given.rounds, where, given.json, _command(), only=given.only, reports=reports)
    if given.what == "collect":
        for users in given.users:
            with tempfile.TemporaryDirectory() as folder:
                measure_collecting(users, given.rounds, given.delays, Path(folder), given.json, _command())
    if given.what == "scan":
        measure_scans(given.users[0] if given.users != [100_000] else 1000)
    if given.what == "serve":
        for findings in given.users if given.users != [100_000] else [1_000_000]:
            measure_serving(findings, built=findings <= 1_000_000)
    if given.what == "documents":
        with tempfile.TemporaryDirectory() as folder:
            measure_documents(DOCUMENTS, given.rounds, Path(folder))
    if given.what == "report":
        with tempfile.TemporaryDirectory() as folder:
            for users in given.users:
                measure_html_report(users, given.rounds, Path(folder))
    if given.what in (None, "engines"):
        with tempfile.TemporaryDirectory() as folder:
            engines(given, given.dir or Path(folder))
    if given.what == "page":
        write_page(Results.read(given.json or ROOT / "bench/results.json"), ROOT / "docs")
    if given.what == "blast":
        with tempfile.TemporaryDirectory() as folder:
            measure_blast(given.users[0], Path(folder))
    if given.what == "histories":
        for objects in given.users:
            measure_histories(objects, given.asked, given.days, given.changed)
        measure_waivers(1_000, given.users[-1])
    if given.what == "histories-spark":
        measure_histories_spark(given.users[0], given.asked, given.days, given.changed)
    if given.what == "spark":
        with tempfile.TemporaryDirectory() as folder:
            where = (given.dir or Path(folder)).resolve()
            where.mkdir(parents=True, exist_ok=True)
            asked = Asked(where, given.only, given.cores, given.asked, given.changed, given.json, _command())
            measure_spark(given.users, asked)
    if given.what == "waivers":
        measure_waivers(1_000, given.users[0])
    if given.what == "corpus":
        if not given.directory:
            parser.error("corpus needs a directory")
        corpus(given.rounds, str(Path(given.directory).resolve()))


if __name__ == "__main__":
    main()
