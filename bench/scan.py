"""A first scan of three accounts on a server: the calls, and the processor time of collecting alone and of the whole scan.

The accounts are a small one beside the policies that AWS manages, one with 2,000 objects and none of these policies, and one
with many users. The server is moto behind the proxy of the tests, with two regions. `collect aws` and `scan aws` are measured,
each in a process and a store of its own.

Then two organizations are collected, of 50 accounts and of 1,000 small ones. Their server is the stub of the tests, which
answers the calls of a few policies of IAM. Last, subscriptions of Azure are collected from the double of the tests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

REGIONS: Final = ("us-east-1", "eu-west-1")
_ORGANIZATIONS: Final = ((50, 100), (1000, 2))
"""The number of accounts and of the users in each."""

_SUBSCRIPTIONS: Final = (200, 500)
"""The number of subscriptions of Azure and of the objects in each."""

_MANAGED: Final = "MOTO_IAM_LOAD_MANAGED_POLICIES"
_DOCUMENT: Final = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})


class _Cost(NamedTuple):
    """The processor time of a command in seconds, and its peak memory in megabytes."""

    seconds: float
    memory: int


class _Account(NamedTuple):
    """An account: its name, how it is made, and whether the server has the policies that AWS manages."""

    name: str
    make: Callable[[Callable[[str, str], Any]], None]
    managed: bool = False


def measure_scans(users: int) -> None:
    """Print what the scan of each account costs."""
    accounts = (
        _Account("a small account, with the policies that AWS manages", _make_small, managed=True),
        _Account("an account with 2,000 objects", _make_large),
        _Account(
            f"an account with {users:,} users, a quarter of them with two keys", lambda client: _make_users(client, users)
        ),
    )
    for account in accounts:
        _measure(account)
    for number, users_each in _ORGANIZATIONS:
        _measure_organization(number, users_each)
    measure_subscriptions()


def _measure(account: _Account) -> None:
    from tests.servers.aws import Proxy, moto  # only here: other benchmarks do not need the packages of the tests

    with _environment({_MANAGED: "true" if account.managed else "false"}), moto() as address, TemporaryDirectory() as folder:
        account.make(_clients(address))
        proxy, store = Proxy(address), Path(folder) / "store"
        environment = _environment_of("id", "none")
        verdicts_file = Path(folder) / "verdicts.json"
        known = ("--no-config", "--endpoint-url", proxy.url)
        collect = _run(["collect", "aws", "--store", str(store), *known], environment)
        calls = Counter(proxy.asked)
        other = ("--store", str(store.with_name("other")), "--format", "json", "--out", str(verdicts_file))
        scan = _run(["scan", "aws", *known, *other], environment)
        proxy.close()
        verdicts = json.loads(verdicts_file.read_text())["verdicts"]
    objects = {one["object"]["id"] for one in verdicts}
    inapplicable = sum(one["status"] == "INAPPLICABLE" for one in verdicts)
    print(f"{account.name}: {len(objects):,} evaluated objects, {len(verdicts):,} verdicts, {inapplicable:,} INAPPLICABLE")
    print(f"  {calls.total():,} calls, most of them {', '.join(f'{name} {number:,}' for name, number in calls.most_common(5))}")
    for name, cost in (("collecting alone", collect), ("the whole scan", scan)):
        print(f"  {name}: {cost.seconds:.1f} s of processors, {cost.memory} MB")


def _measure_organization(accounts: int, users: int) -> None:
    from tests.servers.long import CHOSEN  # only here, like the other server
    from tests.servers.stub import SECRET, Stub

    stub = Stub(accounts, users)
    with TemporaryDirectory() as folder:
        organization = ("--org", "--role-name", "audit", "--store", str(Path(folder) / "store"))
        words = ["collect", "aws", "--no-config", "--endpoint-url", stub.url, *CHOSEN, *organization]
        cost = _run(words, _environment_of("id", SECRET))
    stub.close()
    print(f"an organization of {accounts:,} accounts with {users} users each: {len(stub.answered):,} calls")
    print(f"  collecting alone: {cost.seconds:.1f} s of processors, {cost.memory} MB")


def measure_subscriptions() -> None:
    """Print what it costs to collect all that lists of Azure show."""
    from tests.servers.azure.long import measured  # only here: it needs the packages of the extra azure

    subscriptions, objects = _SUBSCRIPTIONS
    figures = measured(subscriptions, objects, kills=0)
    print(f"{subscriptions} subscriptions of Azure with {objects} objects each: {figures['requests']:,} requests")
    print(f"  collecting alone: {figures['seconds']} s of processors, {figures['wall']} s by the clock, {figures['memory']} MB")


def _environment_of(key: str, secret: str) -> dict[str, str]:
    """Return the variables of this process with credentials of AWS."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_DEFAULT_REGION": REGIONS[0],
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _run(words: Sequence[str], environment: Mapping[str, str]) -> _Cost:
    process = subprocess.Popen(
        [sys.executable, "-m", "perpend", *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment
    )
    errors = process.stderr.read().decode() if process.stderr else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1, 3):
        raise SystemExit(f"perpend {' '.join(words)} ended with {code}: {errors[-1500:]}")
    return _Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024)


