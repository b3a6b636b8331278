"""What the agent of the case study works with.

`agent` is the loop over tool calls, `tools` says what can be called, `workspace` is the agent's
copy of a repository and the only way to its files, `sandbox` runs its commands, and `explore` is
its sleep phase.
"""
