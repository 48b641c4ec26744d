"""``python -m bench.narrower_runs``: the calls of narrower runs of ``scan aws``, with and without a store of a full run.

The account is one of moto with 20 users, 20 buckets, 20 queues and 20 keys in two regions.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from typing import Any

from tests.servers.aws import moto
from tests.servers.sessions import session_of

POLICIES = ("/ce/ca/aws/sqs/*", "/ce/ca/aws/s3/bucket-versioning", "/ce/ca/aws/iam/user-without-group")
REGIONS = ("us-east-1", "eu-west-1")


def _calls(*words: str) -> str:
    """Return the number of calls that a command says it made."""
    ran = subprocess.run([sys.executable, "-m", "perpend", *words], capture_output=True, text=True, check=False)
    found = re.search(r"([\d,]+) API calls", ran.stdout)
    return found[1] if found else f"none: {ran.stderr[-200:]}"


def _fill(address: str) -> None:
    session = session_of("id", "-".join(("stays", "here")))

    def client(service: str, region: str = REGIONS[0]) -> Any:
        return session.create_client(service, region_name=region, endpoint_url=address)

    for number in range(20):
        client("iam").create_user(UserName=f"user-{number}")
        client("s3").create_bucket(Bucket=f"bucket-{number}")
        client("sqs", REGIONS[number % 2]).create_queue(QueueName=f"queue-{number}")
        client("kms", REGIONS[number % 2]).create_key()


def main() -> None:
    """Scan, and print a row per policy."""
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "-".join(("stays", "here"))}
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true"}
    with moto() as address, tempfile.TemporaryDirectory() as store:
        _fill(address)
        regions = [word for region in REGIONS for word in ("--regions", region)]
        scan = ("scan", "aws", "--endpoint-url", address, *regions, "--no-config")
        sys.stdout.write(f"a full run: {_calls(*scan, '--store', store)} calls\n")
        for policy in POLICIES:
            alone, into = (_calls(*scan, "--policy", policy, *place) for place in (("--no-store",), ("--store", store)))
            sys.stdout.write(f"{policy}: {alone} calls without a store, {into} into the store of the full run\n")


if __name__ == "__main__":
    main()
