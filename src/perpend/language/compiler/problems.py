"""What keeps a logic file from running: its own errors, else those of the extracts that it imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.diagnostics.model import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perpend.language.compiler.analyzer import Analyzer
    from perpend.language.syntax.documents import WrittenBlock
    from perpend.language.syntax.repository import Repository


def logic_problems(analyzer: Analyzer, logic_id: str) -> tuple[Diagnostic, ...]:
    """Return the errors that keep a logic from running: its own, else those of the extract files that it imports."""
    repository = analyzer.repository
    own = [*repository.logic(logic_id).diagnostics, *analyzer.analyzed(logic_id).diagnostics]
    errors = [problem for problem in own if problem.severity is Severity.ERROR]
    if not errors:
        logic = repository.logic(logic_id).value
        imports = set(_imports(logic.block, repository, logic_id)) if logic else set()
        for extracts_id in sorted(imports):
            errors += [*repository.extracts(extracts_id).diagnostics, *analyzer.extract_diagnostics(extracts_id)]
    return tuple(errors)


def _imports(block: WrittenBlock, repository: Repository, document: str) -> Iterable[str]:
    for reference in block.imports:
        extracts_id = repository.imported(reference, document, [])
        if extracts_id:
            yield extracts_id
    for related in block.related:
        yield from _imports(related, repository, document)
