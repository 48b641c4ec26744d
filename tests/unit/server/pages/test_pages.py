"""What pages say of a store, and how they say it: escaped, with every state in the address, without inline code."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from starlette.testclient import TestClient

import perpend
from perpend.core.errors import PerpendError
from perpend.findings.history.identity import finding_id
from perpend.findings.waivers.read import waivers_of
from perpend.language.syntax.files import Files
from perpend.server.app import create_app
from perpend.server.pages import bounded
from perpend.server.pages import finding as finding_page
from perpend.server.scope import ALL_ACCOUNTS
from perpend.server.served_store import ServedStore
from tests.unit.server.pages.buckets import HIDDEN, LONG, OURS, POLICY, SCRIPT, THEIRS, TYPE
from tests.unit.server.served import PROXY

Html = Callable[..., str]


def address_of(bucket: str) -> str:
    return f"/findings/{finding_id(POLICY, TYPE, bucket)}"


PAGES = (
    "/",
    "/findings",
    "/findings?life=all&order=age&limit=2",
    "/findings?group=policy",
    "/findings?group=account",
    "/findings?search=nothing-has-this-name",
    "/objects",
    address_of("b1"),
    address_of("b2"),
    address_of("b3"),
    address_of("b5"),
    f"/objects/{TYPE}/b2",
    "/findings?bogus=1",
    "/findings/nothing",
)


class Parts(HTMLParser):
    """The parts of a page that rules are about: tags with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def links(self) -> list[str]:
        return [attributes["href"] or "" for tag, attributes in self.tags if tag == "a" and "href" in attributes]


def rows_with_ids(text: str) -> list[tuple[bool, str]]:
    """Return the rows of a page that have an id: whether each is the head of a section, and its id."""
    rows = [attributes for tag, attributes in Parts(text).tags if tag == "tr" and "id" in attributes]
    return [(row.get("class") == "section", row["id"] or "") for row in rows]


def words(text: str) -> str:
    """Return the text of the main part of a page with single blanks."""
    main = text[text.index("<main") : text.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main)).split())


@pytest.mark.parametrize("address", PAGES)
def test_a_page_has_no_inline_code_and_escapes_what_it_shows(client: TestClient, address: str) -> None:
    answer = client.get(address)
    parts = Parts(answer.text)
    for tag, attributes in parts.tags:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        assert tag != "style"
        assert tag != "script" or attributes.get("src")
        assert not (attributes.get("href") or "").startswith(("javascript:", "data:"))
        assert "<" not in "".join(name for name in attributes)
    assert SCRIPT not in answer.text
    assert "<b>" not in answer.text
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f-\x9f]", answer.text)
    assert answer.headers["cache-control"] in ("private, no-cache", "no-store")
    has_landmarks_one_heading_and_labels(parts.tags)


def test_pages_are_compressed_for_clients_that_read_it(client: TestClient) -> None:
    packed, plain = (client.get("/findings", headers={"accept-encoding": coding}) for coding in ("gzip", "identity"))
    assert ("gzip", None) == (packed.headers.get("content-encoding"), plain.headers.get("content-encoding"))
    assert int(packed.headers["content-length"]) * 3 < len(plain.content) and packed.text == plain.text


def has_landmarks_one_heading_and_labels(tags: list[tuple[str, dict[str, str | None]]]) -> None:
    names = [tag for tag, _ in tags]
    assert (1, 1, 1) == (names.count("main"), names.count("h1"), names.count("footer"))
    assert ("a", {"class": "skip", "href": "#main"}) in tags
    labelled = {attributes.get("for") for tag, attributes in tags if tag == "label"}
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len({*ids})
    for tag, attributes in tags:
        if tag in ("input", "select") and attributes.get("type") not in ("hidden", "checkbox", "radio"):
            assert attributes["id"] in labelled
    assert [attributes for _, attributes in tags if attributes.get("aria-current")]


def test_the_first_page_tells_what_is_known_and_what_is_not(html: Html) -> None:
    text = words(html("/"))
    assert "20 % of what is known complies" in text
    assert "1 compliant 3 failing 1 waived 1 unknown" in text
    assert "83 % of the verdicts are known. 1 verdict is unknown , which is no pass." in text
    assert "opened 3" in text
    assert "Bucket versioning is not enabled" in text
    assert "No waiver ends within 14 days." in text


def test_the_header_names_the_run_and_the_readers_accounts(html: Html, store: ServedStore) -> None:
    assert re.search(r'<a href="/runs">Run 2</a> <time datetime="[^"]*">[0-9-]{10} [0-9:]{5} UTC</time>', html("/findings"))
    assert "You see" not in html("/findings")
    scoped = TestClient(create_app(store, PROXY), base_url="http://perpend.example", client=("10.0.0.4", 5))
    answer = scoped.get("/findings", headers={"X-Forwarded-User": "ana", "X-Accounts": THEIRS}).text
    assert "You see 1 account only" in answer
    assert "1 finding" in words(answer)
    assert "logs" not in words(answer)


