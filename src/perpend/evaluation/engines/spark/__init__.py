"""Run plans in Spark, on this machine or on a cluster."""
