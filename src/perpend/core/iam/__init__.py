"""Find out who can use each Allow statement of an AWS policy document: the access levels that ``AWS_POLICY_ALLOWS`` reads.

A level is never narrower than the truth: a part that is not understood narrows nothing.
"""
