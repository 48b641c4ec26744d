"""Every kind of input, in one table: what it is called, how content shows it, and what to do with one that is not taken.

Refuses to know how any of them is read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from perpend.inventory.readers.sniff import MARK, Outline, first_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HEAD: Final = 1 << 20
"""How many bytes of an input, unpacked, are enough to know its kind."""

_REPORT_COLUMNS: Final = {"user", "arn"}
_DETAILS: Final = ("UserDetailList", "GroupDetailList", "RoleDetailList")
_STEAMPIPE: Final = ({"_ctx"}, {"sp_connection_name"}, {"akas", "title"})
_CLOUDQUERY: Final = ({"_cq_id"}, {"_cq_sync_time"}, {"_cq_source_name"})
_OCSF: Final = {"class_uid", "metadata"}
_FINDINGS: Final = (_OCSF, {"SchemaVersion", "ProductArn"}, {"FindingUniqueId", "CheckID"})
"""Keys of findings in OCSF, in Security Hub's format, and of Prowler 3."""

_PLANS: Final = (
    {"terraform_version"},
    {"format_version", "planned_values"},
    {"format_version", "resource_changes"},
    {"format_version", "values"},
)
_PAGING: Final = ("IsTruncated", "Marker", "NextToken", "nextToken")
"""Members of the AWS CLI's answers that say whether there is more."""


@dataclass(frozen=True, slots=True)
class InputKind:
    """A kind of input. ``label`` is what people call it; ``recognises`` is told what the first bytes show.

    ``is_table``: its rows are objects of one type, which it does not name, and only a store takes it in. ``is_joined``: its
    objects name each other, which only a store follows.
    """

    name: str
    label: str
    recognises: Callable[[Outline], bool]
    lists_children: bool = True
    is_table: bool = False
    is_joined: bool = False


