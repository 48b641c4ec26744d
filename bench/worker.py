"""One candidate of ``python -m bench engines`` in a process of its own: a JSON task as argument in, figures as JSON out.

What is timed starts with policies compiled and the engine open, and ends with the Parquet file written. Planning counts.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.hand import hand_sql
from bench.inventory import DOCUMENT, GONE, SNAPSHOT, USER, EstateFiles, estate_of
from bench.loops import loads_of, looped
from bench.policies import compiled, programs_of, write_repository
from perpend.core.schema.tables import ROW, SOURCE
from perpend.core.values.values import date_time_from_text
from perpend.evaluation.engines.duckdb.column_cache import ColumnCache
from perpend.evaluation.engines.duckdb.engine import DuckDb, duck_db
from perpend.evaluation.planner.build import plan_of
from perpend.inventory.snapshots.database import pattern
from perpend.language.interpreter.interpreter import Interpreter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from perpend.language.program.program import Program

_TIME = date_time_from_text(SNAPSHOT) or 0
_AT_ONCE = 4_096


@dataclass(slots=True)
class Task:
    """What one candidate has at hand, and the figures that it notes."""

    inventory: EstateFiles
    engine: DuckDb
    workload: str
    out: Path
    programs: list[Program]
    sample: int
    figures: dict[str, Any]

    def relation(self, table: str) -> str:
        """Return what stands for a table of the estate."""
        return self.engine.files([self.inventory.path(table)])

    @contextmanager
    def timed(self, name: str = "seconds") -> Iterator[None]:
        """Add the seconds of a step to a figure."""
        started = time.perf_counter()
        yield
        self.figures[name] = self.figures.get(name, 0.0) + time.perf_counter() - started

    def write(self, query: str) -> None:
        """Write what a query gives as the candidate's Parquet file."""
        self.engine.run(f"COPY ({query}) TO {pattern(self.out)} (FORMAT parquet, COMPRESSION zstd)")

    def write_codes(self, rows: list[int], codes: list[list[int]]) -> None:
        """Write codes made in Python, a list per policy, by way of a CSV beside."""
        spool = self.out.with_suffix(".csv")
        with spool.open("w", encoding="utf-8") as stream:
            stream.writelines(f"{','.join(map(str, line))}\n" for line in zip(rows, *codes, strict=True))
        names = [ROW, *(f"v{number}" for number in range(len(codes)))]
        columns = ", ".join(f"'{name}': 'BIGINT'" for name in names)
        listed = ", ".join(names[1:])
        read = f"read_csv({pattern(spool)}, header = false, auto_detect = false, columns = {{{columns}}})"
        self.write(f"SELECT {ROW}, CAST(0 AS INTEGER) AS {SOURCE}, {listed} FROM {read}")


def by_plan(task: Task) -> None:
    """All policies in one plan and one pass."""
    with task.timed():
        with task.timed("plan"):
            plan = plan_of(task.programs, task.inventory.tables, _TIME)
        task.engine.evaluate(plan, task.relation, task.out)


def in_passes(task: Task) -> None:
    """Each policy in a plan and a pass of its own."""
    shutil.rmtree(task.out, ignore_errors=True)
    task.out.mkdir()
    with task.timed():
        for number, program in enumerate(task.programs):
            plan = plan_of([program], task.inventory.tables, _TIME)
            task.engine.evaluate(plan, task.relation, task.out / f"{number}.parquet")


def over_cache(task: Task, *, again: bool, verdicts: bool = True) -> None:
    """All policies in one pass over what is kept: computed and kept now, or found there; all of it, or extracts alone."""
    place = task.out.parent / "kept"
    if not again:
        shutil.rmtree(place, ignore_errors=True)
    files = {name: [task.inventory.path(name)] for name in task.inventory.tables.by_name}
    with task.timed():
        kept = ColumnCache(task.engine, place, task.inventory.directory.name, files)
        plan = plan_of(task.programs, task.inventory.tables, _TIME)
        task.engine.evaluate(*kept.over_cache(plan, whole=verdicts), task.out)
    task.figures["reused"] = sum(cost.reused for cost in kept.costs)
    task.figures["computed"] = sum(cost.computed for cost in kept.costs)


def by_hand(task: Task, variety: str) -> None:
    """The same policies as hand-tuned SQL."""
    query = hand_sql(task.workload, variety, task.relation)
    with task.timed():
        task.write(query)


def by_interpreter(task: Task) -> None:
    """The reference interpreter over the first rows, one object at a time."""
    columns = ", ".join(f'"{name}"' for name in ("Id", GONE, DOCUMENT))
    first = f"FROM {task.relation(USER)} WHERE {ROW} < {task.sample} ORDER BY {ROW}"
    with task.timed():
        interpreter = Interpreter(task.programs)
        found: list[tuple[int, ...]] = []
        for identity, gone, document in task.engine.run(f"SELECT {columns} {first}"):
            fields = {"Id": identity, GONE: gone, DOCUMENT: document}
            found.append(tuple(code for code, _ in interpreter.evaluate(fields, _TIME)))
        task.write_codes(list(range(len(found))), [list(column) for column in zip(*found, strict=True)])


def by_loop(task: Task, package: str) -> None:
    """A plain loop over the CSV, documents read by a JSON package."""
    loads = loads_of(package)
    with task.timed():
        numbers, codes = looped(task.inventory.csv, task.sample, loads)
        task.write_codes(numbers, [codes])


def compile_and_plan(task: Task) -> None:
    """Loading, compiling and planning alone, from YAML to SQL."""
    with task.timed():
        programs = task.programs = compiled(task.workload, _repository(task.out))
        plan = plan_of(programs, task.inventory.tables, _TIME)
        text = task.engine.text_of(plan.stage, task.relation, keys=(ROW, SOURCE))
    task.figures["characters"] = len(text)


CANDIDATES: dict[str, Callable[[Task], None]] = {
    "plan": by_plan,
    "passes": in_passes,
    "kept, first run": lambda task: over_cache(task, again=False),
    "kept, second run": lambda task: over_cache(task, again=True),
    "kept, extracts alone": lambda task: over_cache(task, again=True, verdicts=False),
    "interpreter": by_interpreter,
    "loop, json": lambda task: by_loop(task, "json"),
    "loop, orjson": lambda task: by_loop(task, "orjson"),
    "compile and plan": compile_and_plan,
}
"""What each candidate does; those called ``hand …`` name their variety."""


def _repository(out: Path) -> Path:
    return out.parent / "repository"


def perform(given: Mapping[str, Any]) -> dict[str, Any]:
    """Do a task, and return its figures."""
    directory, out = Path(given["directory"]), Path(given["out"])
    inventory = estate_of(directory, given["users"])
    name, workload = given["candidate"], given["workload"]
    if name == "make":
        return {"megabytes": inventory.path(USER).stat().st_size / 1e6}
    out.parent.mkdir(parents=True, exist_ok=True)
    with duck_db(directories=[directory], spill=directory) as engine:
        task = Task(inventory, engine, workload, out, [], given["sample"], {})
        if name == "compile and plan":
            write_repository(workload, _repository(out))
        elif not name.startswith("hand"):
            task.programs = programs_of(workload, _repository(out))
        run = CANDIDATES.get(name) or (lambda task: by_hand(task, name.removeprefix("hand ")))
        run(task)
    return task.figures


if __name__ == "__main__":
    print(json.dumps(perform(json.loads(sys.argv[1]))))
