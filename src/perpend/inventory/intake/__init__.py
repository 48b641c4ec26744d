"""Estates and table files on their way into a store. Refuses to know where a store is and which run is in force."""
