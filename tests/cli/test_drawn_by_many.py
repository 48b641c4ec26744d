"""Long outputs of many objects are drawn by several processes: the same bytes, and nothing is left where one of them ends early."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from perpend.core.parallel import can_fork
from tests.cli.conftest import EXAMPLE, KEY_POLICY, ROOT, TIME, done, heard, wait_for
from tests.processes import are_gone

pytestmark = [
    pytest.mark.skipif(
        not can_fork() or not os.path.exists("/proc/self/task"), reason="none can tell here whether a process may be forked"
    ),
    pytest.mark.slow,
]

USERS = 600
FORMS = [["ndjson"], ["ndjson", "--compact"], ["json"], ["csv"], ["ndjson", "--status", "UNDETERMINED"]]
SCRIPT = """
import sys
from perpend import __main__
from perpend.evaluation.verdicts.stores import parquet_verdicts as stored
from perpend.reports.formats import lines

lines._MANY, stored._PIECE, processes = 2, 64, int(sys.argv.pop(1))
lines.processors = lambda: processes
dealt = lines.dealt

def told(answers, count):
    print(f"drawn by {count}", file=sys.stderr, flush=True)
    return dealt(answers, count)

lines.dealt = told
"""
"""Few objects are enough for several processes, and few of them are drawn in turn; it is said who draws."""

ONCE = "sys.exit(__main__.main())"
IN_TURN = """
said = sys.argv[1:]
for form in FORMS:
    sys.argv[1:] = [*said, *form, "--out", f"{processes} {' '.join(form)}"]
    try:
        __main__.main()
    except SystemExit as ended:
        print(ended.code, file=sys.stderr, flush=True)
"""
"""All forms by one process after another: to start it takes longer than to draw one."""

UNREADABLE_TO_OTHERS = """
import os
from perpend.inventory.snapshots.files import StoreError
from perpend.inventory.snapshots.read_objects import ObjectReader

asked, objects = os.getpid(), ObjectReader.objects

def read(*given):
    if os.getpid() != asked:
        raise StoreError("table.parquet: is gone")
    return objects(*given)

ObjectReader.objects = read
"""

SLOW_TO_OTHERS = UNREADABLE_TO_OTHERS.replace('raise StoreError("table.parquet: is gone")', "__import__('time').sleep(600)")
"""The others are still at it when somebody ends them."""

MANY = b"drawn by 3\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("drawn")
    head, _, row, *_ = Path(EXAMPLE).read_text().splitlines()
    users = [
        row.replace("alma.brekke", f"user-{number}").replace(",true,", [",,", ",tru,", ",true,"][number % 3])
        for number in range(USERS)
    ]
    (directory / "report.csv").write_text("\n".join([head, *users]))
    done("import", directory / "report.csv", "--store", directory / "store")
    return directory / "store"


def begun(
    store: Path, *words: str, processes: int = 3, script: str = SCRIPT + ONCE, cwd: Path = ROOT, **given: object
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", script, str(processes), "check", "--store", str(store), *TIME, "--no-history"]
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [
            *command,
            "--policy",
            KEY_POLICY,
            "--policy",
            "disable-user-with-unused-credentials-45-days-and-more",
            *(("--format", *words) if words else ()),
        ],
        stderr=subprocess.PIPE,
        cwd=cwd,
        preexec_fn=heard,
        **given,
    )


def drawing(process: subprocess.Popen[bytes]) -> list[int]:
    """Return the processes that draw beside one, once all are there."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    wait_for(lambda: len(children.read_text().split()) == 2, process)
    return [int(word) for word in children.read_text().split()]


def test_the_bytes_are_those_of_one_process(store: Path, tmp_path: Path) -> None:
    script = SCRIPT + IN_TURN.replace("FORMS", repr([["--format", *form] for form in FORMS]))
    alone, many = (begun(store, processes=number, script=script, cwd=tmp_path).communicate()[1] for number in (1, 3))
    assert (len(FORMS), len(FORMS)) == (many.count(MANY), alone.count(b"1\n")) and alone == many.replace(MANY, b"")
    for form in FORMS:
        expected, drawn = ((tmp_path / f"{number} --format {' '.join(form)}").read_bytes() for number in (1, 3))
        assert expected == drawn and len(expected) > 100_000


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_reader_that_leaves_early_ends_all_quietly(store: Path, form: str) -> None:
    process = begun(store, form, stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.read(10)
    others = drawing(process)
    process.stdout.close()
    assert (MANY, 141) == (process.stderr.read(), process.wait(60))
    assert are_gone(others)


@pytest.mark.parametrize("ended", [signal.SIGINT, signal.SIGTERM])
def test_who_is_interrupted_leaves_no_process(store: Path, tmp_path: Path, ended: signal.Signals) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = begun(store, "json", "--out", str(pipe), start_new_session=True)
    with pipe.open("rb") as reader:
        reader.read(10)
        others = drawing(process)
        os.killpg(process.pid, ended)  # as a terminal does
        _, said = process.communicate(timeout=60)
    assert (130, MANY + b"\nperpend: interrupted\n") == (process.returncode, said)
    assert are_gone(others)


def test_where_others_are_lost_nothing_is_half_written(store: Path, tmp_path: Path) -> None:
    process = begun(store, "csv", "--out", str(tmp_path / "out.csv"), script=SLOW_TO_OTHERS + SCRIPT + ONCE)
    others = drawing(process)
    for other in others:
        os.kill(other, signal.SIGKILL)
    _, said = process.communicate(timeout=60)
    lost = b"perpend: a process that did a part of the work has ended before its time; the system ends some where memory is short\n"
    assert (2, MANY + lost) == (process.returncode, said)
    assert are_gone(others)
    assert [] == list(tmp_path.iterdir())


def test_what_others_cannot_read_is_told_as_it_is(store: Path, tmp_path: Path) -> None:
    process = begun(store, "csv", "--out", str(tmp_path / "out.csv"), script=UNREADABLE_TO_OTHERS + SCRIPT + ONCE)
    assert (MANY + b"perpend: table.parquet: is gone\n", 2) == (process.communicate()[1], process.returncode)
    assert [] == list(tmp_path.iterdir())
