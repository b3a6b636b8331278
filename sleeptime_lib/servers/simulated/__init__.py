"""The simulated model: a noisy reasoner with a budget, behind the usual HTTP API."""
