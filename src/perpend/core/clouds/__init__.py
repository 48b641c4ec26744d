"""Facts about clouds: accounts, regions, partitions and Ids, and the names of a cloud in outputs. No SDK is needed."""
