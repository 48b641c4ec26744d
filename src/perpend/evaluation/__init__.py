"""Evaluate policies on an inventory and explain the verdicts.

The packages in the order of the work:

1. ``planner`` turns the compiled programs of one object type into one relational plan.
2. ``engines`` run a plan on tables, with DuckDB or Spark, and return a code for each object and program.
3. ``verdicts`` select the policies, run the interpreter or an engine, and turn codes into verdicts, totals and
   requirement results.
4. ``explain`` shows how one object got its verdict.

The interpreter (``language.interpreter``) is the reference: an engine must return the same verdicts.
"""
