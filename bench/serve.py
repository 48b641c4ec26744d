"""``python -m bench serve``: what a served run's answers take, alone and for clients at once: milliseconds, pages, memory.

The index of many findings is written directly in its form, as ``build_index`` writes it; what that itself takes is measured
with a history of made-up objects.
"""

from __future__ import annotations

import http.client
import multiprocessing
import os
import random
import resource
import socket
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from bench.histories import day, judged, programs
from perpend.findings.filters import Filter
from perpend.findings.history.identity import finding_id_sql
from perpend.findings.history.manifest import HistoryManifest, RecordedPolicy, Run
from perpend.findings.history.storage import HistoryStorage
from perpend.findings.history.write.commit import commit_run
from perpend.findings.severity.active import ActiveSeverities
from perpend.findings.waivers.active import ActiveWaivers
from perpend.language.syntax.repository import open_repository
from perpend.server.index.build import LOOKED_UP, SEARCHED, copied, sorted_copies
from perpend.server.index.facts import IndexFacts, KnownPolicy, KnownWaiver
from perpend.server.index.files import IndexFiles
from perpend.server.question import Question
from perpend.server.scope import ALL_ACCOUNTS, Scope
from perpend.server.served_store import ServedRun, ServedStore
from perpend.server.views.run_state import HistoryOfRun, RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

POLICIES, ACCOUNTS, REGIONS, DAYS = 300, 1_000, 17, 120
CLIENTS = 12
SECONDS = 20.0
_PER_OBJECT = 3
_NUMBERS = "compliant, incompliant, inapplicable, undetermined, objects, policies"


def number_of_account(place: int) -> str:
    """Return the number of an account by its place."""
    return f"{100_000_000_000 + place}"


