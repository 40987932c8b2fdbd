"""What is done to a world, and what came of it. No terminal, and nothing about what a queue does."""
