"""A watch on a repository: every change that counts is seen, no other, until it ends."""

from __future__ import annotations

import os
import threading
from itertools import pairwise
from pathlib import Path

from perpend.language.syntax.watch import Watch, watched


def test_changes_are_seen_however_they_are_made(tmp_path: Path) -> None:
    (tmp_path / "ce" / "a").mkdir(parents=True)
    page = tmp_path / "ce" / "a" / "description.md"
    watch = Watch(watched(tmp_path))
    states = [watch.look(), watch.look()]
    page.write_text("one")
    states.append(watch.look())
    status = page.stat()
    page.write_text("two")
    os.utime(page, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    states.append(watch.look())
    (tmp_path / "internal-id-map.json").write_text("{}")
    states.append(watch.look())
    page.rename(page.with_name("remediation.md"))
    states.append(watch.look())
    page.with_name("remediation.md").unlink()
    states.append(watch.look())
    (tmp_path / "README.md").write_text("not part of the site")
    (tmp_path / "ce" / ".git").mkdir()
    states.append(watch.look())
    assert [True, False, False, False, False, False, True] == [before == after for before, after in pairwise(states)]


def test_a_watch_calls_after_a_change_until_it_ends(tmp_path: Path) -> None:
    (tmp_path / "ce").mkdir()
    watch = Watch(watched(tmp_path))
    called = threading.Event()
    thread = threading.Thread(target=watch.run, args=(called.set,), daemon=True)
    thread.start()
    (tmp_path / "ce" / "folder.yaml").write_text("x")
    assert called.wait(60)
    watch.end()
    thread.join(60)
    assert not thread.is_alive()
