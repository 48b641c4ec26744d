"""Notify channels of the news of a history: one digest for each run and channel."""
