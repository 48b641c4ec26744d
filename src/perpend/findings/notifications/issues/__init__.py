"""Open, update and close issues in a tracker: one for each policy and account (ADR 70)."""
