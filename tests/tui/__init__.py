"""Tests of the terminal: pure drawing as text, keys and sizes through the pilot."""
