"""What was computed of a snapshot's rows, kept beside it: a second run reads verdicts, a new policy the extracts below it.

A column's name is the hash of its definition, its directory the hash of the snapshot's content, the table and the versions
of everything that computes: another value can only stand under another name. A damaged file is made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final
from unicodedata import unidata_version

import duckdb

from perpend.plan.kept import SEMANTICS, VERDICTS, Keepable, keepable, keepable_verdicts
from perpend.plan.scalar import Kind
from perpend.plan.stage import KIND_OF_FORM, ROOT, Stage
from perpend.store.database import pattern
from perpend.store.files import OWNER_ONLY, make_directory
from perpend.tables.schema import ROW, SOURCE
from perpend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from perpend.engines.duckdb.engine import DuckDb
    from perpend.plan.build import Plan

_VERSIONS: Final = (duckdb.__version__, unidata_version, version("google-re2"), version("jmespath"))
"""Of all that computes what is kept, beside this package: letters and patterns have versions of their own."""

_INDEX: Final = "columns.json"
_MOST_FILES: Final = 8
_IN_USE: Final = 86_400.0
"""For how many seconds a file that no index names any more may still be read by a run."""


@dataclass(slots=True)
class Cost:
    """What one table cost: how many columns were read from what was kept, and how many were computed and kept now.

    ``what`` they hold: verdicts, or the extracts that verdicts are made of.
    """

    table: str
    what: str
    reused: int
    computed: int


@dataclass(slots=True)
class KeptColumns:
    """The kept columns of one snapshot. ``costs`` grow with every plan."""

    engine: DuckDb
    directory: Path
    identity: str
    files: Mapping[str, Sequence[Path]]
    costs: list[Cost] = field(default_factory=list)

    def can_be_kept(self) -> bool:
        """Whether the directory can be written: a store on a read-only disk is judged all the same, and nothing kept."""
        place = self.directory / self.identity
        try:
            make_directory(place)
        except OSError:
            return False
        return os.access(place, os.W_OK)

    def over_kept(self, plan: Plan, *, whole: bool = True) -> tuple[Plan, Callable[[str], str]]:
        """Return a plan as read from kept columns, having computed those that were not there, and what stands for tables.

        ``whole``: all rows will be judged, so that verdicts are worth keeping.
        """
        relations: dict[str, str] = {}
        stage = self._stage(plan, plan.stage, {ROW: Kind.WHOLE, SOURCE: Kind.WHOLE}, relations, verdicts=whole)

        def relation(table: str) -> str:
            return relations[table] if table in relations else self.engine.files(self.files[table])

        return replace(plan, stage=stage), relation

    def _stage(self, plan: Plan, stage: Stage, keys: dict[str, Kind], relations: dict[str, str], *, verdicts: bool) -> Stage:
        counts = []
        for one in stage.counts:
            below = {one.join.other: _kind(one.stage, one.join.other)}
            counts.append(replace(one, stage=self._stage(plan, one.stage, below, relations, verdicts=verdicts)))
        stage = replace(stage, counts=tuple(counts))
        owned = [one.join.own for one in stage.lookups if one.above == ROOT]
        owned += [one.join.own for one in stage.counts if one.above == ROOT]
        keys = keys | {name: _kind(stage, name) for name in owned}
        found = keepable_verdicts(plan.scalars, stage, keys, plan.reasons) if verdicts else None
        found = found or keepable(plan.scalars, stage, keys)
        if found is None or stage.table.rows == 0:
            return stage
        over = found.stage_over_kept(plan.scalars, stage)
        if over.table.name in relations:
            over = replace(over, table=replace(over.table, name=f"{over.table.name}{len(relations)}"))
        relations[over.table.name] = self._relation(plan, stage, found)
        return over

    def _relation(self, plan: Plan, stage: Stage, wanted: Keepable) -> str:
        place = self._place(stage.table.name, wanted.what)
        known = self._known(place)
        missing = {name: scalar for name, scalar in wanted.columns.items() if name not in known}
        lacking = {name: scalar for name, scalar in wanted.keys.items() if name not in known and name != ROW}
        if missing or lacking:
            outputs = missing | lacking
            made = dict.fromkeys(outputs, self._compute(plan, Stage(stage.table, outputs), wanted, place))
            self._note(place, made)
            known = {**known, **made}
        self.costs.append(Cost(stage.table.name, wanted.what, len(wanted.columns) - len(missing), len(missing)))
        by_file: dict[str, list[str]] = {}
        for name in (*wanted.columns, *wanted.keys):
            if name != ROW:
                by_file.setdefault(known[name], []).append(name)
        return self._joined([place / file for file in by_file], list(by_file.values()))

    def _joined(self, paths: Sequence[Path], columns: Sequence[Sequence[str]]) -> str:
        if len(paths) == 1:
            return self.engine.files(paths)
        quote = self.engine.quoted
        listed = [f"f{number}.{quote(name)}" for number, names in enumerate(columns) for name in names]
        text = f"(SELECT f0.{quote(ROW)}, {', '.join(listed)} FROM {self.engine.files(paths[:1])} AS f0"
        for number, path in enumerate(paths[1:], 1):
            text += f" JOIN {self.engine.files([path])} AS f{number} ON f{number}.{quote(ROW)} = f0.{quote(ROW)}"
        return text + ")"

    def _compute(self, plan: Plan, stage: Stage, wanted: Keepable, place: Path) -> str:
        """Write the outputs of a stage to a new file, verdicts by way of extracts; return the file's name."""
        relations = {stage.table.name: self.engine.files(self.files[stage.table.name])}
        names = ", ".join(map(self.engine.quoted, stage.outputs))
        if wanted.what == VERDICTS:
            keys = {name: one.kind for name, one in wanted.keys.items()}
            stage = self._stage(plan, stage, keys, relations, verdicts=False)
        file = f"{secrets.token_hex(8)}.parquet"
        path = place / f"{file}.part"
        query = self.engine.text_of(stage, relations.__getitem__)
        select = f'SELECT "key0" AS {self.engine.quoted(ROW)}, {names} FROM ({query}\n) AS kept'
        self.engine.run(f"COPY ({select}) TO {pattern(path)} (FORMAT parquet, COMPRESSION zstd)")
        path.chmod(OWNER_ONLY)
        os.replace(path, place / file)
        return file

    def _place(self, table: str, what: str) -> Path:
        parts = [table, what, SEMANTICS, __version__, *_VERSIONS]
        name = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
        place = self.directory / self.identity / name
        return make_directory(place)

    def _known(self, place: Path) -> dict[str, str]:
        """Return the kept columns and their files; none where the index is not there, damaged or holds too many files."""
        found = _indexed(place)
        files = set(found.values())
        if len(files) > _MOST_FILES:
            return {}
        whole = {file for file in files if self._is_whole(place / file)}
        return {name: file for name, file in found.items() if file in whole}

    def _is_whole(self, path: Path) -> bool:
        """Whether a file's end, where Parquet says what is in it, is there."""
        try:
            self.engine.run(f"SELECT count(*) FROM parquet_file_metadata({pattern(path)})")
        except duckdb.Error:
            return False
        return True

    def _note(self, place: Path, made: Mapping[str, str]) -> None:
        """Add columns to the index. Another run may have added some meanwhile, and may still read what neither names."""
        before, known = _indexed(place), {**self._known(place), **made}
        dropped = {*before.values()} - {*known.values()}
        for name in dropped & set(os.listdir(place)):
            with suppress(FileNotFoundError):
                os.utime(place / name)  # from now on nobody finds it; who found it before has a day to read it
        temporary = place / f"{secrets.token_hex(8)}.json"
        temporary.write_text(json.dumps(known, indent=0), "utf-8")
        temporary.chmod(OWNER_ONLY)
        os.replace(temporary, place / _INDEX)
        for file in place.iterdir():
            with suppress(FileNotFoundError):  # other runs write and remove here too
                if file.name not in {_INDEX, *known.values()} and time.time() - file.stat().st_mtime > _IN_USE:
                    file.unlink()


def _indexed(place: Path) -> dict[str, str]:
    """Return the columns that an index names and their files; none where it is not there or damaged."""
    try:
        found: Any = json.loads((place / _INDEX).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    named = found.items() if isinstance(found, dict) else ()
    return {name: file for name, file in named if isinstance(file, str)}


def _kind(stage: Stage, name: str) -> Kind:
    column = stage.table.columns.get(name)
    return KIND_OF_FORM[column.form] if column else Kind.WHOLE
