"""Processes and commands: the supervisor, the command line, `run_simple`. Here the two towers meet."""
