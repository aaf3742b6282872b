"""Who may do what, and how much of it: tokens, origins, limits. docs/threats.md says why."""
