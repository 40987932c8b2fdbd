"""The world: what there is and how it behaves. No terminal, no experiment."""
