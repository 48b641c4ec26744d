"""Tables of workloads: networks, instances, load balancers, databases, file systems and clusters."""
