"""Sleep-time compute workbench: think about a context before anyone asks about it."""

__version__ = "0.1.0"
