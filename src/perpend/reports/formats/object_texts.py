"""Write objects in JSON, in Python and in SQL."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from json.encoder import encode_basestring_ascii as json_text
from typing import TYPE_CHECKING, Final

from perpend.core.objects.account import Account
from perpend.core.values.values import iso_from_milliseconds, milliseconds_from_datetime
from perpend.evaluation.engines.duckdb.sql import text_literal
from perpend.evaluation.verdicts.evaluation import times_of
from perpend.reports.formats.lines import concat

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from perpend.core.objects.inventory import CloudObject
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.reports.formats.row_values import StoredRows


ANY_ACCOUNT: Final = "account"
"""Stands for an account in a text."""


class ObjectWriter(ABC):
    """Writes objects in Python and in SQL, with their accounts and sources. The text of a source is written once."""

    _no_account: str
    """The text if the account is not known."""

    def __init__(self, evaluation: Evaluation, accounts: Mapping[str, Account]) -> None:
        self._evaluation = evaluation
        self._accounts = accounts
        self._sources: dict[str, str] = {}
        self._times = times_of(evaluation.inventory)

    @abstractmethod
    def _account(self, number: str, account: Account) -> str:
        """Return the text of an account with its description."""

    @abstractmethod
    def _source_text(self, name: str, time: str | None) -> str:
        """Return the text of a source, with the time of its observation."""

    def _account_in_sql(self, rows: StoredRows) -> str:
        """Return the expression of the text of an object's account."""
        described = (
            f"WHEN {text_literal(number)} THEN {text_literal(self._account(number, account))}"
            for number, account in self._accounts.items()
        )
        # The form of an account needs no escape, so any account stands in the place of this one.
        before, after = self._account(ANY_ACCOUNT, Account()).split(ANY_ACCOUNT)
        other = concat([text_literal(before), rows.account, text_literal(after)])
        cases = " ".join([*described, f"WHEN {rows.account} THEN {other}"])
        return f"CASE {rows.account} {cases} ELSE {text_literal(self._no_account)} END"

    def _account_of(self, object_: CloudObject) -> str:
        """Return the text of an object's account."""
        number = object_.account
        return self._no_account if number is None else self._account(number, self._accounts.get(number, Account()))

    def _source(self, name: str) -> str:
        if name not in self._sources:
            time = self._times.get(name)
            self._sources[name] = self._source_text(name, iso_time(time) if time else None)
        return self._sources[name]

    def _source_in_sql(self, rows: StoredRows) -> str:
        """Return the expression of the text of an object's source."""
        return rows.of_source([self._source(name) for name in rows.sources])


class ObjectTexts(ObjectWriter):
    """Writes objects as JSON. The owner of consecutive objects is written once."""

    def __init__(self, evaluation: Evaluation, accounts: Mapping[str, Account]) -> None:
        super().__init__(evaluation, accounts)
        self._types: dict[str, str] = {}
        self._master: tuple[str, ...] | None = None
        self._master_text = "null"

    def __call__(self, object_: CloudObject) -> str:
        """Return the text of an object."""
        names = f'"id":{json_text(object_.id)},"name":{json_text(object_.name)}'
        identity = f'{names},"externalId":{json_text(object_.external_id)}'
        master, account = self._master_of(object_), self._account_of(object_)
        region = json_text(object_.region) if object_.region is not None else "null"
        described = f'{identity},{self._type(object_.type_name)},"master":{master},"account":{account},"region":{region}'
        return f"{{{described},{self._source(object_.origin.source)}}}"

    def in_sql(self, rows: StoredRows) -> str:
        """Return the expression of an object's text."""
        object_type = rows.object_type
        master, lookup = "'null'", object_type.lookups.get(object_type.master or "")
        if lookup is not None:
            master_id = rows.text(rows.master_id)
            keys = (f'{{{self._type(lookup.target)},"id":', ',"externalId":', ',"name":', "}")
            start, external, named, end = map(text_literal, keys)
            text = concat([start, master_id, external, master_id, named, rows.text(rows.master_name), end])
            master = f"CASE WHEN {rows.master_id} IS NULL THEN 'null' ELSE {text} END"
        identity = [rows.text(one) for one in (rows.id, rows.name, rows.external_id)]
        keys = ('{"id":', ',"name":', ',"externalId":', f',{self._type(object_type.name)},"master":')
        parts = [part for key, value in zip(keys, [*identity, master], strict=True) for part in (text_literal(key), value)]
        owner, source = self._account_in_sql(rows), self._source_in_sql(rows)
        account, region = text_literal(',"account":'), text_literal(',"region":')
        return concat([*parts, account, owner, region, rows.text(rows.region), "','", source, "'}'"])

    _no_account = "null"

    def _account(self, number: str, account: Account) -> str:
        return json.dumps({"id": number, "name": account.name, "owner": account.owner}, separators=(",", ":"))

    def _source_text(self, name: str, time: str | None) -> str:
        return f'"source":{json_text(name)},"observedAt":{json.dumps(time)}'

    def _master_of(self, object_: CloudObject) -> str:
        master = object_.master
        named = (master.type_name, master.id, master.name, master.external_id) if master else None
        if named != self._master:
            self._master, self._master_text = named, "null"
            if master is not None:
                identity = {"id": master.id, "externalId": master.external_id, "name": master.name}
                self._master_text = f"{{{self._type(master.type_name)},{json.dumps(identity, separators=(',', ':'))[1:]}"
        return self._master_text

    def _type(self, name: str) -> str:
        if name not in self._types:
            label = self._evaluation.type_label(name)
            self._types[name] = f'"typeApiName":{json_text(name)},"typeName":{json_text(label)}'
        return self._types[name]


def iso_time(time: datetime) -> str:
    """Return a time in ISO 8601, in UTC."""
    return iso_from_milliseconds(milliseconds_from_datetime(time))
