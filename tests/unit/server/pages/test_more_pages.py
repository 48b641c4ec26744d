"""The pages of policies, compliance, runs, waivers, trends, the estate and saved views, as a browser gets them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from ipaddress import ip_network
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from perpend.core.objects.claims import Claim
from perpend.findings.history.write.commit import commit_run
from perpend.server.answer_cache import AnswerCache
from perpend.server.app import ServerSettings, create_app
from perpend.server.pages.addresses import framework_address, policy_address
from perpend.server.views.run_views import RunViews
from tests.histories import BEGIN, Inventory, program
from tests.served import POLICIES, THINGS, served, store_of_days
from tests.unit.server.served import PROXY, TOKEN
from tests.unit.server.views.estates import FRAMEWORK, ONE, OTHER, repository_with_framework, with_snapshot

pytestmark = pytest.mark.medium

ADDRESSES = (
    "/policies",
    "/policies?search=OPEN&service=Root&show=failing",
    "/policies/ce/open",
    "/policies/ce/odd",
    "/compliance",
    "/compliance?inherited=yes",
    "/compliance/rules-v1.0.0",
    "/compliance/rules-v1.0.0?inherited=yes&standing=fails",
    "/compliance/rules-v1.0.0/2",
    "/runs",
    "/runs?until=2",
    "/runs/1...4",
    "/runs/1...4?event=opened&cause=resource_change",
    "/runs/3...last",
    "/waivers",
    "/trends",
    "/trends?last=2",
    "/estate",
    "/saved",
)
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    views = {
        "views/a.yaml": {
            "name": "worst",
            "title": f"Worst {HOSTILE}",
            "filters": {"severity": ["critical"]},
            "group": "policy",
        },
        "views/b.yaml": {"name": "no name!", "title": HOSTILE},
        "waivers/b.yaml": {
            "waivers": [
                {
                    "id": "bad",
                    "policies": ["/ce/odd"],
                    "kind": "planned-fix",
                    "reason": HOSTILE,
                    "owner": HOSTILE,
                    "until": "2099-01-01",
                    "limit": 100,
                }
            ]
        },
    }
    repository = repository_with_framework(tmp_path_factory.mktemp("repository"), **views)
    inventory = store_of_days(tmp_path_factory.mktemp("store"))
    store = served(inventory.directory, repository)
    store.current().views = RunViews(with_snapshot(inventory, repository), AnswerCache())
    settings = ServerSettings(
        tokens=PROXY.tokens,
        hosts=frozenset({"testserver"}),
        trust_header="X-User",
        trust_from=(ip_network("10.0.0.4/32"),),
        scope_header="X-Accounts",
    )
    with TestClient(create_app(store, settings), client=("10.0.0.4", 1)) as client:
        client.headers["X-User"] = "reader"
        yield client
    store.close()


class Page(HTMLParser):
    """The elements of a page that tell whether it obeys the rules of all pages."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        self.inline += [name for name in values if name == "style" or name.startswith("on")]
        self.inline += [tag] if tag == "style" or (tag == "script" and "src" not in values) else []
        self.ids += [values["id"] or ""] if "id" in values else []
        self.links += [values["href"] or ""] if tag == "a" else []
        self.headings += [tag] if tag == "h1" else []


def shown(client: TestClient, address: str, status: int = 200, **headers: str) -> str:
    answer = client.get(address, headers={"Authorization": f"Bearer {TOKEN}", **headers}, follow_redirects=False)
    assert answer.status_code == status, answer.text[:2_000]
    return answer.text


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_has_no_inline_code_and_escapes_what_it_quotes(client: TestClient, address: str) -> None:
    text = shown(client, address)
    page = Page(text)
    assert page.inline == []
    assert HOSTILE not in text
    assert page.headings == ["h1"]
    assert len(page.ids) == len(set(page.ids))


