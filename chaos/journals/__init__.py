"""What is kept of a run: written, read again, and its schema."""
