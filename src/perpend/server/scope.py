"""The accounts that a reader may see."""

Scope = frozenset[str] | None
"""The numbers of the accounts that a reader may see; None for all. Objects without a known account are seen by None only."""
