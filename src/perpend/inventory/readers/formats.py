"""Recognise the format of an input by its first bytes.

Detection is tolerant where readers are strict: the head of an input may end anywhere, and nothing raises.
"""

from __future__ import annotations

import csv
import json
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from perpend.core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MARK: Final = b"\xef\xbb\xbf"
_SPACE: Final = re.compile(r"[ \t\n\r]*+")
_CUT: Final = object()
_DECODER: Final = json.JSONDecoder()

HEAD: Final = 1 << 20
"""The number of unpacked bytes of an input that are enough to recognise its format."""

_REPORT_COLUMNS: Final = {"user", "arn"}
_DETAILS: Final = ("UserDetailList", "GroupDetailList", "RoleDetailList")
_STEAMPIPE: Final = ({"_ctx"}, {"sp_connection_name"}, {"akas", "title"})
_CLOUDQUERY: Final = ({"_cq_id"}, {"_cq_sync_time"}, {"_cq_source_name"})
_OCSF: Final = {"class_uid", "metadata"}
_FINDINGS: Final = (_OCSF, {"SchemaVersion", "ProductArn"}, {"FindingUniqueId", "CheckID"})
"""Keys of findings in OCSF, in Security Hub's format, and of Prowler 3."""

_PLANS: Final = (
    {"terraform_version"},
    {"plan_format_version"},
    {"format_version", "planned_values"},
    {"format_version", "resource_changes"},
)
"""Keys of plans of Terraform and OpenTofu: as ``show -json`` writes them, the form of remote runs, and raw states."""

_LOG: Final = {"@level", "@message", "@module"}
"""Keys of the lines that ``plan -json`` writes."""

_PAGING: Final = ("IsTruncated", "Marker", "NextToken", "nextToken")
"""Members of the AWS CLI's answers that say whether there is more."""


class Outline:
    """The structure of an input's first bytes. Each property is computed once, on first use."""

    def __init__(self, head: bytes) -> None:
        self.head = head.removeprefix(MARK)

    @cached_property
    def start(self) -> bytes:
        """The head without leading white space."""
        return self.head.lstrip()

    @cached_property
    def first_line(self) -> bytes:
        """The first line without surrounding white space."""
        return self.head.partition(b"\n")[0].strip()

    @cached_property
    def columns(self) -> frozenset[str]:
        """The names in the first line of CSV or TSV; empty if that line cannot be parsed."""
        line = self.first_line.decode("utf-8", errors="replace")
        delimiter = "\t" if "\t" in line and "," not in line else ","
        try:
            return frozenset(next(csv.reader([line], delimiter=delimiter, strict=True), ()))
        except csv.Error:
            return frozenset()

    @cached_property
    def members(self) -> dict[str, Any]:
        """The members of a JSON object, or of the first object of a JSON array, up to the end of the head.

        The value of a member that the head cuts off is None.
        """
        if self.start[:1] not in (b"{", b"["):
            return {}
        text = self.start.decode("utf-8", errors="replace")
        return _members(text, _skip(text, 1) if text[0] == "[" else 0)


def first_of(value: Any) -> dict[str, Any]:
    """Return the first element of a list of objects, an empty object for any other value."""
    first = value[0] if isinstance(value, list) and value else None
    return first if isinstance(first, dict) else {}


def _members(text: str, offset: int) -> dict[str, Any]:
    members: dict[str, Any] = {}
    if text[offset : offset + 1] != "{":
        return members
    offset = _skip(text, offset + 1)
    while text[offset : offset + 1] == '"':
        key, offset = _value(text, offset)
        if not isinstance(key, str) or text[offset : offset + 1] != ":":
            break
        value, offset = _value(text, _skip(text, offset + 1))
        members[key] = None if value is _CUT else value
        if value is _CUT or text[offset : offset + 1] != ",":
            break
        offset = _skip(text, offset + 1)
    return members


def _value(text: str, offset: int) -> tuple[Any, int]:
    try:
        value, end = _DECODER.raw_decode(text, offset)
    except (ValueError, RecursionError):
        return _CUT, offset
    return value, _skip(text, end)


