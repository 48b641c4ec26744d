"""A plan and tables in, verdict codes out: Spark, on one machine or a cluster."""