def test_a_requirement_that_the_newest_run_did_not_ask_is_met_on_no_page_and_in_no_answer(tmp_path: Path) -> None:
    repository, inventory = repository_with_framework(tmp_path / "repository"), Inventory(tmp_path / "store")
    for day, policies in ((1, POLICIES), (2, POLICIES[1:])):
        rows, programs = {THINGS[0]: [300] * len(policies)}, [program(policy) for policy in policies]
        commit_run(inventory.place, inventory.judged(rows, programs, time=BEGIN.replace(day=day), claims=[Claim("Thing")]))
    store = served(inventory.directory, repository)
    settings = ServerSettings(tokens=PROXY.tokens, hosts=frozenset({"testserver"}))
    stale = f"not asked in the newest run, last verdicts of {BEGIN:%Y-%m}-01"
    with TestClient(create_app(store, settings)) as client:
        page = shown(client, "/compliance/rules-v1.0.0/1")
        assert "<strong>0</strong>" not in page and "No requirement was judged." in page and stale in page
        assert stale in shown(client, "/policies?search=open") and stale.capitalize() in shown(client, "/policies/ce/open")
        assert "0 policies" in shown(client, "/policies?search=open&show=passing")
        answer = json.loads(shown(client, "/api/v1/compliance?framework=rules-v1.0.0/1"))
        line = json.loads(shown(client, "/api/v1/compliance.ndjson?framework=rules-v1.0.0/1"))
    store.close()
    (framework,), (requirement,) = answer["frameworks"], answer["requirements"]
    assert ("not asked", {}) == (requirement["standing"], requirement["counts"])
    policy = {"policy_id": "/ce/open", "title": "Thing is open", "evaluated": False, "reason": stale, "looser": None}
    assert [policy] == requirement["policies"]
    assert {"not asked": 1} == {name: number for name, number in framework["standings"].items() if number}
    assert {"part": 0, "of": 0} == framework["shares"]["met of judged"]
    assert ("notAsked", f"/ce/open: {stale}") == (line["standing"], line["notAsked"])


