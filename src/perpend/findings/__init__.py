"""Findings over time, and the decisions that people take about them."""