def test_hidden_characters_are_written_out(html: Html) -> None:
    assert r"in\u202evisible\x1b[31m" in html("/findings")
    assert HIDDEN not in html(address_of("b3"))


@pytest.mark.parametrize("address", ["findings", "findings.ndjson", "diff", "diff.ndjson"])
def test_json_is_ascii_whatever_names_hold(client: TestClient, address: str) -> None:
    answer = client.get(f"/api/v1/{address}").content
    assert answer.isascii() and b"in\\u202evisible" in answer


def test_facets_count_and_every_choice_is_an_address(html: Html, client: TestClient) -> None:
    page = html("/findings?life=unknown&account=" + OURS)
    assert "1 finding" in words(page)
    assert "never failed" in words(page)
    checked = [attributes.get("value") for tag, attributes in Parts(page).tags if "checked" in attributes]
    assert ["unknown", "all", OURS] == checked
    without = [link for link in Parts(page).links() if link == f"/findings?account={OURS}"]
    assert without, "the filter by state can be removed"
    answer = client.get("/findings?search=&severity=&account=" + OURS)
    assert (303, f"/findings?account={OURS}") == (answer.status_code, answer.headers["location"])


def test_the_most_frequent_tags_are_a_facet(html: Html, client: TestClient) -> None:
    facets = client.get("/api/v1/facets").json()["facets"]
    assert [("Team=a=b", 2), ("Env=prod", 1)] == [*facets["tag"].items()]
    filtered = client.get("/api/v1/facets?tag=Env=prod").json()
    assert (1, {"Env=prod": 1, "Team=a=b": 1}) == (filtered["total"], filtered["facets"]["tag"])
    checked = [attributes for tag, attributes in Parts(html("/findings?tag=Team=a=b")).tags if "checked" in attributes]
    assert ("tag", "Team=a=b") in [(one.get("name"), one.get("value")) for one in checked]


def test_findings_of_a_framework_are_those_of_its_policies(html: Html, client: TestClient) -> None:
    page = html("/findings?framework=aws-security-hub/s3")
    assert "4 findings" in words(page)
    assert "Framework Amazon S3 ×" in words(page)
    assert ["aws-security-hub/s3"] == [
        attributes["value"] for _, attributes in Parts(page).tags if attributes.get("name") == "framework"
    ]
    assert "/findings" in Parts(page).links(), "the filter can be removed"
    assert 4 == client.get("/api/v1/facets?framework=aws-security-hub").json()["total"]
    assert 4 == len(client.get("/api/v1/findings.ndjson?framework=aws-security-hub/s3/14").text.splitlines())
    for name, said in (
        ("cis-azure", "the history has no policy that is mapped to 'cis-azure'"),
        ("aws-security-hubs", "(did you mean 'aws-security-hub'?)"),
    ):
        assert said in words(html(f"/findings?framework={name}", 400))
        assert said in client.get(f"/api/v1/findings?framework={name}").json()["detail"]


def test_exports_have_exactly_the_filters_of_the_page(html: Html, client: TestClient) -> None:
    page = html(f"/findings?account={OURS}&waived=no&order=age&limit=1")
    exports = [link for link in Parts(page).links() if link.startswith("/api/")][:3]
    assert ["csv", "ndjson", "parquet"] == [urlsplit(link).path.rpartition(".")[2] for link in exports]
    for link in exports:
        assert [("account", OURS), ("waived", "no")] == parse_qsl(urlsplit(link).query)
    lines = client.get(exports[1]).text.splitlines()
    assert "2 findings, 1 shown" in words(page)
    assert len(lines) == 2


def test_pages_follow_each_other_by_key(html: Html) -> None:
    address, seen = "/findings?limit=1", list[str]()
    while address:
        page = html(address)
        seen += re.findall(r'<tr><td><a href="(/findings/[0-9a-f]{32})"', page)
        address = next((unescape(one) for one in re.findall(r'rel="next"[^>]*href="([^"]*)"', page)), "")
        assert "4 findings, 1 shown" in words(page)
    assert (4, 4) == (len(seen), len({*seen}))


def test_a_question_that_means_nothing_is_a_page_that_tells(html: Html) -> None:
    for address, said in (
        ("/findings?bogus=1", "no parameter is called 'bogus'"),
        ("/findings?severity=grave", "'grave' is not one of critical"),
        ("/findings?next=zzz", "Correct the address"),
        ("/findings?account=1&account=nobody", "no object in the history belongs to account"),
        ("/?search=x", "no parameter is called 'search'"),
    ):
        assert said in words(html(address, 400))
    assert "No finding matches these filters." in words(html("/findings?search=nothing-has-this-name"))


