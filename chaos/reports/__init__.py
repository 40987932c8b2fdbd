"""What a run is told as: one file per format, named as the format, each a `Report` that makes text of a journal."""
