"""Why one object got its verdict from one policy: the steps, where each value was read, the smallest change that flips it."""