@contextmanager
def _environment(given: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _clients(address: str) -> Callable[[str, str], Any]:
    import botocore.session

    session = botocore.session.Session()
    session.set_credentials("id", "none")
    return lambda service, region: session.create_client(service, region_name=region, endpoint_url=address)


def _make_small(client: Callable[[str, str], Any]) -> None:
    """Make some 250 resources in two regions."""
    iam = client("iam", REGIONS[0])
    for number in range(40):
        iam.create_user(UserName=f"user{number}")
        for _ in range(1 + (number < 10)):
            iam.create_access_key(UserName=f"user{number}")
    for number in range(12):
        iam.create_role(RoleName=f"role{number}", AssumeRolePolicyDocument=_DOCUMENT)
        iam.attach_role_policy(RoleName=f"role{number}", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
        iam.create_policy(PolicyName=f"policy{number}", PolicyDocument=_DOCUMENT)
    for number in range(31):
        client("s3", REGIONS[0]).create_bucket(Bucket=f"acme-{number}")
    for region in REGIONS:
        ec2, keys, topics, queues = (client(service, region) for service in ("ec2", "kms", "sns", "sqs"))
        image = ec2.register_image(Name="image", RootDeviceName="/dev/sda1")["ImageId"]
        ec2.run_instances(ImageId=image, MinCount=5, MaxCount=5)
        for number in range(10):
            ec2.create_security_group(GroupName=f"group{number}", Description="made")
        for number in range(5):
            keys.create_key()
            topics.create_topic(Name=f"topic{number}")
        for number in range(3):
            queues.create_queue(QueueName=f"q{number}")
        for _ in range(6):
            ec2.create_volume(AvailabilityZone=f"{region}a", Size=8)


def _make_large(client: Callable[[str, str], Any]) -> None:
    """Make resources of which policies evaluate some 2,000 objects in two regions."""
    iam = client("iam", REGIONS[0])
    for number in range(100):
        iam.create_user(UserName=f"user{number}")
        iam.create_role(RoleName=f"role{number}", AssumeRolePolicyDocument=_DOCUMENT)
        iam.create_policy(PolicyName=f"policy{number}", PolicyDocument=_DOCUMENT)
        client("s3", REGIONS[0]).create_bucket(Bucket=f"acme-{number}")
    for region in REGIONS:
        ec2, topics = client("ec2", region), client("sns", region)
        for number in range(200):
            ec2.create_security_group(GroupName=f"group{number}", Description="made")
            ec2.create_volume(AvailabilityZone=f"{region}a", Size=8)
            topics.create_topic(Name=f"topic{number}")
        for number in range(40):
            ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")


def _make_users(client: Callable[[str, str], Any], users: int) -> None:
    iam = client("iam", REGIONS[0])
    for number in range(users):
        iam.create_user(UserName=f"user{number:06}")
        for _ in range(2 * (number % 4 == 0)):
            iam.create_access_key(UserName=f"user{number:06}")
