"""What functions consist of: environments, how they are invoked, and what they read from."""
