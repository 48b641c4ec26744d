"""What a path is instead of a directory."""

from __future__ import annotations

from pathlib import Path

from perpend.diagnostics.directories import no_directory


def test_a_file_is_not_said_to_be_absent(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    found = [no_directory(tmp_path / name) for name in (".", "file", "absent")]
    assert [None, "is a file, not a directory", "there is no such directory"] == found
