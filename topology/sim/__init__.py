"""The simulated world: the event engine, the wire, the places where nodes live."""