def _skip(text: str, offset: int) -> int:
    space = _SPACE.match(text, offset)
    return space.end() if space else offset


@dataclass(frozen=True, slots=True)
class InputKind:
    """A format of inputs. ``label`` is its name in texts.

    ``is_table``: its rows are objects of one type, which the file does not name; only a snapshot can hold it. ``is_joined``:
    its objects refer to each other by keys, which only a snapshot follows.
    """

    name: str
    label: str
    recognises: Callable[[Outline], bool]
    lists_children: bool = True
    is_table: bool = False
    is_joined: bool = False


def _is_json_lines(shown: Outline) -> bool:
    """Whether a JSON text is one object per line, and not an AWS CLI answer that contains a report."""
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
    """Whether a JSON object has a list of objects with one of some keys. A list that the head cuts off counts."""
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


def _is_state(shown: Outline) -> bool:
    """Whether JSON is a state as ``show -json`` writes it."""
    return _is_object(shown) and {"format_version", "values"} <= shown.members.keys()


def _is_plan(shown: Outline) -> bool:
    """Whether JSON is a plan, or something else of Terraform, for which the reader names the command to run instead."""
    names = shown.members.keys()
    return _is_object(shown) and (any(marks <= names for marks in _PLANS) or names >= _LOG)


def _is_unsupported(shown: Outline) -> bool:
    """Whether JSON holds findings, a wrapped list, or several pages of account authorization details."""
    names = shown.members.keys()
    if any(marks <= names for marks in _FINDINGS):
        return True
    if _is_array(shown):
        return not names.isdisjoint(_DETAILS)
    return _is_object(shown) and _is_wrapped_list(shown)


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
STATE: Final = InputKind("terraform-state", "Terraform state", _is_state, is_joined=True)
PLAN: Final = InputKind("terraform-plan", "Terraform plan", _is_plan, is_joined=True)
UNSUPPORTED: Final = InputKind("unsupported", "unsupported JSON", _is_unsupported)
"""JSON that would otherwise be taken for objects, an answer or a table: it is no inventory, or not one that is read."""

KINDS: Final = (
    PARQUET,
    PROWLER,
    DETAILS,
    CONFIG,
    CLOUDQUERY,
    STEAMPIPE,
    STATE,
    PLAN,
    UNSUPPORTED,
    OBJECTS,
    JSON_LINES,
    ANSWER,
    REPORT,
    TSV,
    CSV,
)
"""All formats. The first that recognises the content wins."""

_TABLES: Final = (PARQUET, JSON_LINES, TSV, CSV)
_BY_NAME: Final = {kind.name: kind for kind in KINDS}


def kind_of(head: bytes) -> InputKind | None:
    """Return the format of an input by its first bytes, None if they are blank."""
    shown = Outline(head)
    return next((kind for kind in KINDS if kind.recognises(shown)), None)


def table_kind_of(head: bytes) -> InputKind | None:
    """Return the format of an input that the user calls a table; None if it cannot be a table."""
    shown = Outline(head)
    if _is_array(shown):
        return None
    return JSON_LINES if _is_object(shown) else next((kind for kind in _TABLES if kind.recognises(shown)), None)


def holds_lines(head: bytes) -> bool:
    """Whether JSON lines are several objects, the first of which is not an AWS CLI answer that contains a report."""
    first, _, second = Outline(head).start.partition(b"\n")
    return second.startswith(b"{") and "Content" not in Outline(first).members


def label_of_kind(name: str) -> str:
    """Return the label of a format, or its name if this version does not know it."""
    return _BY_NAME[name].label if name in _BY_NAME else name


def list_children(names: Iterable[str]) -> bool:
    """Whether one of some formats can contain child lists. An unknown format, or none, may."""
    names = list(names)
    return not names or not all(name in _BY_NAME and not _BY_NAME[name].lists_children for name in names)


def is_table(name: str) -> bool:
    """Whether a format is a table of one object type."""
    return name in _BY_NAME and _BY_NAME[name].is_table


def is_joined(name: str) -> bool:
    """Whether the objects of a format refer to each other, so that they are evaluated in a snapshot."""
    return name in _BY_NAME and _BY_NAME[name].is_joined
