"""Findings as columns in, one file of HTML out that opens without a network, to be handed to somebody."""
