"""What a film can be written as."""
