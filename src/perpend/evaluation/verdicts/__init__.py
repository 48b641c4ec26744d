"""Select policies, evaluate snapshots, and count the verdicts.

``selection`` chooses the programs. ``stores`` evaluates snapshots and gives an ``Evaluation``. ``requirements`` sums the
verdicts up by framework.
"""
