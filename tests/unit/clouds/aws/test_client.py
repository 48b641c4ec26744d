"""What the way to AWS does to requests before they are signed."""

from __future__ import annotations

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")

from botocore.awsrequest import AWSRequest

from perpend.clouds.aws.client import without_account

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
