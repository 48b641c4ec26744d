"""What the proxy does to calls: each waits as long as the proxy says, and none for another one."""

from __future__ import annotations

import threading
import time
import urllib.request

from tests.servers.aws import Proxy

ANALYZERS = "Credential=id/20261126/us-east-1/access-analyzer/aws4_request"


def test_calls_wait_beside_each_other() -> None:
    """Nothing stands behind it: what is asked it answers itself, an hour later, unless it is closed before."""
    proxy = Proxy("http://127.0.0.1:9")
    proxy.delay = 3600.0
    answered: list[bytes] = []

    def ask() -> None:
        request = urllib.request.Request(f"{proxy.url}/analyzer", headers={"Authorization": ANALYZERS})  # noqa: S310 - loopback
        with urllib.request.urlopen(request) as found:  # noqa: S310 - loopback
            answered.append(found.read())

    asking = [threading.Thread(target=ask, daemon=True) for _ in range(3)]
    for one in asking:
        one.start()
    end = time.monotonic() + 20
    while proxy.waiting < 3 and time.monotonic() < end:
        time.sleep(0.005)
    assert (3, 1, []) == (proxy.waiting, proxy.waits, answered)
    proxy.close()
    for one in asking:
        one.join(60)
    assert [b'{"analyzers": []}'] * 3 == answered
