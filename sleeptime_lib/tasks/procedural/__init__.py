"""Datasets generated offline: `procedural-p0` to `-p2`, `-q0`, and `procedural-aime-1` to `-3`."""

from sleeptime_lib.tasks.procedural.generate import generate, generate_aime

__all__ = ["generate", "generate_aime"]
