"""What `flask.logging` has, from its homes."""

from demijohn.app.globals import request
from demijohn.app.logging import create_logger, default_handler, has_level_handler, wsgi_errors_stream
from demijohn.local.proxy import LocalProxy
