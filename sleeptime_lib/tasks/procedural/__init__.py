"""Datasets generated offline: `procedural-p0`, `procedural-p1`, `procedural-p2`."""

from sleeptime_lib.tasks.procedural.generate import generate

__all__ = ["generate"]
