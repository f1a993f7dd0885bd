"""What `werkzeug.debug.console` has, from its homes."""
