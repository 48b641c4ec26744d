"""The tables of the cloud of tests: its accounts have a name, its things a colour."""

from __future__ import annotations

from perpend.collectors.cloud import TableCloud
from perpend.collectors.protocol import Permission
from perpend.collectors.rest.rows import FieldSource, RestCall, RestTables, TypeRow
from tests.toy_cloud import TOY

_HOST = "https://toy.example"

CLOUD = TableCloud(
    RestTables(
        TOY,
        (
            RestCall("accounts.get", "accounts", "GetAccount", f"{_HOST}/{{account}}", "accounts.get"),
            RestCall("things.list", "things", "ListThings", f"{_HOST}/{{account}}/things", "things.list", items="value"),
        ),
        (
            TypeRow("Account", "accounts.get", "{account}", {"name": FieldSource("name")}),
            TypeRow("Thing", "things.list", "{id}", {"name": FieldSource("name")}),
        ),
    ),
    [Permission("toy.open", ("Open",), opens_accounts=True)],
    [Permission("toy.list", ("List",), opens_accounts=True)],
)
