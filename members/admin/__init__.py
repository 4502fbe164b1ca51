"""The administration of people and the gate, a file for each noun."""

from members.admin import people

__all__ = ["people"]
