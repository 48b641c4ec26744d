"""A store of a few buckets with hostile names, judged twice, and an application that serves it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from perpend.language.syntax.repository import open_repository
from perpend.server.app import create_app
from perpend.server.served_store import ServedStore
from perpend.server.settings import ServerSettings
from tests.cli.conftest import done
from tests.repositories import write
from tests.unit.server.served import PROXY, TOKEN

TYPE = "CA10__CaAwsBucket__c"
POLICY = "/ce/ca/aws/s3/bucket-versioning"
SCRIPT = "<script>alert('1')</script>"
HIDDEN = "in\u202evisible\x1b[31m"
LONG = "long-" * 60
OURS, THEIRS = "111122223333", "444455556666"


def _bucket(
    identity: str, name: str, versioning: str | None, account: str = OURS, tags: dict[str, str] | None = None
) -> dict[str, Any]:
    owner = {"CA10__disappearanceTime__c": None, "CA10__account__r": {"Id": account, "Name": account}}
    known = {"CA10__tagsJson__c": json.dumps(tags)} if tags is not None else {}
    return {**owner, "Id": identity, "CA10__name__c": name, "CA10__versioningStatus__c": versioning, **known}


FIRST = [_bucket("b1", "logs", "Enabled"), _bucket("b2", SCRIPT, "Off")]
SECOND = [
    _bucket("b1", "logs", "Off", tags={"Team": "a=b", "Env": "prod"}),
    _bucket("b2", SCRIPT, "Off", tags={"Team": "a=b", "a=b": "c"}),
    _bucket("b3", HIDDEN, "Off"),
    {**_bucket("b4", "fine", "Enabled"), "CA10__tagsJson__c": json.dumps({"team": "<b>", "checked": ""})},
    _bucket("b5", "not-read", None),
    _bucket(LONG, LONG, "Suspended", THEIRS),
]
WAIVER = {
    "id": "scripts",
    "policies": [POLICY],
    "kind": "planned-fix",
    "reason": "<b>later</b>",
    "owner": "o@x.example",
    "until": "2999-01-01",
    "limit": 1,
    "scope": {"objects": ["b2"]},
}
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}


def made_store(directory: Path) -> None:
    """Make a store, and a directory of waivers beside it."""
    for buckets in (FIRST, SECOND):
        path = directory / "buckets.json"
        path.write_text(json.dumps(buckets), "utf-8")
        done("import", path, "--type", TYPE, "--store", directory / "store")
        done("check", "-q", "--policy", POLICY, "--store", directory / "store", code=1)
    write(directory / "waivers", {"a.yaml": {"waivers": [WAIVER]}})


def served_store(directory: Path) -> ServedStore:
    """Return the store as a server serves it."""
    names = {OURS: "Our <b>account</b>"}
    waivers = str(directory / "waivers")
    return ServedStore(str(directory / "store"), open_repository(), waivers=waivers, account_names=names)


def application(store: ServedStore) -> Starlette:
    """Return the application, which answers whoever has the token."""
    return create_app(store, ServerSettings(tokens=PROXY.tokens))
