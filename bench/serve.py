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
from perpend.findings.severity.levels import LEVELS
from perpend.findings.waivers.active import ActiveWaivers
from perpend.inventory.snapshots.database import text_list
from perpend.language.syntax.repository import open_repository
from perpend.server.index.build import CATALOG, EVENT, FINDING, LEDGER, LIST_ORDER, OBJECT, TEXTS
from perpend.server.index.facts import IndexFacts
from perpend.server.question import Question
from perpend.server.scope import ALL_ACCOUNTS, ReaderScope
from perpend.server.served_store import INDEX, ServedRun, ServedStore
from perpend.server.views.run_state import HistoryOfRun, RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

POLICIES, ACCOUNTS, REGIONS, DAYS = 300, 1_000, 17, 120
CLIENTS = 12
SECONDS = 20.0
_PER_OBJECT = 3
_NUMBERS = ("compliant", "incompliant", "inapplicable", "undetermined", "objects", "policies")


def number_of_account(place: int) -> str:
    """Return the number of an account by its place."""
    return f"{100_000_000_000 + place}"


def write_index(path: Path, findings: int) -> IndexFacts:
    """Write the index of a made-up run: few accounts and few policies have many findings."""
    objects = findings // _PER_OBJECT
    draws = ", ".join(
        f"(hash(i, {seed}) % 1000000) / 1000000.0 AS {name}" for seed, name in enumerate(("a", "b", "c", "d", "e", "f"))
    )
    number = f"(hash(object_no) % {REGIONS})"
    account = f"100000000000 + CAST(1 + floor({ACCOUNTS} * pow(object_no / {objects}, 1.5)) AS INTEGER)"
    name = "':instance/i-' || lower(to_hex(hash(object_no, 3)))"
    columns = {
        "object_id": f"'arn:aws:ec2:eu-west-' || {number} || ':' || ({account}) || {name}",
        "object_name": "'team-' || (hash(object_no, 1) % 40) || '-server-' || object_no",
        "external_id": "NULL::VARCHAR",
        "account": f"({account})::VARCHAR",
        "region": f"'eu-west-' || {number}",
        "tags": "NULL::VARCHAR",
    }
    of_object = ", ".join(f"{value} AS {name}" for name, value in columns.items())
    rank = "CAST(1 + (policy_no * 7) % 5 AS INTEGER)"
    now = "TIMESTAMPTZ '2026-11-01 00:00:00+00'"
    since = f"{now} - to_days(CAST(floor({DAYS} * d) AS INTEGER))"
    life = "CASE WHEN c < 0.80 THEN 'open' WHEN c < 0.82 THEN 'unconfirmed' WHEN c < 0.86 THEN 'unknown' ELSE 'resolved' END"
    of_finding = {
        "key": "i",
        "policy_no": "policy_no",
        "lineage": "'/ce/p' || lpad(policy_no::VARCHAR, 3, '0')",
        "policy_id": "'/ce/p' || lpad(policy_no::VARCHAR, 3, '0')",
        "policy_title": "'Policy ' || policy_no",
        "service": "'Service ' || (policy_no % 20)",
        "type": "'Thing'",
        "incarnation": "1",
        "life": "life",
        "status": "CASE life WHEN 'open' THEN 'INCOMPLIANT' WHEN 'resolved' THEN 'COMPLIANT' ELSE 'UNDETERMINED' END",
        "condition_index": "199",
        "open_since": "since",
        "ended_at": "CASE WHEN life = 'resolved' THEN since + to_days(3) END",
        **dict.fromkeys(("last_known_at", "last_seen"), now),
        **dict.fromkeys(("status_date", "incompliant_start_date"), "since"),
        "incompliant_end_date": "NULL::TIMESTAMPTZ",
        "episodes": "CASE WHEN f < 0.1 THEN 2 ELSE 1 END",
        **dict.fromkeys(("changed_in_run", "seen_in_run"), "1"),
        "waiver": "CASE WHEN e < 0.02 THEN 'known' END",
        "waived_until": "NULL::VARCHAR",
        "severity": f"{text_list(LEVELS)}[{rank}]",
        "rank": rank,
        "moved": "0",
        "source": "'bench'",
        "within_seconds": "NULL::BIGINT",
        "change": "CASE WHEN f < 0.005 THEN 'opened' WHEN f < 0.006 THEN 'reopened' END",
    }
    identity = finding_id_sql("lineage", "type", "object_id", "incarnation")
    listed = ", ".join(f"{value} AS {name}" for name, value in of_finding.items())
    drawn = (
        f"SELECT i, CAST(floor({objects} * a) AS INTEGER) AS object_no, CAST(1 + floor({POLICIES} * b * b) AS INTEGER) "
        f"AS policy_no, {life} AS life, {since} AS since, e, f "
        f"FROM (SELECT i, {draws} FROM range({findings * 100 // 86}) AS r(i))"
    )
    rows = f"SELECT *, {identity} AS finding_id FROM (SELECT {listed}, {of_object} FROM ({drawn})) ORDER BY {LIST_ORDER}"
    counts = ", ".join(f"10::BIGINT AS {name}" for name in _NUMBERS)
    texts = "199 AS code, 'The condition.' AS text, 'It is wrong.' AS message, 'Make it right.' AS remediation"
    numbers = f"(SELECT range AS object_no FROM range({objects}))"
    of_account = "1 AS run, 'Thing' AS type, (100000000000 + i)::VARCHAR AS account"
    tables = {
        FINDING: f"SELECT row_number() OVER () AS place, * FROM ({rows})",
        OBJECT: f"SELECT 'Thing' AS type, {of_object} FROM {numbers} ORDER BY object_no",
        LEDGER: f"SELECT {of_account}, {counts} FROM range({ACCOUNTS}) AS r(i)",
        EVENT: "SELECT 1 AS run, '100000000000' AS account, 'opened' AS event, 1::BIGINT AS number",
        TEXTS: f"SELECT CAST(i AS INTEGER) AS policy_no, {texts} FROM range(1, {POLICIES + 1}) AS r(i)",
    }
    with duckdb.connect(config={"memory_limit": "4GB", "temp_directory": f"{path.parent}/spill"}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"ATTACH '{path}' AS {CATALOG}")
        for table, query in tables.items():
            connection.execute(f"CREATE TABLE {table} AS {query}")
        connection.execute(f"DETACH {CATALOG}")
    run = Run(1, "snapshot", "content", "2026-11-01T00:00:00+00:00", False, "2026-11-01T00:00:00+00:00", "bench", 0)
    recorded = tuple(
        RecordedPolicy(one, f"/ce/p{one:03}", "Thing", f"/ce/p{one:03}", "", 1, 1, 1) for one in range(1, POLICIES + 1)
    )
    return IndexFacts(HistoryManifest((run,), ((1,),), recorded), {}, {"Thing": "Thing"}, rated=False)


