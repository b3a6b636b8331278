"""For all tests: an example of a property may take its time, as machines under load do."""

from hypothesis import settings

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
