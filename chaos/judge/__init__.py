"""Whether it was all right: claims, conditions, evidence, the verdict, and why."""
