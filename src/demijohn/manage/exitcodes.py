"""Exit codes of the processes here. docs/command-line.md has all of them for users."""

from typing import Final

EXIT_CANNOT_LISTEN: Final = 1
"""The system does not let it listen there."""

EXIT_NOT_FOUND: Final = 2
"""Of a worker that found no application where it was told to look, and so of the supervisor."""

EXIT_BOOT_FAILED: Final = 3
"""Of a supervisor whose workers never became ready, of a worker that could not boot, of an application that could not start."""
