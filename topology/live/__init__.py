"""The live world: the same node classes in processes of their own, over a real broker, killed with real signals."""
