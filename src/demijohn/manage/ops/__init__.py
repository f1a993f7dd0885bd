"""Endpoints for whoever operates a run: `/livez`, `/readyz`, `/metrics`, served by a process of their own. See README.md."""
