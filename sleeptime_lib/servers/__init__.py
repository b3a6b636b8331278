"""Models of our own over HTTP: the simulated model, and GGUF files on the processor."""
