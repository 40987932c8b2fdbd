"""Runs beside runs: what a fault cost, many seeds, what became worse."""
