"""An AWS of our own: an organization of many accounts with many users, in one process on loopback. It pages, and fails as told.

Who asks is told by the access key; ``fault`` says of each call how it fails, if it does; ``asked`` are all calls in their order.
"""

from __future__ import annotations

import json
import random
import re
import threading
from base64 import b64encode
from collections.abc import Callable
from functools import cache
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

MANAGEMENT = "100000000000"
REGIONS = ("eu-west-1", "us-east-1")
SECRET = "-".join(("of", "a", "role", "and", "nowhere", "else"))
PAGE, ACCOUNTS_PAGE = 100, 20
DOCUMENT = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
_COLUMNS = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,"
    "access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,"
    "access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,"
    "access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,"
    "cert_2_last_rotated"
)
_HTML = b"<html><body>Bad gateway</body></html>"
_KEY = re.compile(r"Credential=([^/]+)/[0-9]+/([^/]+)/([^/]+)/")


class Call(NamedTuple):
    """One call: whose, which, where, and about what (an object, or the token of a page)."""

    account: str
    operation: str
    region: str
    what: str = ""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing where whoever asked has gone."""


class Stub:
    """The server. ``fault`` returns of a call how it fails: an error's code, or one of the words below; None where it does not.

    ``html``, ``html 500``, ``reset``, ``half``, ``hang``, ``repeat``.
    """

    def __init__(self, accounts: int = 6, users: int = 20) -> None:
        self.accounts = [f"{int(MANAGEMENT) + number}" for number in range(accounts)]
        self.users = users
        self.fault: Callable[[Call], str | None] = lambda call: None
        self.after_each: Callable[[], object] = lambda: None
        self.asked: list[Call] = []
        self.answered: list[Call] = []
        self.assumed: list[dict[str, str]] = []
        self.document = DOCUMENT
        self.state = "COMPLETE"
        self.names = ""
        self.suspended: set[str] = set()
        self.ended = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, call: Call, given: dict[str, str]) -> tuple[str, bytes]:
        """Return the kind and the bytes of an answer that nothing keeps from being given."""
        make = _ANSWERS[call.operation]
        return make(self, call, given)


def throttling(share: float, seed: int = 1) -> Callable[[Call], str | None]:
    """Return a fault that throttles a share of all calls."""
    drawn = random.Random(seed)
    return lambda call: "Throttling" if drawn.random() < share else None


def _handler(stub: Stub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: Any) -> None: ...

        def do_GET(self) -> None:
            self.reply_to()

        def do_POST(self) -> None:
            self.reply_to()

        def reply_to(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            call, given = call_of(self.path, self.headers, body)
            stub.asked.append(call)
            fault = stub.fault(call)
            if fault == "hang":
                stub.ended.wait()
            if fault in ("hang", "reset"):
                self.close_connection = True
                return
            if fault and fault.startswith("html"):
                self.send(int(fault.removeprefix("html ")) if " " in fault else 200, "text/html", _HTML)
            elif fault and fault not in ("half", "repeat"):
                self.send(*_error(call, fault))
            else:
                kind, content = stub.answer(call, {**given, **({"repeat": "yes"} if fault == "repeat" else {})})
                stub.answered.append(call)
                stub.after_each()
                self.send(200, kind, content, half=fault == "half")

        def send(self, status: int, kind: str, content: bytes, *, half: bool = False) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if half else content)
            self.close_connection = half

    return Handler


def call_of(path: str, headers: Any, body: str) -> tuple[Call, dict[str, str]]:
    """Return the call that a request makes, and its parameters."""
    found = _KEY.search(headers.get("Authorization") or "")
    key, region = (found[1], found[2]) if found else ("", "")
    account = key.removeprefix("ASIA") if key.startswith("ASIA") else MANAGEMENT
    target = headers.get("X-Amz-Target")
    if target:
        given = {name: str(value) for name, value in json.loads(body or "{}").items()}
        return Call(account, target.rpartition(".")[2], region, given.get("NextToken", "")), given
    url = urlsplit(path)
    given = {name: values[0] for name, values in parse_qs(f"{url.query}&{body}").items()}
    operation = {"/analyzer": "ListAnalyzers", "/accounts": "DescribeHub"}.get(url.path) or given.get("Action", url.path)
    what = (given.get(name) for name in ("Marker", "nextToken", "PolicyArn", "RoleArn", "OnlyAttached", "PolicyUsageFilter"))
    parts = (given.get("Filter.member.1", ""), *(one for one in what if one))
    return Call(account, operation, region, " ".join(part for part in parts if part)), given


def _error(call: Call, code: str) -> tuple[int, str, bytes]:
    status = 400 if code in ("Throttling", "ThrottlingException", "ExpiredToken") else 403
    if call.operation in ("ListAccounts", "ListAnalyzers", "DescribeHub"):
        name = "ThrottlingException" if code == "Throttling" else code
        return status, "application/x-amz-json-1.1", json.dumps({"__type": name, "message": "no"}).encode()
    if call.operation.startswith("Describe"):
        return (
            status,
            "text/xml",
            f"<Response><Errors><Error><Code>{code}</Code><Message>no</Message></Error></Errors></Response>".encode(),
        )
    return (
        status,
        "text/xml",
        f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>".encode(),
    )


def _query(call: Call, space: str, inner: str) -> tuple[str, bytes]:
    name = call.operation
    return "text/xml", f'<{name}Response xmlns="{space}"><{name}Result>{inner}</{name}Result></{name}Response>'.encode()


_IAM, _STS = "https://iam.amazonaws.com/doc/2010-05-08/", "https://sts.amazonaws.com/doc/2011-06-15/"


def _identity(stub: Stub, call: Call, given: dict[str, str]) -> tuple[str, bytes]:
    arn = f"arn:aws:sts::{call.account}:assumed-role/audit/perpend"
    return _query(call, _STS, f"<Arn>{arn}</Arn><UserId>u</UserId><Account>{call.account}</Account>")


def _assume(stub: Stub, call: Call, given: dict[str, str]) -> tuple[str, bytes]:
    stub.assumed.append(given)
    account = given["RoleArn"].split(":")[4]
    keys = f"<AccessKeyId>ASIA{account}</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>"
    times = f"<SessionToken>{SECRET}</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration>"
    return _query(call, _STS, f"<Credentials>{keys}{times}</Credentials>")


def _accounts(stub: Stub, call: Call, given: dict[str, str]) -> tuple[str, bytes]:
    first = int(given.get("NextToken", 0))
    names = stub.accounts[first : first + ACCOUNTS_PAGE]
    listed = [
        {"Id": one, "Name": f"team-{int(one) - int(MANAGEMENT)}", "State": "SUSPENDED" if one in stub.suspended else "ACTIVE"}
        for one in names
    ]
    more = first + ACCOUNTS_PAGE
    token = {"NextToken": str(more)} if more < len(stub.accounts) else {}
    return "application/x-amz-json-1.1", json.dumps({"Accounts": listed, **token}).encode()


def _regions(stub: Stub, call: Call, given: dict[str, str]) -> tuple[str, bytes]:
    listed = "".join(
        f"<item><regionName>{name}</regionName><optInStatus>opt-in-not-required</optInStatus></item>" for name in REGIONS
    )
    space = "http://ec2.amazonaws.com/doc/2016-11-15/"
    return (
        "text/xml",
        f'<DescribeRegionsResponse xmlns="{space}"><regionInfo>{listed}</regionInfo></DescribeRegionsResponse>'.encode(),
    )


def _generate(stub: Stub, call: Call, given: dict[str, str]) -> tuple[str, bytes]:
    return _query(call, _IAM, f"<State>{stub.state}</State>")


def _report(stub: Stub, call: Call, given: dict[str, str]) -> tuple[str, bytes]:
    content = _report_of(stub.users).replace("ACCOUNT", call.account).replace(",user", f",{stub.names}user").encode()
    inner = f"<Content>{b64encode(content).decode()}</Content><ReportFormat>text/csv</ReportFormat>"
    return _query(call, _IAM, f"{inner}<GeneratedTime>2026-11-20T08:00:00Z</GeneratedTime>")


@cache
def _report_of(users: int) -> str:
    """Return a report in which every fourth user has two active keys."""
    root = "<root_account>,arn:aws:iam::ACCOUNT:root,2023-03-14T11:20:08+00:00,not_supported,N/A,not_supported,not_supported"
    lines = [_COLUMNS, f"{root},true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"]
    for number in range(users):
        name, second = f"user{number}", str(number % 4 == 0).lower()
        start = f"{name},arn:aws:iam::ACCOUNT:user/{name},2024-02-06T11:20:08+00:00,false,N/A,N/A,N/A,false"
        key = "2026-09-08T13:25:36+00:00,N/A,N/A,N/A"
        lines.append(f"{start},true,{key},{second},{key},false,N/A,false,N/A")
    return "\n".join(lines)


def _details(stub: Stub, call: Call, given: dict[str, str]) -> tuple[str, bytes]:
    kind = given.get("Filter.member.1")
    if kind != "User":
        listed = "".join(_policy(call.account, number) for number in range(_POLICIES)) if kind == "LocalManagedPolicy" else ""
        return _query(call, _IAM, f"<IsTruncated>false</IsTruncated><Policies>{listed}</Policies><RoleDetailList/>")
    first = int(given.get("Marker", 0))
    last = min(first + PAGE, stub.users)
    listed = _user_details(first, last, stub.document).replace("ACCOUNT", call.account)
    more = last < stub.users or "repeat" in given
    token = f"<Marker>{0 if 'repeat' in given else last}</Marker>" if more else ""
    end = f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}"
    return _query(call, _IAM, f"{end}<UserDetailList>{listed}</UserDetailList>")


@cache
def _user_details(first: int, last: int, document: str) -> str:
    inline = f"<member><PolicyName>inline</PolicyName><PolicyDocument>{escape(quote(document))}</PolicyDocument></member>"
    return "".join(
        f"<member><UserName>user{number}</UserName><Arn>arn:aws:iam::ACCOUNT:user/user{number}</Arn>"
        f"<UserPolicyList>{inline if number % 4 == 0 else ''}</UserPolicyList><AttachedManagedPolicies/><GroupList/></member>"
        for number in range(first, last)
    )


_POLICIES = 3
_VERSION = f"<Document>{quote(DOCUMENT)}</Document><VersionId>v1</VersionId><IsDefaultVersion>true</IsDefaultVersion>"


def _policy(account: str, number: int, *, documents: bool = True) -> str:
    arn = f"<Arn>arn:aws:iam::{account}:policy/p{number}</Arn><PolicyName>p{number}</PolicyName>"
    facts = "<DefaultVersionId>v1</DefaultVersionId><AttachmentCount>1</AttachmentCount><IsAttachable>true</IsAttachable>"
    version = f"<member>{_VERSION}</member>"
    return f"<member>{arn}{facts}{f'<PolicyVersionList>{version}</PolicyVersionList>' if documents else ''}</member>"


def _policies(stub: Stub, call: Call, given: dict[str, str]) -> tuple[str, bytes]:
    listed = "".join(_policy(call.account, number, documents=False) for number in range(_POLICIES))
    return _query(call, _IAM, f"<IsTruncated>false</IsTruncated><Policies>{listed}</Policies>")


def _version(stub: Stub, call: Call, given: dict[str, str]) -> tuple[str, bytes]:
    return _query(call, _IAM, f"<PolicyVersion>{_VERSION}</PolicyVersion>")


def _password(stub: Stub, call: Call, given: dict[str, str]) -> tuple[str, bytes]:
    return _query(call, _IAM, "<PasswordPolicy><MinimumPasswordLength>14</MinimumPasswordLength></PasswordPolicy>")


def _analyzers(stub: Stub, call: Call, given: dict[str, str]) -> tuple[str, bytes]:
    number = int(given.get("nextToken", 0))
    arn = f"arn:aws:access-analyzer:{call.region}:{call.account}:analyzer/a{number}"
    one = {"arn": arn, "name": f"a{number}", "type": "ACCOUNT", "status": "ACTIVE", "createdAt": "2026-01-01T00:00:00Z"}
    return "application/json", json.dumps({"analyzers": [one], **({"nextToken": "1"} if not number else {})}).encode()


_ANSWERS: dict[str, Callable[[Stub, Call, dict[str, str]], tuple[str, bytes]]] = {
    "GetCallerIdentity": _identity,
    "AssumeRole": _assume,
    "ListAccounts": _accounts,
    "DescribeRegions": _regions,
    "GenerateCredentialReport": _generate,
    "GetCredentialReport": _report,
    "GetAccountAuthorizationDetails": _details,
    "ListPolicies": _policies,
    "GetPolicyVersion": _version,
    "GetAccountPasswordPolicy": _password,
    "ListAnalyzers": _analyzers,
}
