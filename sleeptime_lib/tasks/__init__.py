"""Contexts, questions and gold answers, from wherever they come."""

from sleeptime_lib.tasks.registry import DATASETS, load

__all__ = ["DATASETS", "load"]
