"""What `werkzeug.debug.repr` has, from its homes."""
