"""The administration of people and the gate, a file for each noun."""

from members.admin import domain, people, standing, terms

__all__ = ["domain", "people", "standing", "terms"]
