"""Select policies, evaluate snapshots, and count the verdicts.

``selection`` chooses the programs. ``stores`` evaluates snapshots and gives an ``Evaluation``. ``verdict_filter`` chooses the
verdicts to show, and ``requirements`` sums them up by framework.
"""
