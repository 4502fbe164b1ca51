"""Who is here and how they came in: member, organisation, role, profile; later the gate."""
