"""Collect the objects of Azure subscriptions from Resource Manager. The tables are in ``calls`` and ``types``."""
