"""Estates, changes that state no fact, and what may become of verdicts: nothing unknown or wrong may come to pass as right.

``test_metamorphic.py`` runs some changes of every family, ``python -m tests.property.metamorphic`` as many as wanted.
"""
