"""Validation of forms, a file for each noun; the rules stand in the actions."""
