"""Mail: who gets it, what comes back, and what that does to a reputation."""
