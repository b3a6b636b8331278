"""Contexts, questions and gold answers, from wherever they come."""

from sleeptime_lib.tasks.loading import DATASETS, load

__all__ = ["DATASETS", "load"]
