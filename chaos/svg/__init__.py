"""Pictures for reports, as inline SVG: what a design looks like, and what happened over time. Pure functions of a journal."""
