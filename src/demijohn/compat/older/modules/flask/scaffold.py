"""What `flask.scaffold` had in Flask 2.0 to 2.2."""

from demijohn._base.older import warn_older
from demijohn.app.scaffold import Scaffold, setupmethod
from demijohn.app.setup import find_package

warn_older("'flask.scaffold' was removed in Flask 2.3. Use 'flask.sansio.scaffold'.")
