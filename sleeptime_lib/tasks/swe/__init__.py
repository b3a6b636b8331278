"""Tasks of the case study: changes of a repository, what each touched, what came before it."""
