"""Tests of the pure drawing functions: frames in, text out."""