def test_groups_lead_to_their_findings(html: Html) -> None:
    by_account = html("/findings?group=account&waived=no")
    assert f"/findings?account={OURS}&amp;waived=no" in by_account
    assert "Our <b>" not in by_account
    by_object = html("/objects")
    assert "4 objects with 4 findings" in words(by_object)
    assert "/objects/-/b1" in by_object
    assert ["b1", "b3", LONG, "b2"] == re.findall('href="/objects/-/([^"]*)"', by_object), "what is waived comes last"
    assert "logs AWS S3 Bucket b1 Our <b>account</b> none" in words(by_object)


def test_a_finding_tells_why_with_values_and_their_source(html: Html) -> None:
    page = words(html(address_of("b1")))
    assert "INCOMPLIANT open" in page
    assert "The bucket does not keep former versions of its objects." in page
    assert 'versioning status "Off"' in page
    assert 'versioning status from "Off" to "Enabled" would make it COMPLIANT' in page
    assert "Read at " in page
    assert "Run 2" in page
    assert "COMPLIANT → INCOMPLIANT the object changed" in page
    assert "Episode 1" not in page, "a table of one episode says nothing more than the dates"


def test_the_plan_is_that_of_perpend_remediate(html: Html, directory: Path) -> None:
    (row,) = perpend.open(directory / "store").remediate(finding_id(POLICY, TYPE, "b1"))
    assert unescape(html(address_of("b1"))).count(row["commands"]) == 2  # shown, and in the button that copies it
    hostile = words(html(address_of("b3")))
    assert "No commands: " in hostile
    assert "with signs that cannot be seen" in hostile


def test_the_waiver_to_copy_is_one_that_runs_read(html: Html, tmp_path: Path) -> None:
    page = html(address_of("b1"))
    entry = unescape(re.findall(r'data-copy="([^"]*waivers:[^"]*)"', page)[0])
    (tmp_path / "w.yaml").write_text(entry, "utf-8")
    read = waivers_of(Files(tmp_path), "w.yaml")
    assert read.diagnostics == ()
    (waiver,) = read.waivers
    assert (1, (POLICY,), {"objects": ("b1",)}) == (waiver.limit, waiver.policies, dict(waiver.scope))
    assert waiver.until is not None
    assert waiver.until > datetime.now(UTC).date()
    assert "data-copy" not in html(address_of("b5")).partition('id="waiver"')[2].partition("</section>")[0]
    assert "What is not known cannot be waived into a pass." in words(html(address_of("b5")))
    waived = words(html(address_of("b2")))
    assert "Waived by scripts" in waived
    assert "<b>later</b>" in waived


def test_what_is_not_known_says_so_and_is_no_pass(html: Html) -> None:
    page = words(html(address_of("b5")))
    assert "UNDETERMINED unknown" in page
    assert "The verdict is not known, so there is nothing to fix yet." in page
    assert "never known to fail" in page


@pytest.mark.parametrize("late", [False, True])
def test_a_finding_that_cannot_be_explained_has_its_page(html: Html, monkeypatch: pytest.MonkeyPatch, *, late: bool) -> None:
    def refuse(*_: object) -> None:
        raise PerpendError("the snapshot is gone")

    monkeypatch.setattr(finding_page, "explained_finding", refuse)
    if late:
        monkeypatch.setattr(bounded, "SECONDS", 0.1)
        monkeypatch.setattr(finding_page, "explained_finding", lambda *_: time.sleep(1))
    page = words(html(address_of("b1")))
    assert ("It takes longer than 0.1 seconds" if late else "It cannot be explained. the snapshot is gone") in page
    assert late or "COMPLIANT → INCOMPLIANT" in page


