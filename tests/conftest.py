"""For all tests: an example of a property may take its time; questions as they once were asked."""

import pytest
from hypothesis import settings

from sleeptime_lib.tasks.procedural.grammar import Family

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture
def as_once_asked(monkeypatch):
    """Several questions are drawn from the quantities of one, as version 0.1.0 drew them."""
    today = Family.asked
    monkeypatch.setattr(Family, "asked", lambda family, *, many: today(family, many=False))
