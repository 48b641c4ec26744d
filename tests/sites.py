"""A small repository with a bit of everything that pages show, and one whose every text means harm."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from perpend.language.compiler.analyzer import Analyzer
from perpend.language.operations import OPERATIONS
from perpend.language.syntax.repository import Repository
from perpend.reports.site.content import guides
from perpend.reports.site.content.links import EntityFlag
from perpend.reports.site.content.site_model import SiteModel
from tests.repositories import NAMES, write

TYPE = "CA10__CaThing__c"
OWNER = "CA10__CaOwner__c"
POLICY = "/ce/acme/cloud/store/thing-is-open"
IDEA = "/ce/acme/cloud/store/idea"
EVIL = "<script>alert(1)</script>\"'&{{ 7*7 }}{% raw %}\u202e"


def equal(field: str, value: Any) -> dict[str, Any]:
    return {"IS_EQUAL": {"left": {"FIELD": {"path": field}}, "right": {"BOOLEAN": value}}}


def execution_object(number: int, status: str, index: int, text: str, **fields: Any) -> dict[str, Any]:
    expected = {"status": status, "conditionIndex": str(index), "conditionText": text, "runtimeError": None}
    return {"Id": f"o{number}", **fields, "context": {"snapshotTime": "2026-01-10T18:00:00Z"}, "expectedResult": expected}


def logic_document(**more: Any) -> dict[str, Any]:
    return {
        "inputType": TYPE,
        "testData": [{"file": "test-data.json"}],
        "importExtracts": [{"file": f"/types/{TYPE}/object.extracts.yaml"}],
        "conditions": [
            {
                "status": "INCOMPLIANT",
                "currentStateMessage": "It is open.",
                "remediationMessage": "Close it with `thing close`.",
                "check": {"IS_EQUAL": {"left": {"EXTRACT": "open"}, "right": {"BOOLEAN": True}}},
            },
            {
                "status": "INAPPLICABLE",
                "currentStateMessage": "It is of no use.",
                "check": {"AND": {"args": [equal("used__c", False), {"NOT": {"arg": equal("kept__c", True)}}]}},
            },
        ],
        "otherwise": {"status": "COMPLIANT", "currentStateMessage": "It is closed."},
        **more,
    }


EXTRACT_TEXT = "extract('open') == true"
OTHER_TEXT = "used__c == false && not(kept__c == true)"


def leave_out_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the pages of most operations, nine of ten of all, where nothing depends on how many there are."""
    few = ("AND", "IS_EQUAL", "NOT")
    monkeypatch.setattr(guides, "OPERATIONS", {name: one for name, one in OPERATIONS.items() if name in few})


