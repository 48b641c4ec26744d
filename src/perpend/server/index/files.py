"""The files of an index, below one private directory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class IndexFiles:
    """The paths of the files. Findings stand in three orders: as lists show them, and within each account or policy so."""

    directory: Path

    @property
    def findings(self) -> Path:
        """All findings by ``place``: not ended first, then by severity, then the newest."""
        return self.directory / "findings.parquet"

    @property
    def by_account(self) -> Path:
        """The same rows by account, then by place."""
        return self.directory / "by-account.parquet"

    @property
    def by_policy(self) -> Path:
        """The same rows by policy, then by place."""
        return self.directory / "by-policy.parquet"

    @property
    def ids(self) -> Path:
        """The first eight digits of the id of each finding, as a number, in order, with its place."""
        return self.directory / "ids.parquet"

    @property
    def objects(self) -> Path:
        """The objects that have findings, by their numbers: of one account after another."""
        return self.directory / "objects.parquet"

    @property
    def names(self) -> Path:
        """The hash of each id and name of an object, in order, with its number."""
        return self.directory / "names.parquet"

    @property
    def cube(self) -> Path:
        """The numbers of findings by all that facets show."""
        return self.directory / "cube.parquet"

    @property
    def policies_cube(self) -> Path:
        """The same numbers without regions: so few that they are kept in memory."""
        return self.directory / "policies-cube.parquet"

    @property
    def regions_cube(self) -> Path:
        """The same numbers without policies."""
        return self.directory / "regions-cube.parquet"

    @property
    def ledger(self) -> Path:
        """The numbers of verdicts and objects by run, type and account."""
        return self.directory / "ledger.parquet"

    @property
    def events(self) -> Path:
        """The numbers of changes by run, account and event."""
        return self.directory / "events.parquet"

    @property
    def ratings(self) -> Path:
        """The ratings of policies in force."""
        return self.directory / "ratings.parquet"

    @property
    def shifts(self) -> Path:
        """The findings whose severity is not that of their policy."""
        return self.directory / "shifts.parquet"

    @property
    def spill(self) -> Path:
        """The directory for what does not fit into memory, and for exports."""
        return self.directory / "spill"

    @property
    def all(self) -> tuple[Path, ...]:
        """All files."""
        return (
            *(self.findings, self.by_account, self.by_policy, self.ids, self.objects, self.names),
            *(self.cube, self.policies_cube, self.regions_cube, self.ledger, self.events, self.ratings, self.shifts),
        )
