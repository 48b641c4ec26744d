"""Read verdicts from JSON lines, a Parquet file, or a store, by the kind of the path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.reports.site.content.verdicts.lines import read_lines
from perpend.reports.site.content.verdicts.parquet import MAGIC, read_parquet
from perpend.reports.site.content.verdicts.snapshot import read_store
from perpend.reports.site.content.verdicts.tally import NotVerdicts, Tally

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from perpend.language.compiler.analyzer import Analyzer
    from perpend.reports.site.content.verdicts.tally import VerdictBook


def read_verdicts(path: Path, analyzer: Analyzer, names: Mapping[str, str] | None = None) -> VerdictBook:
    """Read verdicts of the repository's policies. ``names`` are the names of accounts, by number.

    Raise :class:`NotVerdicts` if there are none, or none of this repository, ``StoreError`` if a store cannot be read.
    """
    tally = Tally(analyzer)
    try:
        if path.is_dir():
            read_store(path, tally, analyzer, names or {})
        elif path.exists() and not path.is_file():
            raise NotVerdicts(f"{path}: is no regular file; it is read more than once")
        elif _is_parquet(path):
            read_parquet(path, tally)
        else:
            read_lines(path, tally)
    except OSError as error:
        raise NotVerdicts(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    return tally.finished(str(path))


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(MAGIC)) == MAGIC
