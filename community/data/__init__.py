"""Whole communities coming in: the formats, the staging tables and the one way from there into our own tables."""
