"""How a YAML file becomes a checked playground: reading with places, units, checks, warnings, and writing again."""

from topology.problems import PlaygroundError, Problem
from topology.spec.loading import load, load_text

__all__ = ["PlaygroundError", "Problem", "load", "load_text"]