def write_index(files: IndexFiles, findings: int) -> IndexFacts:
    """Write the index of a made-up run: few accounts and few policies have many findings."""
    objects = findings // _PER_OBJECT
    account = f"CAST(1 + floor({ACCOUNTS} * pow(i / {objects}, 1.5)) AS INTEGER)"
    draws = {name: f"(hash(i, {seed}) % 1000000) / 1000000.0" for seed, name in enumerate(("a", "b", "c", "d", "e", "f"))}
    drawn = ", ".join(f"{draw} AS {name}" for name, draw in draws.items())
    level = "CAST(1 + (policy_no * 7) % 5 AS UTINYINT)"
    life = "CASE WHEN c < 0.80 THEN 2 WHEN c < 0.82 THEN 3 WHEN c < 0.86 THEN 1 ELSE 4 END"
    since = f"TIMESTAMPTZ '2026-11-01 00:00:00+00' - to_days(CAST(floor({DAYS} * d) AS INTEGER))"
    rows = (
        f"SELECT CAST(1 + floor({objects} * a) AS INTEGER) AS object, "
        f"CAST(1 + floor({POLICIES} * b * b) AS INTEGER) AS policy_no, "
        f"CAST({life} AS UTINYINT) AS life_no, {since} AS since, e, f "
        f"FROM (SELECT i, {drawn} FROM range({findings * 100 // 86}) AS r(i))"
    )
    identity = finding_id_sql("'/ce/p' || lpad(policy_no::VARCHAR, 3, '0')", "'Thing'", "o.object_id", "1")
    known = f"SELECT object, object_id, account_no, region_no FROM '{files.objects}'"
    columns = (
        f"r.object, policy_no, account_no, region_no, {level} AS level, life_no, CAST(CASE life_no WHEN 2 THEN 1 WHEN 4 THEN 0 "
        "ELSE 3 END AS UTINYINT) AS status_no, CAST(199 AS INTEGER) AS condition_index, since AS open_since, "
        "CASE WHEN life_no = 4 THEN since + to_days(3) END AS ended_at, TIMESTAMPTZ '2026-11-01 00:00:00+00' AS last_known_at, "
        "TIMESTAMPTZ '2026-11-01 00:00:00+00' AS last_seen, since AS status_date, since AS incompliant_start_date, "
        "NULL::TIMESTAMPTZ AS incompliant_end_date, CASE WHEN f < 0.1 THEN 2 ELSE 1 END AS episodes, CAST(1 AS INTEGER) AS "
        "changed_in_run, CAST(CASE WHEN e < 0.02 THEN 1 ELSE 0 END AS INTEGER) AS waiver_no, "
        "CAST(CASE WHEN f < 0.005 THEN 1 WHEN f < 0.006 THEN 2 ELSE 0 END AS UTINYINT) AS change_no, "
        f"CAST('0x' || left({identity}, 8) AS UINTEGER) AS id_head"
    )
    order = "life_no NOT IN (2, 3, 1), level DESC, open_since DESC NULLS LAST, policy_no, object"
    with duckdb.connect(config={"memory_limit": "4GB", "temp_directory": str(files.spill)}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        listed = (
            "SELECT CAST(i + 1 AS BIGINT) AS object, CAST(i + 1 AS INTEGER) AS object_no, 'Thing' AS type, "
            f"CAST(1 AS INTEGER) AS incarnation, 'arn:aws:ec2:eu-west-' || (hash(i) % {REGIONS}) || ':' "
            f"|| (100000000000 + {account}) || ':instance/i-' || lower(to_hex(hash(i, 3))) AS object_id, "
            "'team-' || (hash(i, 1) % 40) || '-server-' || i AS object_name, NULL::VARCHAR AS external_id, "
            f"(100000000000 + {account})::VARCHAR AS account, 'eu-west-' || (hash(i) % {REGIONS}) AS region, "
            f"NULL::VARCHAR AS tags, {account} AS account_no, CAST(1 + hash(i) % {REGIONS} AS USMALLINT) AS region_no "
            f"FROM range({objects}) AS r(i)"
        )
        found = SEARCHED.format(name="o.object_name").replace("o.id", "o.object_id")
        connection.execute(
            copied(f"SELECT o.*, {found} AS searched FROM ({listed} ORDER BY i) AS o", files.objects, pieces=LOOKED_UP)
        )
        joined = f"SELECT {columns} FROM ({rows}) AS r JOIN ({known}) AS o ON o.object = r.object"
        numbered = f"SELECT CAST(row_number() OVER () AS INTEGER) AS place, * FROM ({joined} ORDER BY {order})"
        connection.execute(copied(numbered, files.findings))
        for statement in sorted_copies(files):
            connection.execute(statement)
        ledger = (
            f"SELECT 1 AS run, 'Thing' AS type, (100000000000 + i)::VARCHAR AS account, 10::BIGINT AS {_NUMBERS.split(', ')[0]}"
        )
        ledger += "".join(f", 10::BIGINT AS {name}" for name in _NUMBERS.split(", ")[1:])
        connection.execute(copied(f"{ledger} FROM range({ACCOUNTS}) AS r(i)", files.ledger))
        connection.execute(
            copied("SELECT 1 AS run, '100000000000' AS account, 'opened' AS event, 1::BIGINT AS number", files.events)
        )
        ratings = "SELECT NULL::VARCHAR AS policy_id, 1 AS rank, NULL::VARCHAR AS source, 1::BIGINT AS within_seconds LIMIT 0"
        connection.execute(copied(ratings, files.ratings))
        connection.execute(copied("SELECT 1::BIGINT AS key, 1 AS steps LIMIT 0", files.shifts))
    run = Run(1, "snapshot", "content", "2026-11-01T00:00:00+00:00", False, "2026-11-01T00:00:00+00:00", "bench", 0)
    numbers = range(1, POLICIES + 1)
    recorded = tuple(RecordedPolicy(one, f"/ce/p{one:03}", "Thing", f"/ce/p{one:03}", "", 1, 1, 1) for one in numbers)
    known_policies = {
        one: KnownPolicy(one, f"/ce/p{one:03}", f"/ce/p{one:03}", "Thing", "Thing", f"Policy {one}", f"Service {one % 20}")
        for one in numbers
    }
    texts = {(one, 199): ("The condition.", "It is wrong.", "Make it right.") for one in numbers}
    accounts = (None, *(number_of_account(place) for place in range(1, ACCOUNTS + 1)))
    regions = (None, *(f"eu-west-{place}" for place in range(REGIONS)))
    return IndexFacts(
        HistoryManifest((run,), ((1,),), recorded),
        known_policies,
        accounts,
        regions,
        {},
        (KnownWaiver("known", None, False),),
        texts,
        rated=False,
    )


def opened(facts: IndexFacts, files: IndexFiles) -> ServedRun:
    """Return the run of an index. It is opened by a thread, as a server does: signals are the main thread's."""
    history = HistoryOfRun(HistoryStorage(files.directory), facts.head)
    state = RunState(history, open_repository(None), ActiveWaivers(), ActiveSeverities())
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: ServedRun(facts, files, state, "bench", ExitStack())).result()


