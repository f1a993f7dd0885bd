"""Drop-in."""
