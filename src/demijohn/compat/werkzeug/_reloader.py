"""What `werkzeug._reloader` has, from its homes."""
