"""Entry points are those that the standard library finds."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from perpend.core.clouds.entry_points import EntryPoint, entry_points

MOON = """
[console_scripts]
moon = acme.moon:main

# of clouds
[ perpend.clouds ]
# sun = acme.sun:SUN
moon = acme.moon:MOON [extra]
mars=acme.mars:MARS
"""


@pytest.mark.parametrize("group", ["console_scripts", "perpend.clouds", "pytest11", "no.such.group"])
def test_all_installed_entry_points_are_read_as_the_standard_library_reads_them(group: str) -> None:
    known = {(point.name, point.value.partition("[")[0].strip()) for point in importlib.metadata.entry_points(group=group)}
    assert known == {(point.name, point.value) for point in entry_points(group)}


def test_the_first_distribution_of_a_name_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place, text in (("a", MOON), ("b", "[perpend.clouds]\nold = acme:OLD\n")):
        directory = tmp_path / place / "Acme_Moon-1.0.dist-info"
        directory.mkdir(parents=True)
        (directory / "entry_points.txt").write_text(text)
    monkeypatch.setattr("sys.path", [str(tmp_path / "nowhere"), str(tmp_path / "a"), str(tmp_path / "b")])
    expected = [EntryPoint("acme-moon", "mars", "acme.mars:MARS"), EntryPoint("acme-moon", "moon", "acme.moon:MOON")]
    assert expected == entry_points("perpend.clouds")
