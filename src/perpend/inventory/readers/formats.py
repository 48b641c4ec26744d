"""Every kind of input, in one table: what it is called, how content shows it, and what to do with one that is not taken.

Refuses to know how any of them is read.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from perpend.inventory.readers.sniff import MARK, Outline, first_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HEAD: Final = 1 << 20
"""How many bytes of an input, unpacked, are enough to know its kind."""

_REPORT_COLUMNS: Final = {"user", "arn"}
_DETAILS: Final = ("UserDetailList", "GroupDetailList", "RoleDetailList")
_PLAN: Final = ("planned_values", "resource_changes", "values")
_STEAMPIPE: Final = ({"_ctx"}, {"sp_connection_name"}, {"akas", "title"})
_OTHER_PROWLER: Final = ({"FINDING_UID", "CHECK_ID"}, {"FINDING_UNIQUE_ID", "CHECK_ID"}, {"FindingUniqueId", "CheckID"})
_CLOUDQUERY: Final = ({"_cq_id"}, {"_cq_sync_time"}, {"_cq_source_name"})
_REPORT_IN_BASE64: Final = b"dXNlcixhcm4"
"""How ``user,arn`` begins in base64."""

_TEXT: Final = re.compile(rb"[A-Z][A-Z0-9]+\t.*(?:\barn:aws|\d{4}-\d\d-\d\dT)")
_YAML: Final = re.compile(
    rb"(?:- )?(?:[A-Z][A-Za-z]*:(?: \[\])?|Content: .*|IsTruncated: (?:true|false))|- (?:[A-Z][A-Za-z]*: |arn:aws).*"
)
_OF_PAGES: Final = ("IsTruncated", "Marker", "NextToken", "nextToken")
"""Members of the AWS CLI's answers that say whether there is more."""

_WORD: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_BOX: Final = re.compile(rb"-{8,}\s*\n\|")


@dataclass(frozen=True, slots=True)
class InputKind:
    """A kind of input. ``label`` is what people call it; ``recognises`` is told what the first bytes show.

    ``is_table``: its rows are objects of one type, which it does not name, and only a store takes it in. ``is_joined``: its
    objects name each other, which only a store follows. ``refusal`` says of one that is not taken what it is, and which
    command takes it or what is to be done instead; ``FILE`` and ``NAME`` in it stand for the input and for the list in it.
    """

    name: str
    label: str
    recognises: Callable[[Outline], bool]
    lists_children: bool = True
    is_table: bool = False
    is_joined: bool = False
    refusal: str = ""


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


def _is_ocsf(shown: Outline) -> bool:
    listed = _is_list_of(shown, "Findings", "class_uid") and shown.members["Findings"] is not None
    return listed or ("class_uid" in shown.members and "metadata" in shown.members)


def _is_prowler(shown: Outline) -> bool:
    return _is_array(shown) and _is_ocsf(shown) and "finding_info" in shown.members


def _is_other_prowler(shown: Outline) -> bool:
    names = {*shown.members, *shown.columns_by_semicolon}
    return any(marks <= names for marks in _OTHER_PROWLER)


def _is_ocsf_line(shown: Outline) -> bool:
    return _is_object(shown) and _is_ocsf(shown) and "finding_info" in shown.members


def _is_asff(shown: Outline) -> bool:
    return _is_list_of(shown, "Findings", "SchemaVersion", "ProductArn") or {"SchemaVersion", "ProductArn"} <= {*shown.members}


def _is_plan(shown: Outline) -> bool:
    names = {*shown.members}
    return _is_object(shown) and ("terraform_version" in names or ("format_version" in names and not names.isdisjoint(_PLAN)))


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


def _name_of_list(shown: Outline) -> str:
    """Return the member that is the list of an answer; empty where it has none."""
    filled = next((name for name, value in shown.members.items() if first_of(value)), "")
    rest = {name: value for name, value in shown.members.items() if name not in _OF_PAGES}
    return filled or next((name for name in rest if all(value == [] for value in rest.values())), "")