def test_every_link_of_a_page_leads_somewhere(client: TestClient) -> None:
    links = {link.partition("#")[0] for address in ADDRESSES for link in Page(shown(client, address)).links}
    own = sorted(link for link in links if link.startswith("/") and not link.startswith(("/api/", "/findings/", "/objects/")))
    assert {"/policies/ce/open", "/compliance/rules-v1.0.0", "/runs/4", "/findings?waived=yes"} <= set(own)
    for link in own:
        answer = client.get(link, headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200, link


@pytest.mark.parametrize(
    ("address", "status", "sentence"),
    [
        ("/policies/ce/none", 404, "has a policy of this id"),
        ("/policies?shw=failing", 400, "no parameter is called"),
        ("/policies?show=failing&show=all", 400, "given 2 times"),
        ("/policies/ce/open?x=1", 400, "no parameter is called"),
        ("/compliance/none", 404, "none"),
        ("/compliance/..%2F..%2Fetc", 404, "etc"),
        ("/compliance?inherited=maybe", 400, "is not one of no, yes"),
        ("/runs/4...1", 400, "does not come before"),
        ("/runs/1...99", 404, "no run"),
        ("/runs/1..2", 404, "two runs"),
        ("/runs/1", 404, "first one"),
        ("/runs/1...4?event=gone", 400, "is not one of"),
        ("/runs/1...4?next=0", 400, "is not a number"),
        ("/trends?last=366", 400, "is not a number"),
        ("/estate?account=1", 400, "has none"),
        ("/saved/none", 404, "no saved view"),
        ("/saved/no%20name!", 404, "no saved view"),
    ],
)
def test_a_wrong_address_is_a_sentence(client: TestClient, address: str, status: int, sentence: str) -> None:
    text = shown(client, address, status)
    assert sentence in text
    assert "Traceback" not in text


def test_a_saved_view_leads_to_its_findings(client: TestClient) -> None:
    answer = client.get("/saved/worst", headers={"Authorization": f"Bearer {TOKEN}"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/findings?severity=critical&group=policy")
    listed = shown(client, "/saved")
    assert "views/b.yaml" in listed
    assert "lower case letters" in listed


def test_one_run_is_compared_with_the_run_before(client: TestClient) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert client.get("/runs/4", headers=headers, follow_redirects=False).headers["location"] == "/runs/3...4"
    assert client.get("/runs?before=4&after=2", headers=headers, follow_redirects=False).headers["location"] == "/runs/2...4"


def test_the_word_inherited_stands_beside_each_inherited_number(client: TestClient) -> None:
    for address in ("/compliance", "/compliance/rules-v1.0.0"):
        assert "<em>inherited</em>" not in shown(client, address)
        text = shown(client, f"{address}?inherited=yes")
        assert all("<em>inherited</em>" in line for line in text.splitlines() if re.search(r"<strong>\d+</strong> of \d", line))
        assert re.search(r"<strong>\d+</strong> of \d", text)


def test_the_page_of_a_policy_has_the_logic_and_the_numbers(client: TestClient) -> None:
    text = shown(client, "/policies/ce/open")
    numbers = text[text.index('id="verdicts"') :]
    assert re.search(r"failing</li>", numbers)
    assert 'id="how-it-decides"' in text
    assert "No name." in text
    assert 'href="/compliance/rules-v1.0.0/1"' in text
    assert "/findings?policy=%2Fce%2Fopen" in text


def test_unknown_is_never_shown_as_passed(client: TestClient) -> None:
    text = shown(client, "/trends")
    assert "Unknown share" in text
    assert re.search(r'aria-label="Share of unknown verdicts: [\d.]+ % after run 1', text)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_reader_sees_own_accounts_only(client: TestClient, address: str) -> None:
    answer = client.get(address, headers={"X-User": "reader", "X-Accounts": ONE})
    assert answer.status_code == 200
    assert OTHER not in answer.text
    assert "Production" not in answer.text.replace("Production logic", "")


PROGRAMS = ("/api/v1/summary", "/api/v1/findings", "/api/v1/findings.csv", "/api/v1/facets", "/api/v1/compliance.ndjson")


NO_ACCOUNTS = "The proxy sends none in X-Accounts for you; ask the person who runs the proxy to add your accounts."


@pytest.mark.parametrize(
    ("address", "accounts", "sentence"),
    [
        *((address, {}, NO_ACCOUNTS) for address in ("/", "/findings", "/objects", *ADDRESSES, *PROGRAMS)),
        ("/findings", {"X-Accounts": ""}, NO_ACCOUNTS),
        (
            "/findings",
            {"X-Accounts": "payments,b"},
            "The proxy sends `b`, `payments` in X-Accounts for you, and this store has no such account",
        ),
    ],
)
def test_a_reader_without_accounts_is_told_so_and_nothing_else(
    client: TestClient, address: str, accounts: dict[str, str], sentence: str
) -> None:
    answer = client.get(address, headers={"X-User": "alma", **accounts}, follow_redirects=False)
    assert 403 == answer.status_code
    if address in PROGRAMS:
        assert answer.json()["detail"].startswith(f"You may see no account. {sentence}")
        return
    assert "<h1>You may see no account</h1>" in answer.text and sentence in answer.text and "alma" in answer.text
    assert "Nothing is known to fail" not in answer.text and "Thing" not in answer.text
    assert "/findings" not in answer.text, "no way leads anywhere"


def test_addresses_are_quoted() -> None:
    assert policy_address('/ce/a b"<') == "/policies/ce/a%20b%22%3C"
    assert framework_address(FRAMEWORK) == "/compliance/rules-v1.0.0"


def test_a_severity_stands_with_who_rated_and_why(client: TestClient) -> None:
    assert "<dd>high (us): It is open.</dd>" in shown(client, "/policies/ce/open")
    assert "<dt>Severity</dt>" not in shown(client, "/policies/ce/odd"), "nobody rates it"
