"""Runs in, findings that live out: who opened when, what closed it, and why. Refuses to know how verdicts were made or look."""
