"""The administration of people and the gate, a file for each noun."""

from members.admin import domain, gate, identity_provider, people, standing, terms

__all__ = ["domain", "gate", "identity_provider", "people", "standing", "terms"]
