"""A finding is explained to a reader of some accounts by the values of these accounts only, and keeps its status."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from perpend.core.clouds.aws import ACCOUNT_TYPE
from perpend.core.errors import PerpendError
from perpend.core.objects.inventory import Origin, object_from_fields
from perpend.core.objects.object_types import Children, Lookup, ObjectType
from perpend.core.values.partial_object import WITHHELD, PartialObject
from perpend.findings.filters import Filter
from perpend.server.answers import FindingRow
from perpend.server.app import create_app
from perpend.server.mcp.server import called
from perpend.server.question import Question
from perpend.server.scope import ALL_ACCOUNTS, ReaderScope
from perpend.server.served_store import ServedRun, ServedStore
from perpend.server.settings import ServerSettings
from perpend.server.views.finding_details import OF_SEVERAL, Explained, explained_finding
from perpend.server.views.object_fields import object_fields
from perpend.server.views.visible_object import visible_object
from tests.unit.server import related
from tests.unit.server.related import ACCOUNTS, POLICIES

pytestmark = pytest.mark.medium

SETTINGS = ServerSettings(
    hosts=frozenset({"testserver"}),
    trust_header="X-User",
    trust_from=(ip_network("127.0.0.1/32"),),
    scope_header="X-Accounts",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStore]:
    directory = tmp_path_factory.mktemp("related")
    served = related.served(directory, related.made_store(directory))
    yield served
    served.close()


@pytest.fixture(scope="module")
def run(store: ServedStore) -> ServedRun:
    return store.current()


@pytest.fixture(scope="module")
def rows(run: ServedRun) -> list[FindingRow]:
    asked = Question(ALL_ACCOUNTS, Filter({"life": ("all",)}))
    return [row for row in run.findings(asked, limit=1_000).findings if row.account is not None]


def others_in(text: str, account: str | None) -> set[str | None]:
    """Return the other accounts whose texts are in a text."""
    return {one for one in (*ACCOUNTS, None) if one != account and f"id-{one}-" in text}


@pytest.mark.parametrize("name", POLICIES)
def test_an_explanation_has_no_value_of_another_account_and_the_same_results(
    run: ServedRun, rows: list[FindingRow], name: str
) -> None:
    state, leads_out = run.views.state, 0
    of_policy = [row for row in rows if row.policy_id == f"/ce/{name}"]
    for row in of_policy:
        whole = explained_finding(state, row, ALL_ACCOUNTS)
        own = explained_finding(state, row, ReaderScope(frozenset({str(row.account)})))
        assert not others_in(repr(own), row.account), row
        results = [
            [(step.index, step.result, step.status, step.check) for step in one.explanation.steps] for one in (whole, own)
        ]
        assert results[0] == results[1]
        assert row.status == own.explanation.finding.status.value == whole.explanation.finding.status.value
        if others_in(repr(whole), row.account):
            leads_out += 1
            assert WITHHELD in repr(own), row
    assert leads_out > 2, "the policy reads objects of other accounts"


def texts_of(explained: Explained) -> list[Any]:
    """Return what an explanation says, without the names of sources."""
    change, steps = explained.explanation.change, explained.explanation.steps
    leaves = [(leaf.text, leaf.value) for step in steps for leaf in step.leaves]
    listed = [(one.path, one.id, one.name, one.status, one.message) for step in steps for one in step.listed]
    return [leaves, listed, change and (change.before, change.after), explained.commands]


def test_what_a_reader_may_see_stays(run: ServedRun, rows: list[FindingRow]) -> None:
    state, every, compared, commands = run.views.state, ReaderScope(frozenset(ACCOUNTS)), 0, set[str]()
    for row in rows:
        whole, own = explained_finding(state, row, ALL_ACCOUNTS), explained_finding(state, row, every)
        if WITHHELD not in repr(own):
            assert texts_of(whole) == texts_of(own)
            compared += bool(others_in(repr(own), row.account))
            commands.add(own.commands)
    assert compared > 10 < len(rows) and len(commands) > 3


@pytest.mark.parametrize("name", POLICIES)
def test_pages_and_tools_say_of_another_account_instead(store: ServedStore, rows: list[FindingRow], name: str) -> None:
    with TestClient(create_app(store, SETTINGS), client=("127.0.0.1", 1)) as client:
        for row in [row for row in rows if row.policy_id == f"/ce/{name}"][:6]:
            headers = {"X-User": "reader", "X-Accounts": str(row.account)}
            texts = [
                client.get(address, headers=headers).text
                for address in (f"/findings/{row.finding_id}", f"/api/v1/findings/{row.finding_id}")
            ]
            arguments = {"finding": row.finding_id}
            texts.append(str(called(store, "explain_finding", arguments, ReaderScope(frozenset({str(row.account)}))).content))
            assert not others_in("".join(texts), row.account)
            assert "It cannot be explained" not in texts[0]
            assert WITHHELD in texts[0] or WITHHELD not in texts[2]


def test_a_source_of_several_accounts_has_no_name(run: ServedRun, rows: list[FindingRow]) -> None:
    one, every = (
        explained_finding(run.views.state, rows[0], scope).explanation.finding.object.origin.source
        for scope in (ReaderScope(frozenset({str(rows[0].account)})), ReaderScope(frozenset(ACCOUNTS)))
    )
    assert OF_SEVERAL == one and every.endswith("Thing.json")


def test_an_object_that_has_moved_to_another_account_is_not_explained(tmp_path: Path) -> None:
    """A bucket that one account deletes and another makes has the same Id."""
    before, after, _ = ACCOUNTS
    first, *others = related.things()[1:]
    days = [[{**first, "owner__c": before}, *others], [{**first, "owner__c": after, "text__c": f"id-{after}-text"}, *others]]
    known = related.made_store(tmp_path, *days)
    store = related.served(tmp_path, known)
    run, scope = store.current(), ReaderScope(frozenset({before}))
    asked = Question(scope, Filter({"life": ("resource_deleted",), "object": (first["Id"],)}))
    rows = run.findings(asked).findings
    assert rows
    for row in rows:
        result = called(store, "explain_finding", {"finding": row.finding_id}, scope)
        assert result.is_error and "not in an account that you may see" in result.content[0].text
        assert called(store, "explain_finding", {"finding": row.finding_id}, ALL_ACCOUNTS).content
    store.close()


def test_an_object_that_is_gone_brings_no_name_of_another_one(store: ServedStore, rows: list[FindingRow]) -> None:
    account = str(rows[0].account)
    foreign = next(row for row in rows if row.account != account)
    for name in ("thing-0", foreign.object_name, foreign.object_id):
        row = replace(rows[0], object_id=str(name))
        with pytest.raises(PerpendError) as raised:
            explained_finding(store.current().views.state, row, ReaderScope(frozenset({account})))
        assert "does not hold this object" in str(raised.value) and "thing" not in str(raised.value)


OWN, OTHER = ACCOUNTS[:2]
OWNED = ObjectType("Thing", lookups={"owner__r": Lookup("owner__r", ACCOUNT_TYPE, "owner__c")}, master="owner__r")
TYPES = {"Thing": OWNED, ACCOUNT_TYPE: ObjectType(ACCOUNT_TYPE)}


def seen(fields: dict[str, Any], *accounts: str, **more: Any) -> Any:
    """Return an object with some relations as a reader of some accounts sees it."""
    holder = ObjectType(
        "Holder",
        lookups={"other__r": Lookup("other__r", "Thing", "other__c")},
        children={"parts__r": Children("parts__r", "Thing", "holder__c")},
    )
    object_ = object_from_fields(PartialObject(fields, {}, **more), holder, Origin("a.json"))
    return visible_object(
        object_, holder, ReaderScope(frozenset(accounts)), lambda name: TYPES.get(name, ObjectType(name))
    ).fields


def of(account: Any, **more: Any) -> PartialObject:
    return PartialObject({"Id": "x", "owner__c": account, **more}, {})


@pytest.mark.parametrize("account", [OTHER, None, "", 1, [OWN], {OWN: 1}, True])
def test_an_object_without_an_account_of_the_reader_is_withheld(account: Any) -> None:
    fields = seen({"Id": "h", "other__r": of(account), "parts__r": [of(account), of(OWN)]}, OWN)
    assert {"Id": "h", "parts__r": [{}, of(OWN)]} == fields
    assert {"other__r": WITHHELD} == fields.reasons
    assert WITHHELD == fields["parts__r"][0].doubt


def test_objects_of_undeclared_relations_are_withheld_and_documents_are_not() -> None:
    related_ones = {"far__r": of(OWN), "many__r": [of(OWN)]}
    fields = seen({"document__c": {"Id": "x"}, "list__c": [{"Id": "x"}], **related_ones}, OWN)
    assert {"document__c": {"Id": "x"}, "list__c": [{"Id": "x"}], "many__r": [{}]} == fields


def test_objects_behind_an_object_of_another_account_are_withheld_and_others_are_looked_at() -> None:
    fields = seen({"other__r": of(OTHER, owner__r=of(OWN))}, OWN)
    assert {} == fields
    fields = seen({"other__r": of(OWN, owner__r=PartialObject({"Id": OWN, "name__c": "own"}, {}))}, OWN)
    assert "own" == fields["other__r"]["owner__r"]["name__c"]
    fields = seen({"other__r": of(OWN, owner__r=PartialObject({"Id": OTHER, "name__c": "theirs"}, {}))}, OWN)
    assert of(OWN) == fields["other__r"]
    assert {"owner__r": WITHHELD} == fields["other__r"].reasons


def test_an_incomplete_list_and_doubts_stay_what_they_are() -> None:
    fields = seen({"Id": "h"}, OWN, doubt="stale", incomplete={"parts__r": [of(OTHER), of(OWN)]})
    assert ("stale", {"parts__r": [{}, of(OWN)]}) == (fields.doubt, fields.incomplete)


def test_empty_relations_stay_empty() -> None:
    fields = {"other__r": None, "parts__r": []}
    assert fields == seen(fields, OWN)


def test_the_fields_of_an_object_are_those_that_its_account_may_see(run: ServedRun, rows: list[FindingRow]) -> None:
    state = run.views.state
    for row in rows:
        own = object_fields(state, row.type, row.object_id, [row.policy_id], ReaderScope(frozenset({str(row.account)})))
        assert own is not None and not others_in(repr(own), row.account), row
    with pytest.raises(PerpendError, match="not in an account that you may see"):
        object_fields(state, rows[0].type, rows[0].object_id, [rows[0].policy_id], ReaderScope(frozenset({"nobody"})))
    assert object_fields(state, rows[0].type, rows[0].object_id, ["/ce/gone"], ALL_ACCOUNTS) is None
