"""One widget per file, each with its own CSS; all of them draw lines of cells and hold no figures of their own."""
