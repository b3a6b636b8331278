"""Rows to results: pure functions, nothing drawn or called."""
