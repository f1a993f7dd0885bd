"""demijohn: Flask's API on its own production HTTP server. The public names are those of `flask`, plus `Demijohn`."""
