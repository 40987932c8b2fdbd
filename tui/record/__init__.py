"""Films of the screen: the real app in virtual time, its cells as an asciicast, the same bytes every time."""
