"""Asking a running server, and telling it what to do, through a Unix socket that only its owner may use. See README.md."""
