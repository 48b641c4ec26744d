"""Run plans on tables: one package per engine, with its table of primitives.

``protocol`` declares an engine; ``verdicts`` reads the codes that an engine writes to Parquet; ``nested`` evaluates objects
that are in memory.
"""
