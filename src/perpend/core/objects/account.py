"""The description of an account in the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """The name and the owner of an account. None if the configuration does not say."""

    name: str | None = None
    owner: str | None = None
