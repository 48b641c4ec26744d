from __future__ import annotations

import pytest

from perpend.cli.config.settings import SETTINGS, nearest_name


@pytest.mark.parametrize(
    ("key", "table", "meant"),
    [
        ("frmeworks", "", "frameworks"),
        ("repo", "", "repository"),
        ("excludes", "", "exclude"),
        ("policy", "", "policies"),
        ("limit", "", "output.limit"),
        ("Store", "", "store"),
        ("store", "output", "store"),
        ("formt", "output", "output.format"),
        ("out", "site", "site.out"),
        ("acounts", "", "accounts"),
        ("snapshot", "", "snapshots"),
        ("colour", "", None),
    ],
)
def test_a_wrong_key_means_the_nearest_name(key: str, table: str, meant: str | None) -> None:
    assert meant == nearest_name(key, table)


def test_every_setting_has_a_name_of_its_own_and_something_to_say() -> None:
    assert len(SETTINGS) == len({setting.name for setting in SETTINGS})
    assert [] == [setting.name for setting in SETTINGS if not (setting.meaning and setting.option)]
