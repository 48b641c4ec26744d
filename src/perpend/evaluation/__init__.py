"""Policies and an inventory in, verdicts out."""
