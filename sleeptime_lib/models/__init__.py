"""Everything that answers: the client, its cache and limits, and the models of our own."""
