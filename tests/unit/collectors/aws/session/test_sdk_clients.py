"""Accounts share the SDK's clients, and no call of one is signed with the credentials of another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")

import botocore.client
from botocore.exceptions import NoCredentialsError

from perpend.collectors.aws.catalog import CALLS
from perpend.collectors.aws.client import CloudClient
from perpend.collectors.aws.session.credentials import ASSUME
from perpend.collectors.protocol import now
from perpend.collectors.rate_limit import RateLimit
from perpend.core.dataclass import dataclass

REGION = "eu-west-1"
OWN = "AKIAOWN"
_STS = "https://sts.amazonaws.com/doc/2011-06-15/"
_SNS = "http://sns.amazonaws.com/doc/2010-03-31/"
_KEY = re.compile(r"Credential=([^/]+)/")


@dataclass(slots=True)
class Server:
    """A server that records for each call its operation, the account it is about, its access key and its session token."""

    url: str
    calls: list[tuple[str, str, str, str | None]]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    calls: list[tuple[str, str, str, str | None]] = []

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            given = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            operation, subject = given["Action"][0], next(given[one][0] for one in ("TopicArn", "RoleArn") if one in given)
            account = subject.split(":")[4]
            key = _KEY.search(self.headers["Authorization"])
            calls.append((operation, account, key[1] if key else "", self.headers["X-Amz-Security-Token"]))
            body = _assumed(account) if operation == "AssumeRole" else _attributes(subject)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    for name, value in (("AWS_ACCESS_KEY_ID", OWN), ("AWS_SECRET_ACCESS_KEY", "none"), ("AWS_EC2_METADATA_DISABLED", "true")):
        monkeypatch.setenv(name, value)
    web = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    Thread(target=web.serve_forever, args=(0.01,), daemon=True).start()
    yield Server(f"http://127.0.0.1:{web.server_port}", calls)
    web.shutdown()
    web.server_close()


def _assumed(account: str) -> bytes:
    names = {"AccessKeyId": f"AKIA{account}", "SecretAccessKey": "none", "SessionToken": f"token-{account}"}
    content = "".join(f"<{name}>{value}</{name}>" for name, value in names.items())
    return f'<R xmlns="{_STS}"><AssumeRoleResult><Credentials>{content}</Credentials></AssumeRoleResult></R>'.encode()


def _attributes(topic: str) -> bytes:
    entry = f"<entry><key>TopicArn</key><value>{topic}</value></entry>"
    result = f"<GetTopicAttributesResult><Attributes>{entry}</Attributes></GetTopicAttributesResult>"
    return f'<R xmlns="{_SNS}">{result}</R>'.encode()


def _role(parent: CloudClient, account: str, expires: str = "2999-01-01T00:00:00+00:00") -> dict[str, str]:
    parameters = {"RoleArn": f"arn:aws:iam::{account}:role/audit", "RoleSessionName": "perpend"}
    credentials = next(iter(parent.pages(ASSUME, "", parameters)))["Credentials"]
    names = {"access_key": "AccessKeyId", "secret_key": "SecretAccessKey", "token": "SessionToken"}
    return {name: credentials[other] for name, other in names.items()} | {"expiry_time": expires}


def _ask(clients: dict[str, CloudClient], account: str) -> None:
    parameters = {"TopicArn": f"arn:aws:sns:{REGION}:{account}:topic"}
    assert 1 == len([*clients[account].pages(CALLS["sns.attributes"], REGION, parameters)])


def test_each_call_is_signed_with_the_credentials_of_its_account(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    create = botocore.client.ClientCreator.create_client

    def counted(creator: Any, service_name: str, *given: Any, **named: Any) -> Any:
        made.append(service_name)
        return create(creator, service_name, *given, **named)

    monkeypatch.setattr(botocore.client.ClientCreator, "create_client", counted)
    parent = CloudClient(endpoint_url=server.url, region=REGION)
    accounts = [f"{111111111110 + number}" for number in range(8)]
    sdk = parent.sdk
    clients = {one: CloudClient(region=REGION, role=partial(_role, parent, one), sdk=sdk) for one in accounts}
    clients["1"] = parent
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(partial(_ask, clients), [*accounts, "1"] * 25))
    sdk.close()
    expected = {("GetTopicAttributes", one, f"AKIA{one}", f"token-{one}") for one in accounts}
    assert {*expected, ("GetTopicAttributes", "1", OWN, None)} == {one for one in server.calls if one[0] != "AssumeRole"}
    assert {(one, OWN, None) for one in accounts} == {one[1:] for one in server.calls if one[0] == "AssumeRole"}
    assert 25 * 9 + 8 == len(server.calls)
    assert ["sns", "sts"] == sorted(made)


def test_credentials_that_are_renewed_before_each_call_sign_no_call_of_another(server: Server) -> None:
    parent = CloudClient(endpoint_url=server.url, region=REGION)
    accounts = [f"{111111111110 + number}" for number in range(4)]
    soon = (now() + timedelta(minutes=5)).isoformat()
    roles = {one: partial(_role, parent, one, expires=soon) for one in accounts}
    clients = {one: CloudClient(region=REGION, role=role, sdk=parent.sdk) for one, role in roles.items()}
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(partial(_ask, clients), accounts * 10))
    asked = [one for one in server.calls if one[0] != "AssumeRole"]
    assert {("GetTopicAttributes", one, f"AKIA{one}", f"token-{one}") for one in accounts} == {*asked}
    assert (40, {OWN}) == (len(asked), {key for operation, _, key, _ in server.calls if operation == "AssumeRole"})
    assert len(server.calls) - len(asked) > len(accounts)


def test_a_client_that_no_account_uses_signs_nothing(server: Server) -> None:
    sdk = CloudClient(endpoint_url=server.url, region=REGION).sdk
    with sdk.open("sns", REGION) as (client, transport):
        transport.begin(RateLimit(10.0))
        with pytest.raises(NoCredentialsError):
            client.get_topic_attributes(TopicArn=f"arn:aws:sns:{REGION}:111111111110:topic")
    assert [] == server.calls
