"""What `flask.views` has, from its homes."""

from demijohn.app.globals import current_app, request
from demijohn.app.views import _HTTP_METHODS as http_method_funcs
from demijohn.app.views import MethodView, View
