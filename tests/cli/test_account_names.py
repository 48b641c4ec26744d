"""An account is shown by the name that its cloud has for it, in every output that shows configured names."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

import perpend
from perpend import Input, Store, import_inputs, open_repository
from perpend.server.scope import ReaderScope
from tests.cli.conftest import RunWriter, answer
from tests.repositories import NAMES, logic, write
from tests.toy_cloud import toy_cloud
from tests.unit.server.api.served import client_of, reader_of, serving

__all__ = ["toy_cloud"]

SHOP, PROD, ODD, TWIN, HOSTILE = "sub-1", "sub-2", "sub-3", "sub-4", "sub-5"
COLLECTED = {SHOP: "Web shop", PROD: "Old name", ODD: SHOP, TWIN: TWIN, HOSTILE: "red \x1b[31m"}
SHOWN = {SHOP: "Web shop", PROD: "Production", ODD: None, TWIN: None, HOSTILE: r"red \x1b[31m"}


def declared(*more: str, **members: Any) -> dict[str, Any]:
    fields = [{"name": "Id", "type": "id"}, {"name": "name", "type": "text"}, *({"name": one, "type": "text"} for one in more)]
    return {"label": "L", "nameField": "name", "deletionField": "none", "fields": fields, **members}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, toy_cloud: None) -> Path:
    """A store with a failing thing in each account, whose objects have names; the configuration names one."""
    root = tmp_path_factory.mktemp("names")
    lookup = [{"name": "account__r", "target": "Account", "key": "account"}]
    files: dict[str, Any] = {
        "types/Account/type.yaml": declared(),
        "types/Thing/type.yaml": declared("account", master="account__r", lookups=lookup),
        "ce/acme/folder.yaml": {"names": NAMES},
        "ce/acme/p/policy.yaml": {"names": NAMES},
        "ce/acme/p/prod.logic.yaml": logic(input_type="Thing", otherwise="INCOMPLIANT"),
    }
    write(root / "policies", files)
    (root / "perpend.toml").write_text(f'[accounts."{PROD}"]\nname = "Production"\nowner = "ops"\n')
    rows = {
        "Account": [{"Id": account, "name": name} for account, name in COLLECTED.items()],
        "Thing": [{"Id": f"of-{account}", "name": "t", "account": account} for account in COLLECTED],
    }
    inputs = []
    for type_name, objects in rows.items():
        path = root / f"{type_name}.json"
        path.write_text(json.dumps(objects), "utf-8")
        inputs.append(Input(str(path), type_name))
    import_inputs(Store(root / "store"), inputs, declared=open_repository(root / "policies").declared_type)
    answer("check", "--store", root / "store", "--repo", root / "policies", "-q")
    return root


@pytest.fixture(autouse=True)
def here(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)


def test_a_run_shows_them(run: RunWriter) -> None:
    ended = run("check", "--store", "store", "--repo", "policies", "--no-history", "--format", "csv")
    found = {
        row["account"]: (row["accountName"] or None, row["accountOwner"]) for row in csv.DictReader(io.StringIO(ended.out))
    }
    assert {account: (name, "ops" if account == PROD else "") for account, name in SHOWN.items()} == found
    named = run("check", "--store", "store", "--repo", "policies", "--no-history", "--format", "json", "--account", "web SHOP")
    assert [f"of-{SHOP}"] == [one["object"]["id"] for one in json.loads(named.out)["verdicts"]]


def test_the_history_shows_and_finds_them(run: RunWriter) -> None:
    asked = ("findings", "--store", "store", "--repo", "policies")
    for account, name in SHOWN.items():
        found = json.loads(run(*asked, "--format", "json", "--account", name or account).out)
        assert [account] == [row["account"] for row in found]
    listed = run(*asked, "--order", "age").out
    assert "Web shop" in listed and "Production" in listed and "Old name" not in listed and "\x1b[31m" not in listed
    assert "open" in run("trend", "--store", "store", "--repo", "policies", "--account", "Web shop").out
    rows = perpend.open("store", repository="policies").findings(account="Web shop")
    assert [f"of-{SHOP}"] == [row["object_id"] for row in rows]


def test_a_server_shows_them_to_who_sees_the_account(place: Path) -> None:
    with serving(place / "store", open_repository(place / "policies")) as store, client_of(store) as client:
        estate = store.current().views.estate(ReaderScope(frozenset({SHOP, PROD})))
        assert {SHOP: "Web shop", PROD: "Old name"} == {row.account: row.name for row in estate.accounts}
        found = client.get("/api/v1/findings", headers=reader_of(frozenset({ODD}))).json()["findings"]
        assert [None] == [row["account_name"] for row in found]


def test_without_its_snapshot_a_history_shows_numbers(run: RunWriter, place: Path, tmp_path: Path) -> None:
    (snapshot,) = (place / "store" / "runs").glob("*.json")
    kept = snapshot.rename(tmp_path / snapshot.name)
    try:
        found = json.loads(run("findings", "--store", "store", "--repo", "policies", "--format", "json", "--account", PROD).out)
        assert [PROD] == [row["account"] for row in found]
        assert 2 == run("findings", "--store", "store", "--repo", "policies", "--account", "Web shop").code
    finally:
        kept.rename(snapshot)