def _is_answer_with_list(shown: Outline) -> bool:
    """Whether it is one object that is not itself one of an estate, but holds a list of them, or nothing but empty lists."""
    if not _is_object(shown) or shown.members.keys() & {"Id", "Content"}:
        return False
    second = shown.start.partition(b"\n")[2]
    return not second.startswith(b"{") and bool(_name_of_list(shown))


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
USERS: Final = InputKind(
    "list-users",
    "answer of `aws iam list-users`",
    lambda shown: _is_list_of(shown, "Users", "UserName") or (_name_of_list(shown) == "Users" and not shown.members["Users"]),
    refusal="the answer of `aws iam list-users`, which tells neither passwords nor keys nor MFA: run `aws iam "
    "get-credential-report` or `aws iam get-account-authorization-details` and name its answer",
)
PLAN: Final = InputKind(
    "terraform",
    "Terraform plan or state",
    _is_plan,
    refusal="a Terraform plan or state, which says what is meant to be, not what an account holds; collect from the account "
    "instead, such as with `aws iam get-credential-report`",
)
ASFF: Final = InputKind(
    "asff",
    "Security Hub findings (ASFF)",
    _is_asff,
    refusal="findings of Security Hub (ASFF), which are verdicts of others without the data that they rest on: name what they "
    "were made of, such as an AWS Config snapshot or a credential report",
)
OCSF_LINES: Final = InputKind(
    "ocsf-lines",
    "findings in OCSF, one a line",
    _is_ocsf_line,
    refusal="findings in OCSF one a line: if Prowler made them, write them as the array that they were (`jq -s . FILE > "
    "findings.json`) and name findings.json",
)
OCSF: Final = InputKind(
    "ocsf",
    "OCSF events",
    _is_ocsf,
    refusal="events in OCSF that are no array of Prowler's findings: run `prowler aws -M json-ocsf` and name its file",
)
OTHER_PROWLER: Final = InputKind(
    "prowler-other",
    "Prowler findings in another form",
    _is_other_prowler,
    refusal="findings of Prowler without the data that they rest on: run `prowler aws -M json-ocsf` and name its file",
)
PAGES: Final = InputKind(
    "authorization-pages",
    "account authorization details in an array",
    lambda shown: _is_array(shown) and not shown.members.keys().isdisjoint(_DETAILS),
    refusal="pages of account authorization details in one array: name each as a file of its own (`jq -c '.[]' FILE | split "
    "-l 1 - page-` writes them, page-* names them)",
)
SEMICOLONS: Final = InputKind(
    "semicolons",
    "table with semicolons",
    lambda shown: any(marks <= shown.columns_by_semicolon for marks in (*_STEAMPIPE, *_CLOUDQUERY)),
    refusal="a table whose fields are separated by `;`, as spreadsheets write it: put commas or tabs between them",
)
BASE64: Final = InputKind(
    "base64",
    "credential report in base64",
    lambda shown: shown.start.removeprefix(b'"').startswith(_REPORT_IN_BASE64),
    refusal="a credential report in base64, as `--output text` or `--query Content` writes it: run `cut -f1 FILE | "
    "tr -d '\"' | base64 -d > report.csv` and name report.csv, or ask for all of the answer with `--output json`",
)
CLI_TEXT: Final = InputKind(
    "aws-cli-text",
    "text of the AWS CLI",
    lambda shown: bool(_TEXT.match(shown.first_line) or _BOX.match(shown.start)),
    refusal="the AWS CLI's `--output text` or `table`, which names no fields: run the command again with `--output json`",
)
CLI_YAML: Final = InputKind(
    "aws-cli-yaml",
    "YAML of the AWS CLI",
    lambda shown: bool(_YAML.fullmatch(shown.first_line)),
    refusal="YAML, as the AWS CLI writes with `--output yaml`: run the command again with `--output json`",
)
WRAPPED: Final = InputKind(
    "wrapped-list",
    "JSON object with a list in it",
    _is_answer_with_list,
    refusal="a JSON object with a list in it, as the AWS CLI answers: write the list as JSON lines (`jq -c NAME FILE > "
    "list.ndjson`), and say with --type and --mapping what they are",
)

KINDS: Final = (
    PARQUET,
    PROWLER,
    OTHER_PROWLER,
    ASFF,
    OCSF_LINES,
    OCSF,
    DETAILS,
    PAGES,
    CONFIG,
    USERS,
    PLAN,
    CLOUDQUERY,
    STEAMPIPE,
    SEMICOLONS,
    OBJECTS,
    WRAPPED,
    JSON_LINES,
    ANSWER,
    REPORT,
    BASE64,
    CLI_TEXT,
    CLI_YAML,
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


def refusal_of(kind: InputKind, head: bytes, path: str) -> str:
    """Return what a kind says of an input that is not taken, with the words that its commands need."""
    name = _name_of_list(Outline(head))
    way = f".{name}[]" if _WORD.fullmatch(name) else f".[{json.dumps(name)}][]"
    words = {"NAME": shlex.quote(way), "FILE": "FILE" if path == "-" else shlex.quote(path)}
    return re.sub(r"\b(?:NAME|FILE)\b", lambda word: words[word[0]], kind.refusal)


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
