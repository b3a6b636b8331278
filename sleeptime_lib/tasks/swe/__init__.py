"""Tasks of the case study on repositories: past changes, which files each touched, what came before."""
