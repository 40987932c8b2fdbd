"""The parts of a Kafka cluster: logs with replicas, groups, assignors, and the partitioner."""
