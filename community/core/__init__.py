"""The floor: activity spine, search entries, tokens, permissions, errors, text. It imports from no app."""
