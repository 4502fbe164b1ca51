"""JSON of what is said, a file for each noun."""
