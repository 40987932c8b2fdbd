"""The faults: one file each, named as the fault. `noop.py` is the template to copy."""
