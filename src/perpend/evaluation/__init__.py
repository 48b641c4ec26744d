"""Evaluate policies on an inventory and explain the verdicts.

The packages in the order of the work: ``planner`` turns the programs of one object type into one relational plan.
``engines`` run a plan on tables and return a code for each object and program. ``verdicts`` select the policies, run the
interpreter or an engine, and turn codes into verdicts, totals and requirement results. ``explain`` shows how one object got
its verdict. The interpreter (``language.interpreter``) is the reference: an engine must return the same verdicts.
"""
