"""The API over a real store: answers, exports, conditional requests, refusals."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import perpend
from perpend.core.errors import PerpendError
from perpend.reports.terminal.history.findings import plain
from perpend.server.api import exports, routes
from perpend.server.api.openapi import openapi
from perpend.server.served_store import ServedRun
from tests.unit.inventory.snapshots.stored import plain_duckdb
from tests.unit.server.api.served import asking, reader_of, small_store

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("store")
    small_store(place)
    return place


@pytest.fixture(scope="module")
def client(directory: Path) -> Iterator[TestClient]:
    with asking(directory) as client:
        yield client


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def problem(client: TestClient, path: str, **more: Any) -> tuple[int, str]:
    """Return status and sentence of a refusal, which is a problem document for people and programs."""
    answer = client.request(more.pop("method", "GET"), path, **more)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return answer.status_code, answer.json()["detail"]


def test_pages_follow_each_other_and_hold_each_finding_once(client: TestClient, directory: Path) -> None:
    seen, key = [], {}
    while True:
        page = client.get("/api/v1/findings", params={"life": "all", "limit": 7, "order": "newest", **key}).json()
        seen += [row["finding_id"] for row in page["findings"]]
        if page["next"] is None:
            break
        key = {"next": page["next"]}
    assert len(seen) == len(set(seen)) == page["total"]
    assert set(seen) == {row["finding_id"] for row in perpend.open(directory).findings(life="all")}


@pytest.mark.parametrize(
    "keywords",
    [{}, {"order": "age"}, {"order": "priority", "life": "all"}, {"account": ["1" * 12, "Second"], "waived": "no"}],
)
def test_an_export_has_the_rows_of_the_store_in_every_format(
    client: TestClient, directory: Path, keywords: dict[str, Any], tmp_path: Path
) -> None:
    opened = perpend.open(directory, account_names={"2" * 12: "Second"})
    rows = [plain(row) for row in opened.findings(**keywords)]
    assert rows == lines(client.get("/api/v1/findings.ndjson", params=keywords).text)
    csv = client.get("/api/v1/findings.csv", params=keywords)
    assert [",".join(rows[0]), *(row["finding_id"] for row in rows)] == [
        line if number == 0 else line.split(",")[0] for number, line in enumerate(csv.text.splitlines())
    ]
    parquet = client.get("/api/v1/findings.parquet", params=keywords)
    assert parquet.headers["content-disposition"] == 'attachment; filename="findings-run-3.parquet"'
    (tmp_path / "findings.parquet").write_bytes(parquet.content)
    read = plain_duckdb().cursor().execute(f"SELECT finding_id FROM '{tmp_path}/findings.parquet'").fetchall()
    assert [row["finding_id"] for row in rows] == [name for (name,) in read]


def test_groups_runs_and_one_finding_are_cut_and_named(client: TestClient) -> None:
    groups = client.get("/api/v1/groups", params={"by": "account", "limit": 2}).json()
    assert (3, "account", 4, 2) == (groups["run"], groups["by"], groups["total"], len(groups["groups"]))
    first = client.get("/api/v1/runs", params={"limit": 2}).json()
    second = client.get("/api/v1/runs", params={"limit": 2, "next": first["next"]}).json()
    assert ([3, 2], [1], None) == (
        [one["run"] for one in first["runs"]],
        [one["run"] for one in second["runs"]],
        second["next"],
    )
    assert [(2, 3), (1, 2), (1, 3)] == [
        (page["before"], page["after"])
        for query in ("", "after=2", "before=1")
        for page in [client.get(f"/api/v1/diff?{query}").json()]
    ]
    row = client.get("/api/v1/findings", params={"limit": 1}).json()["findings"][0]
    assert row == client.get(f"/api/v1/findings/{row['finding_id']}").json()


def test_an_answer_that_the_client_has_is_not_sent_again(client: TestClient) -> None:
    answers = {path: client.get(path) for path in ("/api/v1/findings", "/api/v1/findings?limit=2", "/api/v1/findings.csv")}
    tags = {answer.headers["etag"] for answer in answers.values()}
    assert len(tags) == len(answers)
    for path, answer in answers.items():
        again = client.get(path, headers={"If-None-Match": f'"x", W/{answer.headers["etag"]}'})
        assert (304, b"", answer.headers["etag"]) == (again.status_code, again.content, again.headers["etag"])
        assert again.headers["cache-control"] == "private, no-cache"
        assert {"Authorization", "Cookie", "X-User", "X-Accounts"} == set(again.headers["vary"].split(", "))
    scoped = client.get("/api/v1/findings", headers={"If-None-Match": ", ".join(tags), **reader_of(frozenset({"1" * 12}))})
    assert (200, 4) == (scoped.status_code, scoped.json()["total"])
    same = client.get("/api/v1/findings?order=severity&limit=50", headers={"If-None-Match": ", ".join(tags)})
    assert same.status_code == 304


@pytest.mark.parametrize("path", [path for path in openapi()["paths"] if "{" not in path and "/jobs" not in path])
def test_every_address_answers_head_and_refuses_other_methods(client: TestClient, path: str) -> None:
    head = client.head(path)
    assert (200, b"") == (head.status_code, head.content)
    assert head.headers["etag"] == client.get(path).headers["etag"]
    refused = client.request("PATCH", path)
    assert (405, "application/problem+json") == (refused.status_code, refused.headers["content-type"])
    assert refused.headers["allow"] == ("GET, HEAD, POST" if path.endswith("/runs") else "GET, HEAD")
    assert (400, True) == (client.get(path, params={"x": "1"}).status_code, "x" in problem(client, f"{path}?x=1")[1])


def test_every_refusal_is_a_problem_document(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert problem(client, "/api/v1/findings?policy=nope") == (404, "the history has no policy 'nope'.")
    assert problem(client, "/api/v1/findings?account=9") == (404, "no object in the history belongs to account '9'.")
    assert problem(client, "/api/v1/diff?after=1") == (404, "no run comes before run 1: nothing to compare it with.")
    assert problem(client, "/api/v1/diff?before=3&after=2") == (404, "run 3 does not come before run 2.")
    assert problem(client, "/api/v1/compliance?framework=nope")[0] == 404
    assert problem(client, "/api/v1/findings?next=1.2") == (404, "next: no page of this order has given this key.")
    assert problem(client, "/api/v1/findings?next=1.2.3")[0] == 400
    assert problem(client, "/api/v1/runs?next=1.2") == (404, "next: no page has given this key.")
    assert problem(client, "/api/v1/findings", headers={"Authorization": "Bearer x"})[0] == 401
    assert problem(client, f"/api/v1/findings/{'0' * 32}") == (404, "There is no such finding.")
    assert problem(client, "/api/v1/nothing")[0] == 404
    assert problem(client, "/api/v1/findings", headers={"Host": "elsewhere"})[0] == 421
    monkeypatch.setattr(ServedRun, "findings", _fails)
    broken = client.get("/api/v1/findings?limit=3")
    assert (503, "the history is damaged", "10") == (
        broken.status_code,
        broken.json()["detail"],
        broken.headers["retry-after"],
    )


def _fails(*_: object, **__: object) -> None:
    raise PerpendError("the history is damaged")


def test_an_export_leaves_no_file_and_has_a_limit(client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert client.get("/api/v1/findings.csv").status_code == 200
    monkeypatch.setattr(exports, "_chunks", _breaks)
    assert client.get("/api/v1/findings.csv?life=all").text == "finding_id"  # a server closes the connection
    monkeypatch.setattr(routes, "MAX_EXPORTED", 45)
    monkeypatch.setattr(routes, "MAX_CHANGES", 85)
    assert problem(client, "/api/v1/findings.csv")[0] == 413
    assert problem(client, "/api/v1/diff.ndjson?before=2") == (
        413,
        "An export of this kind is made of at most 85 findings: ask for fewer.",
    )
    exports.FileExport(lambda path: path.touch(), "unsent", "csv", {})
    assert [] == [*tmp_path.iterdir()]


def _breaks(path: Path) -> Iterator[bytes]:
    assert path.is_file()
    yield b"finding_id"
    raise OSError("broken")
