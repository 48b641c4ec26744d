"""Many accounts in, what was done of each out: accounts side by side, calls in turn, claims of all, an estimate before."""
