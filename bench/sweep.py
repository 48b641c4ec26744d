"""``python -m bench sweep``: one path from any input to its verdict, at several sizes, in times of ``csv.DictReader``.

Shapes of one table of users: a *tidy* report, an *untidy* one (a fifth of the rows have odd values, names are not in the order
of rows, no root user), that one with 2 % of the names *non-ASCII*, and the same rows in *reports* of 5,000 users each. Other
formats hold the users of the tidy report. Every candidate runs as a process of its own; ``csv.DictReader`` reads the report of
the same shape and size in the same round. Seconds are those of processors. ``× less start`` is the ratio after the seconds that
the same command takes for 25 users are subtracted.
"""

from __future__ import annotations

import csv
import json
import random
import shutil
import statistics
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.measure import run
from bench.reports import write_report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_USER: Final = "CA10__CaAwsUser__c"
_DAY: Final = "2026-11-20"
_EACH: Final = 5_000
_FEW: Final = 25
_MOST_OF_OTHER_FORMATS: Final = 100_000
_MOST_WRITTEN: Final = 300_000
_READS: Final = """import csv, sys
for path in sys.argv[1:]:
    with open(path, newline="") as stream:
        for row in csv.DictReader(stream): pass"""
_PARQUET: Final = (
    "import duckdb, sys; duckdb.sql(f\"COPY (FROM read_csv('{sys.argv[1]}', all_varchar=true)) TO '{sys.argv[2]}'\")"
)


def measure_sweep(sizes: Sequence[int], rounds: int, only: str, directory: Path | None) -> None:
    """Print a table of all candidates. ``only`` is a pattern of their names."""
    with tempfile.TemporaryDirectory() as folder:
        place = (directory or Path(folder)).resolve()
        place.mkdir(parents=True, exist_ok=True)
        starts: dict[str, float] = {}
        print("| shape | users | command | CPU-s | × | × less start | MB |\n| --- | ---: | --- | ---: | ---: | ---: | ---: |")
        for size in (_FEW, *sizes):
            for shape, files, candidates in _shapes(place, size):
                wanted = [one for one in candidates if fnmatchcase(f"{shape}, {one[0]}", only)]
                if not wanted:
                    continue
                base, _ = _measured([[sys.executable, "-c", _READS, *map(str, files)]], rounds, None)
                for name, commands, prepare in wanted:
                    seconds, megabytes = _measured(commands, rounds, prepare)
                    start = starts.setdefault(f"{shape}, {name}", seconds)
                    figures = f"{seconds:.2f} | {seconds / base:.2f} | {(seconds - start) / base:.2f} | {megabytes:.0f}"
                    if commands:
                        print(f"| {shape} | {size:,} | {name} | {figures} |", flush=True)
            shutil.rmtree(place / str(size), ignore_errors=True)


_Candidate = tuple[str, list[list[str]], "Callable[[], None] | None"]


def _shapes(place: Path, size: int) -> Iterator[tuple[str, list[Path], list[_Candidate]]]:
    """Yield each shape with the reports that stand for it and the commands on it."""
    folder = place / str(size)
    folder.mkdir(exist_ok=True)
    tidy = folder / "tidy.csv"
    write_report(tidy, size)
    for shape, odd, names in (("tidy", 0.0, 0.0), ("untidy", 0.2, 0.0), ("non-ASCII", 0.2, 0.02)):
        report = folder / f"{shape}.csv"
        if shape != "tidy":
            _write_untidy(tidy, report, odd, names)
        yield shape, [report], _of_reports(folder, [report], size)
    reports = list(_split(folder / "non-ASCII.csv", folder))
    yield "reports", reports, _of_reports(folder, reports, size)[:2]
    if size <= _MOST_OF_OTHER_FORMATS:
        for name, path, more in _other_formats(folder, tidy):
            asked: list[_Candidate] = [("check FILE", [_perpend("check", path, *more, "--snapshot-time", _DAY)], None)]
            asked.append(_importing(folder, [path, *more]))
            yield name, [tidy], asked


def _of_reports(folder: Path, reports: Sequence[Path], size: int) -> list[_Candidate]:
    paths, out, store = [*map(str, reports)], str(folder / "out"), folder / "store"
    check, time = _perpend("check", *paths), ["--snapshot-time", _DAY]
    stored = _perpend("check", "--store", str(store), *time)
    again = [*stored, "--no-history"]

    def first() -> None:
        if not store.exists():
            run(_perpend("import", *paths, "--store", str(store)), allowed=(0,))
        shutil.rmtree(store / "extracts", ignore_errors=True)

    def history() -> None:
        run(stored, allowed=(0, 1, 3))

    found: list[_Candidate] = [
        ("check FILE", [[*check, *time]], None),
        _importing(folder, paths),
        ("check --store, first", [again], first),
        ("check --store, again", [again], None),
    ]
    if size <= _MOST_WRITTEN:
        found.append(("findings", [_perpend("findings", "--store", str(store))], history))
        for form in (["ndjson"], ["csv"], ["ocsf"], ["parquet"]):
            found.append((f"check --store --format {' '.join(form)}", [[*again, "--format", *form, "--out", out]], None))
    found.append(("", [], lambda: shutil.rmtree(store, ignore_errors=True)))
    return found


def _importing(folder: Path, words: Sequence[str]) -> _Candidate:
    fresh = folder / "fresh"
    return "import", [_perpend("import", *words, "--store", str(fresh))], lambda: shutil.rmtree(fresh, ignore_errors=True)


def _perpend(*words: str) -> list[str]:
    return [sys.executable, "-m", "perpend", *words]


