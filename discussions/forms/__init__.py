"""Validation of forms, a file for each matter; the rules stand in the actions."""
