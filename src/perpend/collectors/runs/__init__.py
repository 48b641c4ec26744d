"""Accounts of a cloud in, a run of a store out; what was done is kept meanwhile. Refuses to know policies and options."""
