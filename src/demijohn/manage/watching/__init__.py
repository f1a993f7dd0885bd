"""Which files belong to a program, and noticing that they change."""
