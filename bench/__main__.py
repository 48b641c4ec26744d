"""``python -m bench [help|check|install|corpus] …``: prints the figures of the README and the docs."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from bench.measure import print_ratios, side_by_side
from bench.reports import write_report

ROOT = Path(__file__).parent.parent
_READ = "import csv, sys; print(sum(1 for _ in csv.DictReader(open(sys.argv[1], newline=''))))"
_LOAD = (
    "import sys, yaml, pathlib; "
    "[yaml.compose(path.read_text(), Loader=yaml.CSafeLoader) for path in pathlib.Path(sys.argv[1]).rglob('*.yaml')]"
)


def start_up(rounds: int) -> None:
    """``perpend --help`` beside ``python -c pass``."""
    candidates = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "perpend --help": [sys.executable, "-m", "perpend", "--help"],
    }
    print_ratios("start-up", side_by_side(candidates, rounds=rounds), base="python -c pass", bound="10 ×")


def check(rounds: int, users: int) -> None:
    """A report judged by every library policy, in each form, beside ``csv.DictReader`` reading the same file."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.csv")
        write_report(report, users)
        perpend = [sys.executable, "-m", "perpend", "check", str(report)]
        candidates = {"csv.DictReader": [sys.executable, "-c", _READ, str(report)]}
        candidates |= {
            f"perpend check --format {form}": [*perpend, "--format", form] for form in ("table", "ndjson", "json", "csv")
        }
        results = side_by_side(candidates, rounds=rounds, allowed=(0, 1))
        print_ratios(f"{users:,} users × all library policies", results, base="csv.DictReader", bound="40 ×, 400 MB")


def install() -> None:
    """Distributions and megabytes of a fresh environment."""
    with tempfile.TemporaryDirectory() as folder:
        empty, full = Path(folder, "empty"), Path(folder, "full")
        for place in (empty, full):
            venv.create(place, with_pip=True)
        subprocess.run([full / "bin/python", "-m", "pip", "install", "--quiet", str(ROOT)], check=True)
        listed = subprocess.run(
            [full / "bin/python", "-m", "pip", "list", "--format=freeze"], check=True, capture_output=True, text=True
        )
        names = [line.partition("==")[0] for line in listed.stdout.splitlines()]
        counted = [name for name in names if name not in ("pip", "setuptools")]
        print(f"\ninstall  (bounds: 20 distributions, 110 MB)\n  {len(counted)} distributions: {', '.join(counted)}")
        print(f"  {(_size(full) - _size(empty)) / 1e6:.1f} MB above an empty environment")


def corpus(rounds: int, directory: str) -> None:
    """The tests of a policy repository beside loading its YAML."""
    candidates = {
        "load its YAML (PyYAML, C)": [sys.executable, "-c", _LOAD, directory],
        "perpend test": [sys.executable, "-m", "perpend", "test", "--repo", directory],
        "perpend lint": [sys.executable, "-m", "perpend", "lint", "--repo", directory],
    }
    results = side_by_side(candidates, rounds=rounds, allowed=(0, 1))
    print_ratios(f"tests of {directory}", results, base="load its YAML (PyYAML, C)", bound="10 ×")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def main() -> None:
    """Run the benchmarks named, or all that need no argument."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["help", "check", "install", "corpus"], help="one benchmark; all by default")
    parser.add_argument("directory", nargs="?", help="the policy repository for `corpus`")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--users", type=int, default=100_000)
    options = parser.parse_args()
    if options.what in (None, "help"):
        start_up(max(options.rounds, 9))
    if options.what in (None, "check"):
        check(options.rounds, options.users)
    if options.what in (None, "install"):
        install()
    if options.what == "corpus":
        if not options.directory:
            parser.error("corpus needs a directory")
        corpus(options.rounds, options.directory)


if __name__ == "__main__":
    main()
