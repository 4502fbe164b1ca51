"""JSON of people and the gate, a file for each noun."""
