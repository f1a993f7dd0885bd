"""Coverage-guided fuzzing of the parsers of what strangers send. See README.md; nothing of the package imports this."""
