"""The `demijohn` command. `main` is its entry point; it imports what a subcommand needs when it runs."""

from .main import main

__all__ = ["main"]
