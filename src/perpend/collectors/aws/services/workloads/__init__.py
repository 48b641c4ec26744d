"""The tables of what runs in an account: networks, instances, load balancers, databases, file systems and clusters."""
