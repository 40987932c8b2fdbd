"""How a YAML file becomes a checked playground: reading with places, units, checks, warnings, and writing again."""

from topology.spec.loading import load, load_text
from topology.spec.problems import PlaygroundError, Problem

__all__ = ["PlaygroundError", "Problem", "load", "load_text"]
