"""Explain one verdict: the steps, the source of each value, and the smallest change that gives another status."""
