"""Modules that went their own ways in Werkzeug 1.0; importing one says where."""
