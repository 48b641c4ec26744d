"""Small estates that change: snapshots of a few objects with the verdicts of made-up programs, as a history takes them."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from perpend.core.commit import digest_of
from perpend.core.objects.claims import Claim
from perpend.core.objects.object_types import Field, Lookup, ObjectType, Types
from perpend.core.objects.status import Status
from perpend.core.schema.tables import ROW, SOURCE, Column, Form, Table, Tables
from perpend.core.values.types import ValueType
from perpend.evaluation.engines.verdicts import VerdictFiles
from perpend.findings.history.storage import HistoryStorage
from perpend.findings.history.write.evaluated_run import EvaluatedRun, EvaluatedType
from perpend.inventory.snapshots.manifest import StoredFile, StoredSource
from perpend.inventory.snapshots.snapshot import Snapshot, TableFiles
from perpend.language.operations import OPERATIONS
from perpend.language.program.parameters import ParameterValue
from perpend.language.program.program import Block, Condition, DeclaredOutcome, Expr, Outcome, Program
from tests.unit.inventory.snapshots.stored import plain_duckdb

TYPE = ObjectType(
    "Thing",
    fields={one: Field(one, "text") for one in ("Id", "account", "region", "name", "created")},
    lookups={"account__r": Lookup("account__r", "Account", "account")},
    master="account__r",
    name_field="name",
    declared=True,
)
CODES = {199: Status.INCOMPLIANT, 299: Status.INCOMPLIANT, 0: Status.UNDETERMINED, 101: Status.UNDETERMINED}
CODES |= {300: Status.COMPLIANT, 98: Status.INAPPLICABLE, 99: Status.DISAPPEARED}
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = ("Id", "account", "region", "name", "created")


def program(
    policy: str,
    version: int = 1,
    codes: Mapping[int, Status] = CODES,
    kind: ObjectType = TYPE,
    *,
    days: int | None = None,
    by_parameter: bool = True,
) -> Program:
    """Return a program of some version that can end in these ways.

    ``days`` is a number in its condition: the value of its parameter, or a literal without ``by_parameter``.
    """
    outcome = Outcome(Status.COMPLIANT, "fine", None)
    named = {"value": "days"} if by_parameter else {}
    number = Expr(OPERATIONS["NUMBER"], {"value": days}, ValueType.NUMBER, parameters=named)
    block = Block(kind, () if days is None else (Condition(number, outcome),), outcome, record_types=(f"v{version}",))
    values = () if days is None or not by_parameter else (ParameterValue("days", days, 90),)
    verdicts = {index: DeclaredOutcome(index, status, f"text {index}", f"message {index}") for index, status in codes.items()}
    return Program(f"{policy}/prod.logic.yaml", policy, block, verdicts, Types({kind.name: kind}), (), values)


@dataclass(frozen=True, slots=True)
class Thing:
    """One object of a snapshot."""

    id: str
    account: str | None = "1"
    region: str | None = None
    name: str | None = None
    created: str | None = None


@dataclass(slots=True)
class Inventory:
    """A store's directory and its history. Runs are given as objects with a code by policy."""

    directory: Path
    runs: int = 0

    @property
    def place(self) -> HistoryStorage:
        """The history."""
        return HistoryStorage(self.directory)

    def judged(
        self,
        things: Mapping[Thing, Sequence[int]] | None,
        programs: Sequence[Program],
        *,
        time: datetime,
        claims: Iterable[Claim] = (),
        seen: Mapping[str, datetime] | None = None,
        **more: Any,
    ) -> EvaluatedRun:
        """Return a run to be committed: the codes of programs, in their order, by object; None where there is no table.

        ``seen`` are times by account: of each of these a source of its own tells, with what is claimed of it.
        """
        self.runs += 1
        token = secrets.token_hex(4)
        sources = _sources(claims, seen or {})
        if things is None:
            snapshot = self._snapshot({}, {}, sources, token)
            absent = [one.policy_id for one in programs]
            return EvaluatedRun(snapshot, time, "engine 1", [EvaluatedType(TYPE, absent=absent)], **more)
        numbers = {source.name: number for number, source in enumerate(sources)}
        rows = [
            (*(getattr(thing, name.lower()) for name in COLUMNS), numbers.get(thing.account or "", 0), *codes)
            for thing, codes in things.items()
        ]
        objects, verdicts = self._written(rows, len(programs), token)
        columns = {name: Column(name, Form.TEXT) for name in COLUMNS}
        table = Table("Thing", "Thing", columns, rows=len(rows))
        file = StoredFile(str(objects.relative_to(self.directory)), *digest_of(objects))
        snapshot = self._snapshot({"Thing": table}, {"Thing": (file,)}, sources, file.sha256)
        files = VerdictFiles(None, (verdicts,), len(rows), len(programs))  # type: ignore[arg-type]  # nobody reads by it here
        return EvaluatedRun(snapshot, time, "engine 1", [EvaluatedType(TYPE, tuple(programs), files)], **more)

    def _snapshot(
        self, tables: dict[str, Table], files: dict[str, Any], sources: tuple[StoredSource, ...], content: str
    ) -> Snapshot:
        return Snapshot(
            f"run-{self.runs}",
            Tables(tables),
            TableFiles(self.directory, files),
            sources,
            (),
            BEGIN,
            f"{content}{hash(sources)}",
            "made",
            self.directory,
        )

    def _written(self, rows: Sequence[Sequence[Any]], programs: int, token: str) -> tuple[Path, Path]:
        """Write objects and codes to two files, as a store and an engine would."""
        inventory = self.directory / "inventory"
        inventory.mkdir(parents=True, exist_ok=True)
        plain, objects, verdicts = (inventory / f"{token}-{name}" for name in ("rows.csv", "objects.parquet", "codes.parquet"))
        with plain.open("w", newline="") as stream:
            csv.writer(stream).writerows((number, *row) for number, row in enumerate(rows))
        kinds = {ROW: "BIGINT", **dict.fromkeys(COLUMNS, "VARCHAR"), SOURCE: "INTEGER"}
        kinds |= {f"v{n}": "INTEGER" for n in range(programs)}
        read = f"read_csv('{plain}', header = false, columns = {kinds}, nullstr = '', auto_detect = false)"
        codes = ", ".join([ROW, *(f"v{number}" for number in range(programs))])
        connection, named = plain_duckdb().cursor(), ", ".join(f'"{name}"' for name in (ROW, *COLUMNS, SOURCE))
        connection.execute(f"COPY (SELECT {named} FROM {read}) TO '{objects}' (FORMAT parquet)")
        connection.execute(f"COPY (SELECT {codes} FROM {read}) TO '{verdicts}' (FORMAT parquet)")
        plain.unlink()
        return objects, verdicts


def _sources(claims: Iterable[Claim], seen: Mapping[str, datetime]) -> tuple[StoredSource, ...]:
    """Return a source that states no time, and one of each account that was looked at by itself, with what each claims."""
    of = [(claim, claim.scope.account if claim.scope.account in seen else None) for claim in claims]
    times: dict[str | None, datetime | None] = {None: None, **seen}
    return tuple(
        StoredSource(account or "made", "test-data", time, coverage=tuple(claim for claim, whose in of if whose == account))
        for account, time in times.items()
    )
