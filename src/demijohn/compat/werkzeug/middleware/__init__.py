"""What `werkzeug.middleware` has, from its homes."""
