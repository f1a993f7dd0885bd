"""What `flask.globals` has, from its homes."""

from demijohn.app.globals import _cv_request, app_ctx, current_app, g, request, request_ctx, session
from demijohn.app.slot import _cv_app
from demijohn.local.proxy import LocalProxy