def test_another_verdict_by_todays_policies_is_told(html: Html, store: ServedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    real = finding_page.explained_finding
    run = store.current()
    known = run.finding(finding_id(POLICY, TYPE, "b5"), ALL_ACCOUNTS)
    assert known is not None
    monkeypatch.setattr(finding_page, "explained_finding", lambda state, _, scope: real(state, known, scope))
    assert "By today's policies and settings the verdict on this snapshot is UNDETERMINED" in words(html(address_of("b1")))


def test_an_object_has_every_verdict(html: Html, client: TestClient) -> None:
    assert "1 incompliant" in words(html(f"/objects/{TYPE}/b1"))
    fine = words(html(f"/objects/{TYPE}/b4"))
    assert "1 compliant" in fine
    assert "No policy ever found a fault here." in fine
    assert 'versioning status "Enabled"' in fine and 'versioning status "Off"' in words(html(f"/objects/{TYPE}/b1"))
    assert "versioning status null" in words(html(f"/objects/{TYPE}/b5"))
    assert "Tags checked team=<b>" in fine and "Tags not known" in words(html(f"/objects/{TYPE}/b5"))
    assert "/findings?tag=team%3D%3Cb%3E&life=all" in Parts(html(f"/objects/{TYPE}/b4")).links()
    answer = client.get("/objects/-/b1")
    assert (303, f"/objects/{TYPE}/b1") == (answer.status_code, answer.headers["location"])
    without_findings = client.get("/objects/-/fine")
    assert (303, f"/objects/{TYPE}/b4") == (without_findings.status_code, without_findings.headers["location"])
    assert LONG in html(f"/objects/{TYPE}/{LONG}")
    for address in (f"/objects/{TYPE}/nothing", "/objects/-/nothing", f"/objects/Nothing/{'b1'}"):
        html(address, 404)


def test_a_reader_of_other_accounts_sees_no_page_of_an_object(store: ServedStore) -> None:
    scoped = TestClient(create_app(store, PROXY), base_url="http://perpend.example", client=("10.0.0.4", 5))
    headers = {"X-Forwarded-User": "ana", "X-Accounts": THEIRS}
    for address in (address_of("b1"), f"/objects/{TYPE}/b1", f"/objects/{TYPE}/b4", "/objects/-/b1", "/objects/-/b4"):
        assert scoped.get(address, headers=headers, follow_redirects=False).status_code == 404
    assert scoped.get(address_of(LONG), headers=headers).status_code == 200


def test_saved_lists_are_texts_to_commit(html: Html) -> None:
    page = html("/findings?severity=high&life=open&waived=no&group=policy")
    entry = unescape(re.findall(r'data-copy="(name: [^"]*)"', page)[0])
    assert (
        'name: fill-in-a-name\ntitle: Fill in a title\nfilters:\n  life: ["open"]\n  severity: ["high"]\n'
        'group: "policy"\nwaived: "no"\n'
    ) == entry


def test_every_link_leads_somewhere(client: TestClient) -> None:
    links, broken = dict[str, str](), list[str]()
    for address in PAGES:
        parts = Parts(client.get(address).text)
        anchors = {attributes.get("id") for _, attributes in parts.tags}
        for link in parts.links():
            target, _, anchor = link.partition("#")
            # Addresses that differ in a value alone are alike.
            links.setdefault(re.sub(r"[0-9a-f]{32}|=[^&]*", "", target), target)
            broken += [f"{address}{link}"] if anchor and not target and anchor not in anchors else []
    # Pages of policies are tested by themselves, and read many policies of the library.
    for target in (one for one in links.values() if one and not one.startswith(("/policies", "/compliance"))):
        answer = client.get(target, follow_redirects=True)
        broken += [f"{answer.status_code} {target}"] if answer.status_code != 200 else []
    assert [] == broken
    assert {"/policies", "/waivers", "/runs", "/estate", "/trends", f"/policies{POLICY}"} <= links.keys()


def test_requirements_stand_below_their_section_unless_the_worst_come_first(html: Html) -> None:
    rows, section = rows_with_ids(html("/compliance/cis-aws-v7.0.0")), ""
    sections = [id for is_section, id in rows if is_section]
    assert len(sections) > 3 and len(sections) == len({*sections})
    for is_section, id in rows:
        section = id if is_section else section
        assert is_section or section == id.rpartition("/")[0]
    by_number = [id for is_section, id in rows if not is_section]
    worst = rows_with_ids(html("/compliance/cis-aws-v7.0.0?order=failing"))
    assert sorted(by_number) == sorted(id for _, id in worst) and not any(is_section for is_section, _ in worst)


def test_the_menu_names_the_page_and_a_log_in_page_has_no_way_to_what_needs_one(html: Html, client: TestClient) -> None:
    assert "<summary>Menu: Findings</summary>" in html(address_of("b1")) and "<summary>Menu: Overview<" in html("/")
    page = client.get("/login", headers={"Authorization": ""}).text
    assert ["#main", "/"] == Parts(page).links()[:2] and not any("/api" in link for link in Parts(page).links())


def test_the_severity_of_a_finding_names_its_source(html: Html) -> None:
    assert re.search("Severity low \\(Perpend's default\\): [A-Z]", words(html(address_of("b1"))))


def test_a_service_is_chosen_by_a_facet_and_shown_as_a_chip(html: Html) -> None:
    page = html("/findings")
    service = [attributes for tag, attributes in Parts(page).tags if attributes.get("value") == "/ce/ca/aws/s3/*"]
    assert ["policy"] == [one["name"] for one in service] and "checked" not in service[0]
    assert "Service S3 4 Policy" in words(page)
    chosen = html("/findings?policy=/ce/ca/aws/s3/*")
    assert "Service S3 ×" in words(chosen) and "<strong>4</strong> findings" in chosen
    assert 1 == sum(one.get("value") == "/ce/ca/aws/s3/*" and "checked" in one for _, one in Parts(chosen).tags)
