"""What is told to install is what would install it, wherever the package came from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perpend.core.diagnostics.extras import command_to_add


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        (None, "pip install 'perpend[site]'"),
        ([], "pip install 'perpend[site]'"),
        ({"url": "file:///src/perpend", "dir_info": {}}, "pip install 'perpend[site] @ file:///src/perpend'"),
        ({"url": "file:///a%20b", "dir_info": {"editable": True}}, "pip install --editable '/a b[site]'"),
        (
            {"url": "file:///p-0.1.0-py3-none-any.whl", "archive_info": {}},
            "pip install 'perpend[site] @ file:///p-0.1.0-py3-none-any.whl'",
        ),
        (
            {"url": "https://example.com/p.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            "pip install 'perpend[site] @ git+https://example.com/p.git@abc'",
        ),
    ],
)
def test_an_extra_comes_from_where_the_package_came_from(
    origin: Any, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = tmp_path / "perpend-0.1.0.dist-info"
    held.mkdir()
    (held / "METADATA").write_text("Metadata-Version: 2.1\nName: perpend\nVersion: 0.1.0\n")
    if origin is not None:
        (held / "direct_url.json").write_text(json.dumps(origin))
    monkeypatch.syspath_prepend(tmp_path)
    assert command == command_to_add("site")


@pytest.mark.parametrize(
    ("extras", "argument"), [("site", "EXTRAS=site,aws"), ("", "EXTRAS=aws"), ("site; x", "'EXTRAS=site; x,aws'")]
)
def test_in_a_container_an_extra_comes_with_another_image(extras: str, argument: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERPEND_IMAGE_EXTRAS", extras)
    assert f"podman build -t perpend --build-arg {argument} ." == command_to_add("aws")
