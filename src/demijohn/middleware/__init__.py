"""WSGI middleware with Werkzeug's names."""
