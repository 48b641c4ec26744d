"""The account in which faults are planted: clients of a test server, and what more than one fault is planted in."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.servers.answers import QueryResult
from tests.servers.aws import Mend
from tests.servers.sessions import session_of

HOME, ACCOUNT, FOREIGN = "us-east-1", "123456789012", "444455556666"
ZONES = ("us-east-1a", "us-east-1b")
EC2 = f"arn:aws:ec2:{HOME}:{ACCOUNT}:"
IAM = f"arn:aws:iam::{ACCOUNT}:"
SECRET = "-".join(("Not", "a", "secret", "1"))
Thing = Callable[["Account"], str]
"""Makes something in an account, where it is not there yet, and returns the Id that it is collected under."""


def document(action: str | list[str], resource: str | list[str] = "*", principal: Any = None, **more: Any) -> str:
    """Return a policy document of one statement that allows something."""
    who = {} if principal is None else {"Principal": principal}
    what = {} if resource == "" else {"Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **who, "Action": action, **what, **more}]})


TRUST = document("sts:AssumeRole", "", {"Service": "lambda.amazonaws.com"})


class Account:
    """An account on a server. ``mended`` is what a proxy before it is to put right of its answers, by operation.

    ``recorded`` is what the proxy is to answer itself, ``asked_as`` what it is to put in the place of something that it is asked.
    """

    def __init__(self, url: str) -> None:
        self.mended: dict[str, Mend] = {}
        self.recorded: dict[str, str | QueryResult] = {}
        self.asked_as: dict[str, tuple[bytes, bytes]] = {}
        self.ids: dict[str, str] = {}
        self._corrections: dict[str, dict[str, Callable[[bytes], bytes]]] = {}
        self._session = session_of("id", "key")
        self._url = url
        self._clients: dict[tuple[str, str], Any] = {}
        self._there: dict[Any, str] = {}

    def client(self, service: str, region: str = HOME) -> Any:
        """Return a client of a service in a region."""
        if (service, region) not in self._clients:
            settings = Config(parameter_validation=False, retries={"total_max_attempts": 1})
            made = self._session.create_client(service, region_name=region, endpoint_url=self._url, config=settings)
            if service == "s3control":
                made.meta.events.register("before-send.s3-control", without_account)
            self._clients[service, region] = made
        return self._clients[service, region]

    def correct(self, operation: str, name: str, correction: Callable[[bytes], bytes]) -> None:
        """Put an operation's answers right in one more way, or in another one than before under that name."""
        corrections = self._corrections.setdefault(operation, {})
        corrections[name] = correction
        self.mended[operation] = lambda content: reduce(lambda known, each: each(known), corrections.values(), content)

    def there(self, thing: Thing) -> str:
        """Return the Id of a thing that is made when it is first asked for."""
        if thing not in self._there:
            self._there[thing] = thing(self)
        return self._there[thing]


def without_account(request: Any, **_: Any) -> None:
    """Take the account off the name of the host, which no resolver knows."""
    request.url = request.url.replace(f"{ACCOUNT}.", "")


def vpc(aws: Account) -> str:
    """A network with two subnets, neither of which leads anywhere."""
    ec2 = aws.client("ec2")
    aws.ids["vpc"] = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    for number, zone in enumerate(ZONES):
        made = ec2.create_subnet(VpcId=aws.ids["vpc"], CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=zone)
        aws.ids[f"subnet{number}"] = made["Subnet"]["SubnetId"]
    return f"{EC2}vpc/{aws.ids['vpc']}"


def subnets(aws: Account) -> list[str]:
    """The subnets of the network."""
    aws.there(vpc)
    return [aws.ids["subnet0"], aws.ids["subnet1"]]


def role(aws: Account) -> str:
    """A role that a function may have."""
    arn: str = aws.client("iam").create_role(RoleName="app", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    return arn


def key(aws: Account) -> str:
    """A key that is as it should be."""
    kms = aws.client("kms")
    made = kms.create_key(Policy=document("kms:*", "*", {"AWS": ACCOUNT}))["KeyMetadata"]
    kms.enable_key_rotation(KeyId=made["KeyId"])
    return str(made["Arn"])


def image(aws: Account) -> str:
    """An image that nobody else has."""
    made = aws.client("ec2").register_image(Name="golden", RootDeviceName="/dev/sda1", VirtualizationType="hvm")
    aws.ids["image"] = made["ImageId"]
    return f"arn:aws:ec2:{HOME}::image/{made['ImageId']}"


def sqs_queue(aws: Account, name: str, **attributes: str) -> str:
    """Return the ARN of a new queue."""
    aws.client("sqs").create_queue(QueueName=name, Attributes=attributes)
    return f"arn:aws:sqs:{HOME}:{ACCOUNT}:{name}"


def set_queue(aws: Account, arn: str, **attributes: str) -> None:
    sqs = aws.client("sqs")
    sqs.set_queue_attributes(QueueUrl=sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"], Attributes=attributes)


def log_bucket(aws: Account) -> str:
    """A bucket that logs go to."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="logs")
    s3.put_bucket_acl(Bucket="logs", ACL="log-delivery-write")
    return "arn:aws:s3:::logs"


def certificate(days: int, bits: int = 2048, names: tuple[str, ...] = ("shop.example",)) -> tuple[bytes, bytes]:
    """Return a certificate that ends in so many days, and its key."""

    own = rsa.generate_private_key(65537, bits)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    built = x509.CertificateBuilder(name, name, own.public_key(), x509.random_serial_number())
    built = built.not_valid_before(now - timedelta(days=400)).not_valid_after(now + timedelta(days=days))
    built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
    signed = built.sign(own, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    return signed, own.private_bytes(*form)


def with_root(row: str) -> Mend:
    """Return what puts a row of the root user into a credential report, which moto leaves out."""
    line = f"<root_account>,{IAM}root,2023-03-14T11:20:08+00:00,{row}"
    return lambda content: _report(content, lambda lines: [lines[0], line, *lines[1:]])


def with_rows(change: Callable[[str], str], before: Mend | None) -> Mend:
    """Return what changes rows of a credential report, after an earlier mend of it."""
    return lambda content: _report(before(content) if before else content, lambda lines: list(map(change, lines)))


def _report(content: bytes, change: Callable[[list[str]], list[str]]) -> bytes:
    def changed(match: re.Match[bytes]) -> bytes:
        lines = base64.b64decode(match[1]).decode().split("\n")
        return b"<Content>" + base64.b64encode("\n".join(change(lines)).encode()) + b"</Content>"

    return re.sub(rb"<Content>([^<]*)</Content>", changed, content)