def questions(run: ServedRun) -> dict[str, list[Callable[[], Any]]]:
    """Return what is asked, each in a way that no answer is kept from before."""
    drawn = random.Random(1)
    accounts = [number_of_account(drawn.randrange(1, ACCOUNTS + 1)) for _ in range(60)]
    first = run.findings(Question(ALL_ACCOUNTS), limit=40).findings

    def asked(**values: str) -> Question:
        return Question(ALL_ACCOUNTS, Filter({name: (value,) for name, value in values.items()}))

    def anew(ask: Callable[[], Any], times: int) -> list[Callable[[], Any]]:
        def one() -> None:
            run._answers.clear()
            ask()

        return [one] * times

    policies = [f"/ce/p{one:03}" for one in range(20, 60)]
    return {
        "page of an account": [lambda one=one: run.findings(asked(account=one)) for one in accounts],
        "facets of an account": [lambda one=one: run.facets(asked(account=one)) for one in accounts],
        "page of a policy": [lambda one=one: run.findings(asked(policy=one)) for one in policies],
        "facets of a policy": [lambda one=one: run.facets(asked(policy=one)) for one in policies],
        "page of all": anew(lambda: run.findings(Question(ALL_ACCOUNTS)), 20),
        "page of all, the newest first": anew(lambda: run.findings(Question(ALL_ACCOUNTS), order="newest"), 20),
        "page of all, in the middle": anew(lambda: run.findings(Question(ALL_ACCOUNTS), after="400000"), 20),
        "facets of all": anew(lambda: run.facets(Question(ALL_ACCOUNTS)), 20),
        "facets of all, kept": [lambda: run.facets(Question(ALL_ACCOUNTS))] * 20,
        "facets of a region": [lambda one=one: run.facets(asked(region=f"eu-west-{one}")) for one in range(10)],
        "facets since a day": [lambda one=one: run.facets(asked(since=f"2026-10-{one:02}")) for one in range(10, 20)],
        "page of a search": [lambda one=one: run.findings(asked(search=f"server-{one}")) for one in range(7_000, 7_010)],
        "page of an object": [lambda one=one: run.findings(asked(object=one.object_id)) for one in first],
        "one finding": [lambda one=one: run.finding(one.finding_id) for one in first],
        "groups by policy": anew(lambda: run.groups(Question(ALL_ACCOUNTS), "policy"), 20),
        "groups by object of an account": [lambda one=one: run.groups(asked(account=one), "object") for one in accounts[:10]],
        "summary": anew(run.summary, 20),
        "summary of an account": [lambda one=one: run.summary(Scope(frozenset([one]))) for one in accounts[:20]],
        "CSV of an account": [
            lambda one=one: run.export(asked(account=one), "csv", Path(tempfile.gettempdir(), "bench.csv"))
            for one in accounts[:5]
        ],
    }


def percentiles(seconds: Sequence[float]) -> str:
    """Return the median and the 99th of a hundred, in milliseconds."""
    ordered = sorted(seconds)
    return f"p50 {statistics.median(ordered) * 1e3:7.1f} ms, p99 {ordered[int(len(ordered) * 0.99)] * 1e3:7.1f} ms"


def measure_questions(run: ServedRun) -> None:
    """Print what each question takes alone."""
    for name, asks in questions(run).items():
        taken, spent = [], []
        for ask in asks:
            begun, processor = time.perf_counter(), time.process_time()
            ask()
            taken.append(time.perf_counter() - begun)
            spent.append(time.process_time() - processor)
        print(f"{name:32} {percentiles(taken)}, {statistics.median(spent) * 1e3:7.1f} CPU-ms", flush=True)


