"""Select policies, evaluate objects or stored snapshots, and count the verdicts.

``selection`` chooses the programs. ``evaluate_objects`` evaluates objects in memory and ``stores`` evaluates snapshots; both
return an ``Evaluation``. ``requirements`` sums them up by framework.
"""
