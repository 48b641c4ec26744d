"""The same policies as SQL that a person tuned for DuckDB and for these rows: the limit that plans are compared with.

Layered (raw, gate, one parse per document, typed values, codes); the codes equal Perpend's row by row over the bench's rows.
It is laxer than the language elsewhere (white space other than spaces, odd dates, repeated keys), as hand-written SQL is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.inventory import ACCOUNT, DATES, DOCUMENT, FLAGS, GONE, LINK, POLICY, SNAPSHOT, USER
from bench.policies import ADMINISTRATOR, NEVER_NULL, NULL_DATES, variant
from perpend.core.schema.tables import ROW, SOURCE, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MORE: Final = "additional_credentials_info"


@dataclass(frozen=True, slots=True)
class _Parse:
    """One way to parse: the expression over ``j``, and what stands for a key's token or text."""

    name: str
    keys: Sequence[str]

    @property
    def expression(self) -> str:
        if self.name == "struct":
            return f"json_transform(j, '{json.dumps(dict.fromkeys(self.keys, 'JSON'))}')"
        paths = ", ".join(f"'$.{key}'" for key in self.keys)
        return f"json_extract{'_string' if self.name == 'strings' else ''}(j, [{paths}])"

    def token(self, key: str) -> str:
        """Return a key's value: its JSON token, or its text where texts are all that is read."""
        if self.name == "struct":
            return f'CAST(p."{key}" AS VARCHAR)'
        place = f"p[{self.keys.index(key) + 1}]"
        return place if self.name == "strings" else f"CAST({place} AS VARCHAR)"

    def word(self, text: str) -> str:
        """Return a text as it stands in a column of tokens."""
        return f"'{text}'" if self.name == "strings" else f"'\"{text}\"'"

    def inner(self, column: str) -> str:
        return column if self.name == "strings" else f"substr({column}, 2, length({column}) - 2)"

    def is_null(self, column: str) -> str:
        return f"{column} IS NULL" if self.name == "strings" else f"({column} IS NULL OR {column} = 'null')"

    def is_no_text(self, column: str) -> str:
        return "false" if self.name == "strings" else f"NOT starts_with({column}, '\"')"


def hand_sql(workload: str, variety: str, relation: Callable[[str], str]) -> str:
    """Return the query of a workload: row, source, and ``v0``, ``v1``, … by policy. ``variety`` is a parse and a gate."""
    if workload == "related":
        return _related(variety, relation)
    parse_name, gate = variety.split("-")
    if workload == "library":
        return _library(_Parse(parse_name, (*FLAGS[2:4], _MORE)), gate, relation)
    number = int(workload)
    variants = [variant(one) for one in range(1, number)]
    keys = sorted({*FLAGS[2:4], *(flag for flag, _, _ in variants), *(date for _, date, _ in variants)})
    return _generated(_Parse(parse_name, keys), gate, relation, variants)


def _parsed(parse: _Parse, gate: str, relation: Callable[[str], str]) -> str:
    """Return the first layers: each row with what ends it before any key is asked for (``g``), and its keys' tokens."""
    mark = f'"{plain(DOCUMENT)}" OR ' if gate == "marked" else ""
    raw = f"""SELECT {ROW}, {SOURCE}, "{GONE}" AS gone, "{DOCUMENT}" AS j,
        {mark}json_valid("{DOCUMENT}") AS ok FROM {relation(USER)}"""
    gated = f"""SELECT {ROW}, {SOURCE}, CASE WHEN gone IS NOT NULL AND trim(gone) <> '' THEN 99
        WHEN j IS NULL OR j = '' THEN 101 WHEN NOT ok THEN 102 END AS g,
        CASE WHEN ok THEN {parse.expression} END AS p FROM ({raw})"""
    tokens = ", ".join(f'{parse.token(key)} AS "{key}"' for key in parse.keys)
    return f"SELECT {ROW}, {SOURCE}, g, {tokens} FROM ({gated})"


def _generated(parse: _Parse, gate: str, relation: Callable[[str], str], variants: list[tuple[str, str, int]]) -> str:
    flags = [key for key in parse.keys if key in FLAGS]
    dates = [key for key in parse.keys if key in DATES]
    times = "".join(f', {_time(parse, key)} AS "{key} time"' for key in dates)
    states = [*(f'{_flag(parse, key)} AS "{key}"' for key in flags), *(f'{_date(parse, key)} AS "{key}"' for key in dates)]
    timed = f"SELECT *{times} FROM ({_parsed(parse, gate, relation)})"
    kept = "".join(f', "{key} time"' for key in dates)
    typed = f"SELECT {ROW}, {SOURCE}, g, {', '.join(states)}{kept} FROM ({timed})"
    one, other = (f'"{flag}"' for flag in FLAGS[2:4])
    seed = f"""CASE WHEN g IS NOT NULL THEN g WHEN {one} = 3 THEN 103 WHEN {one} = 5 THEN 105
        WHEN {one} = 0 THEN CASE {other} WHEN 3 THEN 108 WHEN 5 THEN 110 WHEN 0 THEN 199 ELSE 300 END
        ELSE CASE {other} WHEN 3 THEN 208 WHEN 5 THEN 210 WHEN 1 THEN 299 ELSE 300 END END AS v0"""
    codes = [seed, *(f"{_variant(*one)} AS v{number}" for number, one in enumerate(variants, 1))]
    return f"SELECT {ROW}, {SOURCE}, {', '.join(codes)} FROM ({typed})"


