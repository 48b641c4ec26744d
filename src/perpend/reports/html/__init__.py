"""A judgement in, one file of HTML out: its findings as columns, opened without a network, to be handed to somebody."""