def files() -> dict[str, Any]:
    """Return the files of the small repository: two policies, a framework with two sections, types, rules, tables."""
    return {
        "ce/folder.yaml": {"names": {"full": "All", "contextual": "All"}},
        "ce/acme/folder.yaml": {"names": {"full": "Acme", "contextual": "Acme"}},
        "ce/acme/cloud/folder.yaml": {"names": {"full": "Acme Cloud", "contextual": "Cloud"}},
        "ce/acme/cloud/store/folder.yaml": {"names": {"full": "Acme Store", "contextual": "Store"}},
        f"{POLICY[1:]}/policy.yaml": {
            "names": {"full": "Acme Thing is open", "contextual": "Thing is open"},
            "description": "A thing is open to everybody.",
            "type": "COMPLIANCE_POLICY",
            "categories": ["SECURITY", "COST"],
            "frameworkMappings": ["/frameworks/acme/01"],
            "similarPolicies": {
                "internal": ["dec-x-1"],
                "cloudConformity": [{"name": "Closed things", "url": "https://conformity.example/closed"}],
                "awsTrustedAdvisor": [{"name": "Advice", "url": "https://advice.example/", "checkId": "A1"}],
                "awsSecurityHub": [{"name": "Hub", "url": "https://hub.example/1"}],
                "trivy": ["AVD-AWS-0001"],
            },
        },
        f"{POLICY[1:]}/description.md": "# Description\n\nA thing.\n\n## Rationale\n\n[idea](../idea/policy.yaml) ![p](p.png)\n",
        f"{POLICY[1:]}/remediation.md": "Close it.\n",
        f"{POLICY[1:]}/todo.md": "- more\n",
        f"{POLICY[1:]}/prod.logic.yaml": logic_document(),
        f"{POLICY[1:]}/test-data.json": [
            execution_object(1, "INCOMPLIANT", 199, EXTRACT_TEXT, open__c=True),
            execution_object(2, "COMPLIANT", 300, "otherwise", open__c=False, used__c=True),
            execution_object(3, "COMPLIANT", 300, "otherwise", open__c=False, used__c=False),
        ],
        f"{IDEA[1:]}/policy.yaml": {"names": NAMES, "description": "An idea.", "impossible": True},
        "frameworks/acme/section.yaml": {"name": "Acme Standard", "singlePolicyOnly": True},
        "frameworks/acme/01/section.yaml": {"name": "1 Things are closed", "description": "Close **all**."},
        "frameworks/acme/02/section.yaml": {"name": "2 Like 1", "similar": {"sections": ["/frameworks/acme/01"]}},
        "frameworks/acme/03/section.yaml": {"name": "3 Unanswered"},
        f"types/{TYPE}/type.yaml": {
            "label": "Acme Thing",
            "fields": [{"name": "open__c", "type": "checkbox", "label": "Open"}],
            "lookups": [{"name": "CA10__owner__r", "target": OWNER, "key": "CA10__owner__c"}],
        },
        f"types/{TYPE}/object.extracts.yaml": {"extracts": [{"name": "open", "value": {"FIELD": {"path": "open__c"}}}]},
        f"types/{OWNER}/type.yaml": {"label": "Acme Owner", "fields": []},
    }


def hostile_files() -> dict[str, Any]:
    """Return the files of a repository whose names and texts try to become code."""
    found = files()
    policy = found[f"{POLICY[1:]}/policy.yaml"]
    policy["names"] = {"full": EVIL, "contextual": EVIL}
    policy["tags"] = [EVIL]
    policy["similarPolicies"] = {
        "internal": [f"../../{EVIL}"],
        "cloudConformity": [{"name": EVIL, "url": "javascript:alert(1)"}],
    }
    found[f"{POLICY[1:]}/description.md"] = f"{EVIL}\n\n<img src=x onerror=alert(1)>[x](javascript:alert(1))\n"
    logic = found[f"{POLICY[1:]}/prod.logic.yaml"]
    logic["conditions"][0]["currentStateMessage"] = logic["conditions"][0]["remediationMessage"] = EVIL
    found[f"{POLICY[1:]}/test-data.json"][0]["Id"] = EVIL
    found["frameworks/acme/01/section.yaml"] = {"name": EVIL, "description": EVIL}
    found["frameworks/acme/folder <b>&/section.yaml"] = {"name": EVIL}
    found[f"types/{TYPE}/type.yaml"]["label"] = EVIL
    found[f"types/{TYPE}/type.yaml"]["lookups"] = [{"name": EVIL, "target": EVIL, "key": EVIL}]
    return found


def book_of(root: Path, found: dict[str, Any]) -> SiteModel:
    """Return the book of a repository written below a root."""
    return SiteModel(Analyzer(Repository(write(root, found))))


def slugs(flags: Iterable[EntityFlag]) -> list[str]:
    """Return which flags these are."""
    return [flag.slug for flag in flags]


def dead_links(site: Path) -> list[str]:
    """Return the links, images and anchors of a site's pages that lead nowhere, and ids that a page has twice."""
    pages = {path.resolve(): path.read_text("utf-8") for path in site.rglob("*.html")}
    ids = {path: re.findall(r'\sid="([^"]*)"', text) for path, text in pages.items()}
    dead = [f"{path}: {name} twice" for path, names in ids.items() for name in set(names) if names.count(name) > 1]
    for path, text in pages.items():
        for target in re.findall(r'\s(?:href|src|action)="([^"]*)"', text):
            address = urlsplit(unescape(target))
            if address.scheme or address.netloc:
                continue
            file = (path.parent / unquote(address.path)).resolve() if address.path else path
            anchor = unquote(address.fragment)
            if not file.is_file() or (anchor and file in ids and anchor not in ids[file] and not anchor.startswith(":~:")):
                dead.append(f"{path}: {target}")
    return dead
