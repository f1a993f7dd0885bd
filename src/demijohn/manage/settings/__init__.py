"""Settings of servers and commands: the table of all of them, and where their values come from.

A package of `manage`; nothing is imported here, for `demijohn --help` does without.
"""