def _variant(flag: str, date: str, days: int) -> str:
    limit = f"TIMESTAMPTZ '{SNAPSHOT[:10]} 00:00:00+00' - to_days({days})"
    return f"""CASE WHEN g IS NOT NULL THEN g WHEN "{flag}" = 0 THEN 199 WHEN "{flag}" > 1 THEN 100 + "{flag}"
        WHEN "{date}" > 0 THEN 200 + "{date}" WHEN "{date} time" < {limit} THEN 299 ELSE 300 END"""


def _flag(parse: _Parse, key: str) -> str:
    """Return a flag's state: 0 false, 1 true, 3 no text, 5 empty."""
    own, bare = f'"{key}"', f"lower(trim({parse.inner(_name(key))}))"
    return f"""CASE WHEN {own} = {parse.word("true")} THEN 1 WHEN {own} = {parse.word("false")} THEN 0
        WHEN {parse.is_null(own)} THEN 5 WHEN {parse.is_no_text(own)} THEN 3
        WHEN {bare} = '' THEN 5 WHEN {bare} = 'true' THEN 1 ELSE 0 END"""


def _name(key: str) -> str:
    return f'"{key}"'


def _time(parse: _Parse, key: str) -> str:
    own, words = f'"{key}"', ", ".join(map(parse.word, NULL_DATES))
    return f"CASE WHEN {own} NOT IN ({words}) THEN TRY_CAST({parse.inner(own)} AS TIMESTAMPTZ) END"


def _date(parse: _Parse, key: str) -> str:
    """Return a date's state: 0 a time or none, else the slot of the check that fires."""
    own, words = f'"{key}"', ", ".join(map(parse.word, NULL_DATES))
    nothing, invalid = (5, 6) if key == NEVER_NULL else (0, 5)
    return f"""CASE WHEN "{key} time" IS NOT NULL THEN 0 WHEN {parse.is_null(own)} OR {own} IN ({words}) THEN {nothing}
        WHEN {parse.is_no_text(own)} THEN 3 WHEN lower(trim({parse.inner(own)})) IN ('', 'n/a', 'no_information')
        THEN {nothing} ELSE {invalid} END"""


def _library(parse: _Parse, gate: str, relation: Callable[[str], str]) -> str:
    """Return the library's policy: strict about flags, and about keys that the report announces beyond the two."""
    one, other = (f'"{flag}"' for flag in FLAGS[2:4])
    words = ", ".join(parse.word(word) for word in ("true", "false", "n/a"))
    asked = [f"{_announced(parse)} AS more", f"{_mismatch(parse, _name(_MORE))} AS m3"]
    for number, own in enumerate((one, other), 1):
        asked.append(f"coalesce(lower({own}) = {parse.word('true')}, false) AS t{number}")
        asked.append(f"coalesce(lower({own}) IN ({words}), false) AS k{number}")
        asked.append(f"{_mismatch(parse, own)} AS m{number}")
    typed = f"SELECT {ROW}, {SOURCE}, g, {', '.join(asked)} FROM ({_parsed(parse, gate, relation)})"
    return f"""SELECT {ROW}, {SOURCE}, CASE WHEN g IS NOT NULL THEN g WHEN m1 THEN 103 WHEN t1 AND m2 THEN 111
        WHEN t1 AND t2 THEN 199 WHEN NOT k1 THEN 299 WHEN m2 THEN 303 WHEN NOT k2 THEN 399 WHEN m3 THEN 403
        WHEN more THEN 499 WHEN t1 OR t2 THEN 599 ELSE 600 END AS v0 FROM ({typed})"""


def _mismatch(parse: _Parse, column: str) -> str:
    return f"NOT {parse.is_null(column)} AND {parse.is_no_text(column)}"


def _announced(parse: _Parse) -> str:
    own = _name(_MORE)
    bare = f"lower(trim({parse.inner(own)}))"
    some = " OR ".join(f"contains({bare}, '{word}')" for word in ("key", "credential", "more", "other"))
    return f"""CASE WHEN {own} = {parse.word("N/A")} OR {parse.is_null(own)} THEN false
        WHEN {bare} IN ('', 'n/a', 'no_information', 'not_supported', 'none', '0') THEN false
        ELSE NOT contains({bare}, 'certificate') OR {some} END"""


def _related(variety: str, relation: Callable[[str], str]) -> str:
    links = f"""SELECT l."CA10__user__c" AS owner FROM {relation(LINK)} AS l JOIN {relation(POLICY)} AS p
        ON p."Id" = l."CA10__policy__c" WHERE (l."{GONE}" IS NULL OR trim(l."{GONE}") = '')
        AND lower(trim(p."CA10__arn__c")) = '{ADMINISTRATOR.lower()}'"""
    account = f"""LEFT JOIN (SELECT "Id" AS account FROM {relation(ACCOUNT)} WHERE trim("CA10__accountId__c") = '111111111110')
        ON account = u."CA10__account__c" """
    if variety == "in":
        joined, has = "", f"""u."Id" IN (SELECT owner FROM ({links}) WHERE owner IS NOT NULL)"""
    else:
        counts = f"SELECT owner, count(*) AS number FROM ({links}) GROUP BY owner"
        joined, has = f"""LEFT JOIN ({counts}) AS c ON c.owner = u."Id" """, "coalesce(c.number, 0) > 0"
    return f"""SELECT u.{ROW}, u.{SOURCE}, CASE WHEN u."{GONE}" IS NOT NULL AND trim(u."{GONE}") <> '' THEN 99
        WHEN account IS NOT NULL THEN 199 WHEN {has} THEN 299 ELSE 300 END AS v0
        FROM {relation(USER)} AS u {account} {joined}"""
