"""A seeded credential report of any size, with the odd values that real ones have."""

from __future__ import annotations

import csv
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_COLUMNS = (
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    "access_key_1_active",
    "access_key_1_last_rotated",
    "access_key_1_last_used_date",
    "access_key_1_last_used_region",
    "access_key_1_last_used_service",
    "access_key_2_active",
    "access_key_2_last_rotated",
    "access_key_2_last_used_date",
    "access_key_2_last_used_region",
    "access_key_2_last_used_service",
    "cert_1_active",
    "cert_1_last_rotated",
    "cert_2_active",
    "cert_2_last_rotated",
    "additional_credentials_info",
)


def write_report(path: Path, users: int, *, seed: int = 7) -> None:
    """Write a report of so many rows."""
    chance = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for number in range(users):
            writer.writerow(_row(number, chance))


def _row(number: int, chance: random.Random) -> list[str]:
    account = f"{100000000000 + number // 5000}"
    name = f"user-{number:07d}"
    password = chance.random() < 0.4
    keys = [value for _ in range(2) for value in _key(chance)]
    return [
        name,
        f"arn:aws:iam::{account}:user/{name}",
        _date(chance),
        str(password).lower(),
        _date(chance) if password else "N/A",
        _date(chance) if password else "N/A",
        "N/A",
        str(chance.random() < 0.5).lower(),
        *keys,
        "false",
        "N/A",
        "false",
        "N/A",
        "N/A" if chance.random() < 0.999 else "1 additional access key",
    ]


def _key(chance: random.Random) -> list[str]:
    draw = chance.random()
    if draw < 0.5:
        return ["false", "N/A", "N/A", "N/A", "N/A"]
    active = "true" if draw < 0.9 else chance.choice(["TRUE", "false", "", "unknown"])
    return [active, _date(chance), _date(chance), "eu-west-1", "s3"]


def _date(chance: random.Random) -> str:
    return f"20{chance.randint(22, 26):02d}-{chance.randint(1, 11):02d}-{chance.randint(1, 28):02d}T08:30:00+00:00"
