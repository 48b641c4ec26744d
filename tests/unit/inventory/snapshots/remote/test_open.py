"""A store on S3 from Python: an address that is none, and a package that is not installed, are told in plain words."""

from __future__ import annotations

import importlib
import sys

import pytest

import perpend
from perpend.inventory.snapshots.files import StoreError


@pytest.mark.parametrize("address", ["s3://", "s3://bucket/../up", "bucket", ""])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(StoreError, match=r"is not the address of a store: write s3://bucket/prefix$"):
        perpend.remote_store(address)


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("perpend.inventory.snapshots.remote.open", "perpend.inventory.snapshots.remote.s3"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    for name in [name for name in sys.modules if name.split(".")[0] == "botocore"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "botocore", None)
    with pytest.raises(StoreError, match=r"^a store on S3 needs the package botocore[.a-z]*: pip install .*\[s3\]"):
        importlib.import_module("perpend.inventory.snapshots.remote.open")
