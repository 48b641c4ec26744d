"""Programs and an estate in, findings and a ledger that adds up out. Refuses to know how verdicts were made or shown."""