def serve(facts: IndexFacts, directory: str, port: int) -> None:
    """Serve an index until the process is ended."""
    import uvicorn

    from perpend.server.app import create_app
    from perpend.server.settings import BearerToken, Limits, ServerSettings

    # Each request is a line of the log, which nobody reads here.
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    files = IndexFiles(Path(directory))
    store = ServedStore(directory, open_repository(None))
    run = opened(facts, files)
    store.current = lambda: run  # type: ignore[method-assign]
    settings = ServerSettings(directory, tokens=(BearerToken("bench", ALL_ACCOUNTS),), limits=Limits(rate=1e6, burst=1_000_000))
    uvicorn.run(create_app(store, settings), host="127.0.0.1", port=port, log_level="error", access_log=False)


def measure_clients(facts: IndexFacts, files: IndexFiles) -> None:
    """Print how many pages a second a server answers to clients that ask at once, and its memory."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(facts, str(files.directory), port))
    process.start()
    try:
        _until_answered(port)
        for path in ("/findings?account={}", "/api/v1/findings?account={}", "/api/v1/facets?account={}"):
            _measure_path(port, path, process.pid or 0)
    finally:
        process.terminate()
        process.join()


def _measure_path(port: int, path: str, process: int) -> None:
    taken: list[float] = []
    refused: list[int] = []
    end, before = time.perf_counter() + SECONDS, _cpu_of(process)

    def client(seed: int) -> None:
        drawn = random.Random(seed)
        while time.perf_counter() < end:
            begun = time.perf_counter()
            code = _get(port, path.format(number_of_account(drawn.randrange(1, ACCOUNTS + 1))))
            taken.append(time.perf_counter() - begun)
            if code != 200:
                refused.append(code)

    clients = [threading.Thread(target=client, args=(seed,)) for seed in range(CLIENTS)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    spent = (_cpu_of(process) - before) / len(taken)
    print(
        f"{path:32} {CLIENTS} clients: {len(taken) / SECONDS:6.1f} a second, {percentiles(taken)}, {spent * 1e3:.1f} CPU-ms, "
        f"{len(refused)} refused, server's peak {_peak_of(process):,.0f} MB",
        flush=True,
    )


def _get(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={"Authorization": "Bearer bench"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def _until_answered(port: int) -> None:
    for _ in range(600):
        try:
            _get(port, "/healthz")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server does not answer")


def _cpu_of(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _peak_of(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def build(directory: str) -> None:
    """Print what the index of a store takes to build."""
    begun, processor = time.perf_counter(), time.process_time()
    store = ServedStore(directory, open_repository(None))
    run = store.current()
    taken, spent = time.perf_counter() - begun, time.process_time() - processor
    number, size = run.findings(Question(ALL_ACCOUNTS)).total, sum(path.stat().st_size for path in run._files.all) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"index of {number:,} open findings: {taken:.1f} s, {spent:.1f} CPU-s, {size:,.0f} MB on disk, peak {peak:,.0f} MB")
    store.close()


def measure_build(findings: int) -> None:
    """Build the index of a history of about so many open findings."""
    with tempfile.TemporaryDirectory() as folder:
        directory, asked = Path(folder), programs(30)
        files = day(directory, 0, findings * 10 // len(asked), len(asked), 0.001)
        commit_run(HistoryStorage(directory), judged(directory, 0, files, asked))
        process = multiprocessing.get_context("spawn").Process(target=build, args=(folder,))
        process.start()
        process.join()


def measure_serving(findings: int, *, built: bool) -> None:
    """Print what a server of so many findings takes. ``built``: the index is also built from a history."""
    if built:
        measure_build(findings)
    with tempfile.TemporaryDirectory() as folder:
        files = IndexFiles(Path(folder))
        files.spill.mkdir()
        begun = time.process_time()
        facts = write_index(files, findings)
        size = sum(path.stat().st_size for path in files.all) / 1e6
        print(f"{findings:,} findings: {size:,.0f} MB, written in {time.process_time() - begun:.1f} CPU-s", flush=True)
        run = opened(facts, files)
        measure_questions(run)
        run.release()
        measure_clients(facts, files)
