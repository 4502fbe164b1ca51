"""Page-shaped reads of people and the gate, a file for each noun."""
