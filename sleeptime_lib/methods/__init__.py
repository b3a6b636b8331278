"""The sleep phase and the ways to answer."""