def _measured(commands: Sequence[list[str]], rounds: int, prepare: Callable[[], None] | None) -> tuple[float, float]:
    """Return the median of the seconds and the peak of the memory, after one round that does not count."""
    seconds, megabytes = [], [0.0]
    for number in range(rounds + 1):
        if prepare:
            prepare()
        finished = [run(command, allowed=(0, 1, 3)) for command in commands]
        if number and finished:
            seconds.append(sum(one.processor for one in finished))
            megabytes += [one.megabytes for one in finished]
    return statistics.median(seconds) if seconds else 0.0, max(megabytes)


def _write_untidy(tidy: Path, report: Path, odd: float, names: float) -> None:
    """Write the users of a tidy report with odd values and names, without root users."""
    chance = random.Random(7)
    with tidy.open(newline="") as rows, report.open("w", newline="", encoding="utf-8") as stream:
        reader = csv.reader(rows)
        header = next(reader)
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        for number, row in enumerate(reader):
            account = row[1].split(":")[4]
            name = f"josé-{number}_straße" if chance.random() < names else f"user.{number}"
            folder = "division/team/" if chance.random() < 0.5 else ""
            row[:2] = name, f"arn:aws:iam::{account}:user/{folder}{name}"
            if chance.random() < odd:
                row[chance.choice((3, 7, 8, 13))] = chance.choice(("", "TRUE", "yes", " true", "N/A"))
            writer.writerow(row)


def _split(report: Path, folder: Path) -> Iterator[Path]:
    """Yield reports of some thousand users each, that together hold the rows of a report."""
    with report.open(newline="", encoding="utf-8") as rows:
        header = rows.readline()
        lines = iter(rows)
        for number in range(10**6):
            some = [line for _, line in zip(range(_EACH), lines, strict=False)]
            if not some:
                return
            part = folder / f"part-{number:04}.csv"
            part.write_text(header + "".join(some), encoding="utf-8", newline="")
            yield part


def _other_formats(folder: Path, tidy: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Yield other formats with the same users: the name, the file, and the options that read it."""
    # INVARIANT: a process of its own writes them. A child's peak counts what its parent held before it became the command.
    run([sys.executable, "-m", "bench.sweep", str(folder), str(tidy)])
    typed = ["--type", _USER]
    yield "array", str(folder / "array.json"), typed
    yield "NDJSON", str(folder / "lines.ndjson"), typed
    yield "Parquet", str(folder / "table.parquet"), typed
    yield "Steampipe", str(folder / "steampipe.csv"), []
    yield "AWS Config", str(folder / "config.json"), []


def _write_other_formats(folder: Path, tidy: Path) -> None:
    with tidy.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    objects = list(map(_object_of, rows))
    with (folder / "array.json").open("w") as written:
        written.write("[\n" + ",\n".join(map(json.dumps, objects)) + "\n]\n")
    with (folder / "lines.ndjson").open("w") as written:
        written.writelines(f"{json.dumps(one)}\n" for one in objects)
    _write_rows(folder / "table.csv", objects)
    run([sys.executable, "-c", _PARQUET, str(folder / "table.csv"), str(folder / "table.parquet")])
    _write_rows(folder / "steampipe.csv", map(_of_steampipe, rows))
    with (folder / "config.json").open("w") as written:
        items = ",\n".join(json.dumps(_of_config(number, row)) for number, row in enumerate(rows))
        written.write(f'{{"fileVersion":"1.0","configSnapshotId":"s","configurationItems":[\n{items}\n]}}')


def _object_of(row: dict[str, str]) -> dict[str, Any]:
    document = json.dumps(row, separators=(",", ":"))
    return {
        "Id": row["arn"],
        "CA10__arn__c": row["arn"],
        "CA10__userName__c": row["user"],
        "CA10__account__c": row["arn"].split(":")[4],
        "CA10__credReportAttributesJson__c": document,
    }


def _of_steampipe(row: dict[str, str]) -> dict[str, str]:
    """Return a row of Steampipe's table of credential reports."""
    names = {"arn": "user_arn", "user": "user_name"}
    blank = ("N/A", "no_information", "not_supported", "")
    cells = {names.get(key, key): "<null>" if cell in blank else cell for key, cell in row.items()}
    account = {"account_id": row["arn"].split(":")[4], "_ctx": '{"connection_name":"aws"}', "sp_connection_name": "aws"}
    return {"generated_time": "2026-11-20T08:15:00Z", **cells, **account}


def _of_config(number: int, row: dict[str, str]) -> dict[str, Any]:
    """Return a configuration item of AWS Config."""
    return {
        "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": "2026-11-20T08:15:00.000Z",
        "configurationItemStatus": "ResourceDiscovered",
        "awsAccountId": row["arn"].split(":")[4],
        "awsRegion": "global",
        "resourceType": "AWS::IAM::User",
        "ARN": row["arn"],
        "resourceId": f"AIDA{number}",
        "resourceName": row["user"],
        "relatedEvents": [],
        "relationships": [],
        "supplementaryConfiguration": {},
        "tags": {"team": "a"},
        "configuration": {
            "path": "/",
            "userName": row["user"],
            "userId": f"AIDA{number}",
            "arn": row["arn"],
            "createDate": "2025-01-01T00:00:00.000Z",
            "userPolicyList": [],
            "groupList": [],
            "attachedManagedPolicies": [],
            "permissionsBoundary": None,
            "tags": [],
        },
    }


def _write_rows(path: Path, rows: Any) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer: csv.DictWriter[str] | None = None
        for row in rows:
            if writer is None:
                writer = csv.DictWriter(stream, row, lineterminator="\n")
                writer.writeheader()
            writer.writerow(row)


if __name__ == "__main__":
    _write_other_formats(Path(sys.argv[1]), Path(sys.argv[2]))
