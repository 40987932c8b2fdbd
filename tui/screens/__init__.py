"""One screen per file; a screen owns what its keys do."""
