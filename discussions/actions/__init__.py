"""The verbs of `discussions`, a file per noun. Every front end calls these and nothing else."""
