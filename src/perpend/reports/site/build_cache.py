"""What one build has read and run, kept for the next one, so that a small change costs little. For builds in one process."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from perpend.language.compiler.analyzer import Analyzer

if TYPE_CHECKING:
    from perpend.authoring.testing.executions import Executions
    from perpend.language.syntax.repository import Repository

Stamp = tuple[int, int]


@dataclass(slots=True)
class Kept:
    """The analyzer and the tests of the last build, when each file was changed then, and which had changed before it."""

    analyzer: Analyzer | None = None
    executions: dict[str, Executions] = field(default_factory=dict)
    stamps: dict[str, Stamp] = field(default_factory=dict)
    changed: frozenset[str] = frozenset()

    def renew(self, repository: Repository) -> None:
        """Turn to a new reading of the repository; what has not changed since the last one stays known."""
        stamps = _stamps(repository)
        changed = {path for path, stamp in stamps.items() if self.stamps.get(path) != stamp}
        if self.analyzer is None or stamps.keys() != self.stamps.keys():
            self.analyzer, self.executions = Analyzer(repository), {}
        else:
            repository.carry_over(self.analyzer.repository, changed)
            self.analyzer = self.analyzer.renewed(repository, changed)
            self.executions = {} if any(path.startswith("types/") for path in changed) else self._untouched(repository, changed)
        self.stamps, self.changed = stamps, frozenset(changed)

    def _untouched(self, repository: Repository, changed: set[str]) -> dict[str, Executions]:
        """Return the tests of logic files that no change touches: neither the file, nor its data."""
        untouched = {}
        for logic_id, executions in self.executions.items():
            logic = repository.logic(logic_id).value
            data = {repository.referred(reference, logic_id, []) for reference in logic.test_data} if logic else set()
            if not changed & {logic_id[1:], *(path for path in data if path)}:
                untouched[logic_id] = executions
        return untouched


def _stamps(repository: Repository) -> dict[str, Stamp]:
    stamps = {}
    for path in repository.tree.files:
        try:
            status = os.stat(repository.files.root / path)
        except OSError:
            continue
        stamps[path] = (status.st_mtime_ns, status.st_size)
    return stamps
