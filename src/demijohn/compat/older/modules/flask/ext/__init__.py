"""`flask.ext.login` is `flask_login`: the import hook that Flask had before 1.0."""

from demijohn._base.older import warn_older
from demijohn.compat.older.extensions import serve_extensions

warn_older("'flask.ext' was removed in Flask 1.0. Import 'flask_name' instead of 'flask.ext.name'.")
serve_extensions()
