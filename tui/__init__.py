"""The terminal: command line, app, screens, widgets; the only room that knows what a screen is."""
