"""A GGUF model served on the CPU, over the same HTTP API as every other server."""
