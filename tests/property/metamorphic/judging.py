"""Files in, verdicts out: by the steps that ``check`` and ``import`` take, with policies read once, or by the commands."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import traceback
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from perpend.core.errors import PerpendError
from perpend.core.objects.claims import scopes_from
from perpend.core.values.values import date_time_from_text
from perpend.evaluation.verdicts.evaluation import Evaluation
from perpend.evaluation.verdicts.selection import select_policies
from perpend.evaluation.verdicts.stores.evaluate_snapshot import evaluate_snapshot
from perpend.evaluation.verdicts.stores.temporary_snapshot import temporary_snapshot
from perpend.inventory.importers.input import Input as StoreInput
from perpend.inventory.importers.inputs import import_inputs
from perpend.inventory.snapshots.store import Store
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.syntax.repository import open_repository
from tests.property.metamorphic.roads import Crashed, EvaluationOutcome, Input, Refused, Verdicts, Way
from tests.property.metamorphic.worlds import LIBRARY, Pool, world_of

UNUSABLE = 2
_IN_MEMORY = Path("/dev/shm")


def verdicts_of(pool: Pool, inputs: Sequence[Input], way: Way) -> Verdicts:
    """Return the verdicts of a pool's policies over inputs. Raises Refused where nothing is judged, Crashed for faults."""
    with TemporaryDirectory(prefix="perpend-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None) as directory:
        root = Path(directory)
        for one in inputs:
            (root / one.name).write_bytes(one.content())
        evaluate = _by_commands if way.spawned else _by_steps
        found: defaultdict[tuple[str, int, str], list[EvaluationOutcome]] = defaultdict(list)
        for policy, identity, end in evaluate(pool, inputs, way, root):
            found[policy, *world_of(identity)].append(end)
    return {key: tuple(sorted(ends)) for key, ends in found.items()}


_Ended = tuple[str, str, EvaluationOutcome]
"""A policy, the Id of an object, and how the one ended on the other."""


@cache
def _analyzer(root: Path) -> Analyzer:
    return Analyzer(open_repository(None if root == LIBRARY else root))


def _by_steps(pool: Pool, inputs: Sequence[Input], way: Way, root: Path) -> list[_Ended]:
    try:
        return _from_store(pool, inputs, way, root) if way.stored else _from_files(pool, inputs, way, root)
    except (PerpendError, OSError) as error:
        raise Refused(str(error)) from None
    except Exception:  # noqa: BLE001, whatever it is, it is to be told with the change that led to it
        raise Crashed(traceback.format_exc()) from None
    finally:
        gc.unfreeze()


def _from_files(pool: Pool, inputs: Sequence[Input], way: Way, root: Path) -> list[_Ended]:
    analyzer, type_name = _analyzer(pool.root), _type_of(inputs)
    complete = scopes_from(claimed) if (claimed := _claim_of(inputs)) else ()
    paths = [str(root / one.name) for one in inputs]
    asked = [StoreInput(path, type_name, complete=complete) for path in paths]
    with temporary_snapshot(asked, declared=analyzer.repository.declared_type, keep_going=way.keep_going) as read:
        if read.snapshot is None:
            raise Refused(str(read.failures[0]))
        selection = select_policies(analyzer, _named(pool), over=read.snapshot)
        with evaluate_snapshot(
            read.snapshot, selection, snapshot_time=_moment(pool.time), cached=False, by_interpreter=not way.duckdb
        ) as evaluation:
            return list(_ends(evaluation))


def _from_store(pool: Pool, inputs: Sequence[Input], way: Way, root: Path) -> list[_Ended]:
    analyzer, store = _analyzer(pool.root), Store(root / "store")
    asked = [
        StoreInput(
            str(root / one.name),
            one.type_name,
            observed_at=_moment(one.observed_at) if one.observed_at else None,
            complete=scopes_from(one.complete) if one.complete else (),
        )
        for one in inputs
    ]
    imported = import_inputs(store, asked, declared=analyzer.repository.declared_type, keep_going=way.keep_going)
    if imported.snapshot is None:
        raise Refused(str(imported.failures[0]))
    found: list[_Ended] = []
    for time in range(1 + way.judged_before):
        if way.store_damage and time == way.judged_before:
            way.store_damage(root / "store")
        with store.reading() as snapshot:
            selection = select_policies(analyzer, _named(pool), over=snapshot)
            with evaluate_snapshot(snapshot, selection, snapshot_time=_moment(pool.time)) as evaluation:
                found = list(_ends(evaluation))
    return found


def _ends(evaluation: Evaluation) -> Iterable[_Ended]:
    for type_name in evaluation.selection.by_type():
        columns = [column for column in evaluation.verdicts if column.program.input_type == type_name]
        for objects, ends in columns[0].objects.chunks(columns):
            for column, of_column in zip(columns, ends, strict=True):
                program = column.program
                for judged, (index, _) in zip(objects, of_column, strict=True):
                    yield program.policy_id, judged.id, EvaluationOutcome(program.verdicts[index].status.value, index)


def _named(pool: Pool) -> tuple[str, ...]:
    return pool.asked if pool.root == LIBRARY else pool.policies


def _type_of(inputs: Sequence[Input]) -> str | None:
    return next((one.type_name for one in inputs if one.form == "json"), None)


def _claim_of(inputs: Sequence[Input]) -> str | None:
    """Return the claim of inputs that are judged as they are: an option of the command, and so of all of them alike."""
    return next((one.complete for one in inputs if one.complete), None)


def _moment(time: str) -> datetime:
    return datetime.fromtimestamp((date_time_from_text(time) or 0) / 1000, tz=UTC)


def _by_commands(pool: Pool, inputs: Sequence[Input], way: Way, root: Path) -> list[_Ended]:
    common = ["--repo", str(pool.root)] if pool.root != LIBRARY else []
    going = ["--keep-going"] if way.keep_going else []
    asked = [
        *common,
        "--snapshot-time",
        pool.time,
        "--format",
        "ndjson",
        *(w for one in _named(pool) for w in ("--policy", one)),
    ]
    if not way.stored:
        type_name, claim = _type_of(inputs), _claim_of(inputs)
        more = [*(["--type", type_name] if type_name else []), *(["--complete", claim] if claim else [])]
        engine = ["--engine", "duckdb" if way.duckdb else "interpreter"]
        return _read(_run(["check", *(str(root / one.name) for one in inputs), *more, *engine, *going, *asked], way))
    # Objects of tests have fields that their types do not declare, such as times of disappearance.
    words = ["import", "--store", str(root / "store"), "--new-type", *common, *going]
    # An option holds for the inputs before it that have none: those that claim nothing stand behind all that do.
    for one in sorted(inputs, key=lambda one: (one.complete is None, one.observed_at is None)):
        words.append(str(root / one.name))
        words += ["--type", one.type_name] if one.type_name else []
        words += ["--observed-at", one.observed_at] if one.observed_at else []
        words += ["--complete", one.complete] if one.complete else []
    _run(words, way)
    evaluate = ["check", "--store", str(root / "store"), *asked]
    if way.judged_before:
        _run(evaluate, way)
    if way.store_damage:
        way.store_damage(root / "store")
    return _read(_run(evaluate, way))


def _run(words: list[str], way: Way) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "perpend", *words],
        capture_output=True,
        text=True,
        env={**os.environ, "PERPEND_DEBUG": ""},
        timeout=600,
        check=False,
    )
    code, err = ended.returncode, ended.stderr
    if code not in (0, 1, UNUSABLE, 3) or "Traceback" in err or "internal error" in err:
        raise Crashed(f"perpend {' '.join(words)} ended with {code}\n{err}")
    if code == UNUSABLE and not (way.keep_going and (ended.stdout or words[0] == "import")):
        raise Refused(err)
    return ended.stdout


def _read(out: str) -> list[_Ended]:
    verdicts = [verdict for verdict in map(json.loads, out.splitlines()) if "policyId" in verdict]
    return [(one["policyId"], one["object"]["id"], EvaluationOutcome(one["status"], one["conditionIndex"])) for one in verdicts]
