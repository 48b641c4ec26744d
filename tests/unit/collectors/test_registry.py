"""Clouds are loaded by name: to plan without their SDK, to send requests with it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from perpend.collectors.registry import connect, load
from perpend.core.clouds.registry import UnusableCloud, collected_clouds
from perpend.core.diagnostics.extras import MissingPackages

PLANNING = """
import sys
from perpend.collectors.registry import load
plan = load("aws").plan({"CA10__CaAwsUser__c": {"CA10__arn__c"}})
assert plan.planned_calls and not {"botocore", "perpend.collectors.aws.client"} & {*sys.modules}
"""


@pytest.mark.parametrize("name", [cloud.name for cloud in collected_clouds()])
def test_cloud_has_the_name_that_loads_it(name: str) -> None:
    assert name == load(name).name


def test_a_cloud_without_a_collector_is_refused() -> None:
    assert "aws" in {cloud.name for cloud in collected_clouds()}
    for name in ("moon", "mars"):
        with pytest.raises(UnusableCloud, match=f"^`{name}` is no cloud that can be collected$"):
            load(name)


def test_planning_imports_no_sdk() -> None:
    subprocess.run([sys.executable, "-c", PLANNING], check=True)


def test_connect_without_the_sdk_names_its_package_and_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("perpend.collectors.aws.api", "perpend.collectors.aws.client"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    for name in [name for name in sys.modules if name.partition(".")[0] == "botocore"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "botocore", None)
    with pytest.raises(MissingPackages, match=r"^this test needs the package botocore[.a-z]*: .*aws"):
        connect("aws", "this test")
