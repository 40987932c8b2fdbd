"""The kinds of node, one file each; the file name is the kind."""
