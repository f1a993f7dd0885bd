"""What `flask.sansio.scaffold` has, from its homes."""

from demijohn.app.resources import get_root_path
from demijohn.app.scaffold import Scaffold, setupmethod
from demijohn.app.scaffold import endpoint_of as _endpoint_from_view_func
from demijohn.app.setup import find_package
from demijohn.http.errors import default_exceptions
