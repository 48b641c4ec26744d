"""Logging in, starting a run and logging out of a served store, as a browser sends forms: with scripts and without."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra `serve` is not installed")

from perpend.server.app import ServerSettings
from tests.unit.server.served import ONE_TIME, application, server

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("scripts", [True, False])
def test_the_button_of_the_link_logs_in_and_forms_start_a_run(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripts: bool
) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho printed by the run\nexec sleep 60\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    settings = ServerSettings(place=str(tmp_path), one_time_token=ONE_TIME, runs={"nightly": ("check",)})
    context = browser.new_context(java_script_enabled=scripts)
    complaints: list[str] = []
    with server(application(settings), settings) as port:
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(f"http://127.0.0.1:{port}/login?token={ONE_TIME}&next=/runs/start")
        page.click("main button")
        assert "/runs/start" in page.url and "perpend check" in page.inner_text("main")
        page.click("main button")
        while "printed by the run" not in page.inner_text("main"):
            if scripts:
                page.wait_for_selector("pre")
            else:
                page.click("text=Look again")
        page.click("text=Cancel the run")
        assert "Cancelled" in page.inner_text("main")
        page.click("text=Log out")
        page.goto(f"http://127.0.0.1:{port}/runs/start")
        assert "Log in" in page.inner_text("h1")
    context.close()
    assert ["401"] == [text.partition("status of ")[2][:3] for text in complaints], "only that the last page needs a log-in"