def _is_json_lines(shown: Outline) -> bool:
    """Whether a JSON text is one object per line, and not the AWS CLI's answer with a report in it."""
    lines = shown.start.split(b"\n", 2)
    if not lines[0].startswith(b"{"):
        return False
    if len(lines) > 1 and lines[1].startswith(b"{"):
        return True
    if len(lines) == 1 and len(shown.head) >= HEAD - len(MARK):
        return b'"Content"' not in shown.head
    try:
        first = json.loads(lines[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and "Content" not in first


def _is_object(shown: Outline) -> bool:
    return shown.start.startswith(b"{")


def _is_array(shown: Outline) -> bool:
    return shown.start.startswith(b"[")


def _is_list_of(shown: Outline, name: str, *marks: str) -> bool:
    """Whether an object holds a list of objects that have one of some keys, as far as the head shows it."""
    if not _is_object(shown) or name not in shown.members:
        return False
    value = shown.members[name]
    return value is None or any(mark in first_of(value) for mark in marks)


def _is_prowler(shown: Outline) -> bool:
    return _is_array(shown) and {*_OCSF, "finding_info"} <= shown.members.keys()


def _is_steampipe(shown: Outline) -> bool:
    names = set(shown.columns)
    if _is_array(shown) or _is_object(shown):
        rows = shown.members.get("rows")
        if _is_object(shown) and "columns" in shown.members and ("rows" in shown.members or shown.members["columns"] is None):
            return True
        names = {*(shown.members if _is_array(shown) else first_of(rows))}
    return any(marks <= names for marks in _STEAMPIPE)


def _is_cloudquery(shown: Outline) -> bool:
    names = {*shown.members} if _is_array(shown) or _is_object(shown) else shown.columns
    return any(marks <= names for marks in _CLOUDQUERY)


def _is_wrapped_list(shown: Outline) -> bool:
    """Whether a single JSON object is only a wrapper of a list of objects, as the AWS CLI answers, or of empty lists."""
    members = shown.members
    if not _is_object(shown) or members.keys() & {"Id", "Content"} or shown.start.partition(b"\n")[2].startswith(b"{"):
        return False
    rest = [value for name, value in members.items() if name not in _PAGING]
    return any(map(first_of, members.values())) or (bool(rest) and all(value == [] for value in rest))


def _is_unsupported(shown: Outline) -> bool:
    """Whether JSON holds findings, a plan, a wrapped list, or several pages of account authorization details."""
    names = shown.members.keys()
    if any(marks <= names for marks in _FINDINGS):
        return True
    if _is_array(shown):
        return not names.isdisjoint(_DETAILS)
    return _is_object(shown) and (any(marks <= names for marks in _PLANS) or _is_wrapped_list(shown))


PARQUET: Final = InputKind("parquet", "Parquet table", lambda shown: shown.head.startswith(b"PAR1"), is_table=True)
OBJECTS: Final = InputKind("test-data", "objects in test-data form", _is_array)
JSON_LINES: Final = InputKind("ndjson", "JSON lines", _is_json_lines, is_table=True)
ANSWER: Final = InputKind("credential-report-json", "credential report from the AWS CLI", _is_object, lists_children=False)
REPORT: Final = InputKind(
    "credential-report",
    "credential report",
    lambda shown: set(shown.first_line.decode("utf-8", errors="replace").split(",")) >= _REPORT_COLUMNS,
    lists_children=False,
)
TSV: Final = InputKind(
    "tsv", "TSV table", lambda shown: b"\t" in shown.first_line and b"," not in shown.first_line, is_table=True
)
CSV: Final = InputKind("csv", "CSV table", lambda shown: bool(shown.start), is_table=True)

DETAILS: Final = InputKind(
    "authorization-details",
    "account authorization details",
    lambda shown: (
        _is_object(shown) and any(_is_list_of(shown, name, "Arn") or shown.members.get(name) == [] for name in _DETAILS)
    ),
    is_joined=True,
)
CONFIG: Final = InputKind(
    "aws-config",
    "AWS Config snapshot or history",
    lambda shown: _is_object(shown) and "configurationItems" in shown.members,
    is_joined=True,
)
PROWLER: Final = InputKind("prowler-ocsf", "Prowler findings (OCSF)", _is_prowler, lists_children=False)
STEAMPIPE: Final = InputKind("steampipe", "Steampipe table", _is_steampipe, is_joined=True)
CLOUDQUERY: Final = InputKind("cloudquery", "CloudQuery table", _is_cloudquery, is_joined=True)
UNSUPPORTED: Final = InputKind("unsupported", "unsupported JSON", _is_unsupported)
"""JSON that would otherwise be taken for objects, an answer or a table: it is no inventory, or not one that is read."""

KINDS: Final = (
    PARQUET,
    PROWLER,
    DETAILS,
    CONFIG,
    CLOUDQUERY,
    STEAMPIPE,
    UNSUPPORTED,
    OBJECTS,
    JSON_LINES,
    ANSWER,
    REPORT,
    TSV,
    CSV,
)
"""All kinds, in the order in which they are asked whether they recognise content: the first that does is it."""

_TABLES: Final = (PARQUET, JSON_LINES, TSV, CSV)
_BY_NAME: Final = {kind.name: kind for kind in KINDS}


def kind_of(head: bytes) -> InputKind | None:
    """Return the kind of an input by its first bytes, None for one that holds nothing."""
    shown = Outline(head)
    return next((kind for kind in KINDS if kind.recognises(shown)), None)


def table_kind_of(head: bytes) -> InputKind | None:
    """Return the kind of what somebody says is a table, with whatever columns; None where it can be none."""
    shown = Outline(head)
    if _is_array(shown):
        return None
    return JSON_LINES if _is_object(shown) else next((kind for kind in _TABLES if kind.recognises(shown)), None)


def holds_lines(head: bytes) -> bool:
    """Whether JSON lines are several objects, none of them an answer of the AWS CLI with a report in it."""
    first, _, second = Outline(head).start.partition(b"\n")
    return second.startswith(b"{") and "Content" not in Outline(first).members


def label_of_kind(name: str) -> str:
    """Return what people call a kind of source, its name where a store knows one that this version does not."""
    return _BY_NAME[name].label if name in _BY_NAME else name


def list_children(names: Iterable[str]) -> bool:
    """Whether any of the kinds of a run's sources can list child objects; an unknown one might."""
    names = list(names)
    return not names or not all(name in _BY_NAME and not _BY_NAME[name].lists_children for name in names)


def is_table(name: str) -> bool:
    """Whether a kind's rows are objects of one type each."""
    return name in _BY_NAME and _BY_NAME[name].is_table


def is_joined(name: str) -> bool:
    """Whether a kind's objects name each other, so that they are judged by way of a store."""
    return name in _BY_NAME and _BY_NAME[name].is_joined
