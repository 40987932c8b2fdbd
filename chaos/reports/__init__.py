"""What a run is told as: one file per format, named as the format, each with `write` from journal to text."""
