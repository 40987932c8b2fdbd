"""Ordered logs in shards: what lies in them, who reads which, and up to where."""
