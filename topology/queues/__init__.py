"""What a queue keeps: its order, what is in flight, FIFO groups, and lines of those that wait."""
