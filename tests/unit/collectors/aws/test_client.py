"""What the way to AWS does to requests before they are signed, and what it takes for an answer."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from unittest import mock

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")

from botocore.awsrequest import AWSRequest

from perpend.collectors.aws.catalog import CALLS
from perpend.collectors.aws.client import CallRefused, CloudClient, without_account
from perpend.collectors.aws.model import CloudCall, Metric
from perpend.collectors.aws.responses import _metric_queries
from perpend.collectors.aws.session.credentials import ACCOUNTS, ASSUME
from perpend.collectors.protocol import now
from tests.servers.answers import BODIES, QueryResult

PATH = "v20180820/configuration/publicAccessBlock"


@pytest.mark.parametrize(
    ("host", "asked"),
    [
        ("111122223333.127.0.0.1:5000", "127.0.0.1:5000"),
        ("111122223333.localhost:5000", "localhost:5000"),
        ("127.0.0.1:5000", "127.0.0.1:5000"),
        ("111122223333.s3-control.eu-west-1.amazonaws.com", "111122223333.s3-control.eu-west-1.amazonaws.com"),
        (
            "111122223333.control.vpce-1.s3.eu-west-1.vpce.amazonaws.com",
            "111122223333.control.vpce-1.s3.eu-west-1.vpce.amazonaws.com",
        ),
    ],
)
def test_only_hosts_of_aws_have_names_for_accounts(host: str, asked: str) -> None:
    request = AWSRequest(method="GET", url=f"http://{host}/{PATH}")
    without_account(request)
    assert f"http://{asked}/{PATH}" == request.url


ASKED = {"sns.attributes": {"TopicArn": "arn:aws:sns:eu-west-1:111122223333:alarms"}}


def pages(monkeypatch: pytest.MonkeyPatch, name: str, *answers: str) -> list[Any]:
    """Return what is read of answers that come to a listing one after the other, each with the status 200."""
    left = list(answers)

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(left.pop(0).encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, "test")
    with HTTPServer(("127.0.0.1", 0), Answering) as server, ThreadPoolExecutor(1) as threads:
        client = CloudClient(endpoint_url=f"http://127.0.0.1:{server.server_port}", region="eu-west-1", attempts=1)
        threads.submit(server.serve_forever, 0.01)
        try:
            return list(client.pages(CALLS[name], "eu-west-1", ASKED.get(name, {})))
        finally:
            client.close()
            server.shutdown()


POLICY = "<member><PolicyName>p</PolicyName><Arn>a</Arn></member>"


def policies(more: str) -> str:
    listed = f"<Policies>{POLICY}</Policies>{more}"
    return f"<ListPoliciesResponse><ListPoliciesResult>{listed}</ListPoliciesResult></ListPoliciesResponse>"


def test_pages_are_read_to_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    first, last = policies("<IsTruncated>true</IsTruncated><Marker>m</Marker>"), policies("<IsTruncated>false</IsTruncated>")
    assert 2 == len(pages(monkeypatch, "iam.policies", first, last))


OPEN_ENDS = (
    "",
    "<Marker>m</Marker>",
    "<IsTruncated>true</IsTruncated>",
    "<IsTruncated>true</IsTruncated><Marker></Marker>",
    "<IsTruncated>false</IsTruncated><Marker>m</Marker>",
)


@pytest.mark.parametrize("more", OPEN_ENDS)
def test_a_page_that_does_not_state_the_end_of_the_list_is_not_the_last_one(monkeypatch: pytest.MonkeyPatch, more: str) -> None:
    with pytest.raises(CallRefused, match="TruncatedAnswer"):
        pages(monkeypatch, "iam.policies", policies(more))


@pytest.mark.parametrize("more", [{}, {"Truncated": True}, {"Truncated": None}, {"Truncated": False, "NextMarker": "m"}])
def test_the_end_of_a_list_in_json_is_stated_as_well(monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]) -> None:
    with pytest.raises(CallRefused, match="TruncatedAnswer"):
        pages(monkeypatch, "kms.keys", json.dumps({"Keys": [], **more}))
    assert 1 == len(pages(monkeypatch, "kms.keys", json.dumps({"Keys": [], "Truncated": False})))


ATTRIBUTES = "<Attributes><entry><key>Policy</key></entry></Attributes>"


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("sqs.queues", '{"__type":"com.amazonaws.sqs#AccessDeniedException","message":"no"}'),
        ("sqs.queues", '{"message": "no, or yes", "__type" : "InternalError"}'),
        ("ec2.regions", '<?xml version="1.0"?>\n<Response><Errors><Error><Code>Blocked</Code></Error></Errors></Response>'),
        ("iam.policies", "<ErrorResponse><Error><Code>InternalFailure</Code></Error></ErrorResponse>"),
        ("sns.attributes", f"<R><GetTopicAttributesResult>{ATTRIBUTES}</GetTopicAttributesResult></R>"),
    ],
)
def test_an_error_that_is_sent_as_an_answer_is_none(monkeypatch: pytest.MonkeyPatch, name: str, body: str) -> None:
    with pytest.raises(CallRefused, match=r"NoResult|UnparsableAnswer"):
        pages(monkeypatch, name, body)


@pytest.fixture(scope="module")
def said() -> Iterator[Callable[[CloudCall, QueryResult], str]]:
    """Yield what returns how the answer to a call is refused, empty where it is not; whatever is asked is answered alike."""
    given: list[QueryResult] = []

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(given[0].status)
            self.send_header("Content-Type", given[0].kind)
            self.send_header("Content-Length", str(len(given[0].content)))
            self.end_headers()
            self.wfile.write(given[0].content)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    with mock.patch.dict(os.environ, keys), HTTPServer(("127.0.0.1", 0), Answering) as server, ThreadPoolExecutor(1) as threads:
        client = CloudClient(endpoint_url=f"http://127.0.0.1:{server.server_port}", region="eu-west-1", attempts=1)
        threads.submit(server.serve_forever, 0.01)

        def ask(call: CloudCall, answer: QueryResult) -> str:
            given[:] = [answer]
            parameters = {
                name: "111122223333" if str(value).startswith("@") else value for name, value in call.parameters.items()
            }
            if call.operation == "GetMetricData":
                parameters = _metric_queries(Metric("n", "m", "Sum", "d", "i"), ["i"], now())
            try:
                return "" if [*client.pages(call, "eu-west-1", parameters)] else "nothing"
            except CallRefused as error:
                return error.refusal.code

        yield ask
        client.close()
        server.shutdown()


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.medium
def test_what_answers_no_call_is_no_answer_to_any(said: Callable[[CloudCall, QueryResult], str], body: QueryResult) -> None:
    """But for the one of which an answer without members says that there is nothing."""
    taken = {call.name for call in (*CALLS.values(), ACCOUNTS, ASSUME) if not said(call, body)}
    assert {name for name, call in CALLS.items() if body.content.decode() in call.empty} == taken


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("sqs.queues", " {\n} "),
        ("s3.versioning", '<?xml version="1.0"?>\n<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>'),
        ("s3.logging", "<BucketLoggingStatus>\n</BucketLoggingStatus>"),
    ],
)
def test_an_answer_that_may_hold_nothing_has_one_form(
    said: Callable[[CloudCall, QueryResult], str], name: str, body: str
) -> None:
    assert "" == said(CALLS[name], QueryResult(200, "", body.encode()))
    for wrong in (
        "<Error/>",
        "<VersioningConfiguration><a/></VersioningConfiguration>",
        '{"a": 1}',
        '{"QueueUrls": null}',
        f"{body}{{}}",
    ):
        assert said(CALLS[name], QueryResult(200, "", wrong.encode())), wrong
