"""Every kind of input, in one table: what it is called, how content shows it, whether it can list child objects.

Refuses to know how any of them is read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HEAD: Final = 1 << 20
"""How many bytes of an input, unpacked, are enough to know its kind."""

_MARK: Final = b"\xef\xbb\xbf"
_REPORT_COLUMNS: Final = frozenset((b"user", b"arn"))


@dataclass(frozen=True, slots=True)
class InputKind:
    """A kind of input. ``label`` is what people call it; ``recognises`` is told the first bytes, without a byte order mark.

    ``is_table``: its rows are objects of one type, which it does not name, and only a store takes it in.
    """

    name: str
    label: str
    recognises: Callable[[bytes], bool]
    lists_children: bool = True
    is_table: bool = False


def _is_json_lines(head: bytes) -> bool:
    """Whether a JSON text is one object per line, and not the AWS CLI's answer with a report in it."""
    lines = head.lstrip().split(b"\n", 2)
    if not lines[0].startswith(b"{"):
        return False
    if len(lines) > 1 and lines[1].startswith(b"{"):
        return True
    if len(lines) == 1 and len(head) >= HEAD - len(_MARK):
        return b'"Content"' not in head
    try:
        first = json.loads(lines[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and "Content" not in first


def _is_report(head: bytes) -> bool:
    return set(_first_line(head).split(b",")) >= _REPORT_COLUMNS


def _first_line(head: bytes) -> bytes:
    return head.partition(b"\n")[0].strip()


PARQUET: Final = InputKind("parquet", "Parquet table", lambda head: head.startswith(b"PAR1"), is_table=True)
OBJECTS: Final = InputKind("test-data", "objects in test-data form", lambda head: head.lstrip().startswith(b"["))
JSON_LINES: Final = InputKind("ndjson", "JSON lines", _is_json_lines, is_table=True)
ANSWER: Final = InputKind(
    "credential-report-json",
    "credential report from the AWS CLI",
    lambda head: head.lstrip().startswith(b"{"),
    lists_children=False,
)
REPORT: Final = InputKind("credential-report", "credential report", _is_report, lists_children=False)
TSV: Final = InputKind(
    "tsv", "TSV table", lambda head: b"\t" in _first_line(head) and b"," not in _first_line(head), is_table=True
)
CSV: Final = InputKind("csv", "CSV table", lambda head: bool(head.strip()), is_table=True)

KINDS: Final = (PARQUET, OBJECTS, JSON_LINES, ANSWER, REPORT, TSV, CSV)
"""All kinds, in the order in which they are asked whether they recognise content. No content is of two."""

_AS_TABLE: Final = {ANSWER.name: JSON_LINES, REPORT.name: CSV}
_BY_NAME: Final = {kind.name: kind for kind in KINDS}


def kind_of(head: bytes) -> InputKind | None:
    """Return the kind of an input by its first bytes, None for one that holds nothing."""
    head = head.removeprefix(_MARK)
    return next((kind for kind in KINDS if kind.recognises(head)), None)


def table_kind_of(head: bytes) -> InputKind | None:
    """Return the kind of what somebody says is a table, with whatever columns; None where it can be none."""
    kind = kind_of(head)
    return kind if kind is None or kind.is_table else _AS_TABLE.get(kind.name)


def label_of_kind(name: str) -> str:
    """Return what people call a kind of source, its name where a store knows one that this version does not."""
    return _BY_NAME[name].label if name in _BY_NAME else name


def list_children(names: Iterable[str]) -> bool:
    """Whether any of the kinds of a run's sources can list child objects; an unknown one might."""
    names = list(names)
    return not names or not all(name in _BY_NAME and not _BY_NAME[name].lists_children for name in names)