def opened(facts: IndexFacts, path: Path) -> ServedRun:
    """Return the run of an index. It is opened by a thread, as a server does: signals are the main thread's."""
    history = HistoryOfRun(HistoryStorage(path.parent), facts.head)
    state = RunState(history, open_repository(None), ActiveWaivers(), ActiveSeverities())
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: ServedRun(facts, path, state, "bench", ExitStack())).result()


def questions(run: ServedRun) -> dict[str, list[Callable[[], Any]]]:
    """Return what is asked, each in a way that no answer is kept from before."""
    drawn = random.Random(1)
    accounts = [number_of_account(drawn.randrange(1, ACCOUNTS + 1)) for _ in range(60)]
    first = run.findings(Question(ALL_ACCOUNTS), limit=40).findings

    def asked(**values: str) -> Question:
        return Question(ALL_ACCOUNTS, Filter({name: (value,) for name, value in values.items()}))

    def anew(ask: Callable[[], Any], times: int) -> list[Callable[[], Any]]:
        def one() -> None:
            run._cache.clear()
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
        "one finding": [lambda one=one: run.finding(one.finding_id, ALL_ACCOUNTS) for one in first],
        "groups by policy": anew(lambda: run.groups(Question(ALL_ACCOUNTS), "policy"), 20),
        "groups by object of an account": [lambda one=one: run.groups(asked(account=one), "object") for one in accounts[:10]],
        "summary": anew(lambda: run.summary(ALL_ACCOUNTS), 20),
        "summary of an account": [lambda one=one: run.summary(ReaderScope(frozenset([one]))) for one in accounts[:20]],
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
    store = ServedStore(directory, open_repository(None))
    run = opened(facts, Path(directory, INDEX))
    store.current = lambda: run  # type: ignore[method-assign]
    settings = ServerSettings(directory, tokens=(BearerToken("bench", ALL_ACCOUNTS),), limits=Limits(rate=1e6, burst=1_000_000))
    uvicorn.run(create_app(store, settings), host="127.0.0.1", port=port, log_level="error", access_log=False)


def measure_clients(facts: IndexFacts, directory: str) -> None:
    """Print how many pages a second a server answers to clients that ask at once, and its memory."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(facts, directory, port))
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
    number, size = run.findings(Question(ALL_ACCOUNTS)).total, run._database.path.stat().st_size / 1e6
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
        path, begun = Path(folder, INDEX), time.process_time()
        facts = write_index(path, findings)
        size = path.stat().st_size / 1e6
        print(f"{findings:,} findings: {size:,.0f} MB, written in {time.process_time() - begun:.1f} CPU-s", flush=True)
        run = opened(facts, path)
        measure_questions(run)
        run.release()
        measure_clients(facts, folder)
