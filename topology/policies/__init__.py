"""The resilience policies, one file each; the file name is the key in YAML."""
