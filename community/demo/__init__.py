"""The demo community of a first run: invented people of invented companies, the same on every machine."""
