"""The verbs of `members`, a file per noun. Every front end calls these and nothing else."""
