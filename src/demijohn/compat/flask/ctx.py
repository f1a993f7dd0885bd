"""What `flask.ctx` has, from its homes."""

from demijohn.app.appglobals import _AppCtxGlobals
from demijohn.app.context import AppContext, RequestContext
from demijohn.app.globals import _cv_request
from demijohn.app.signals import appcontext_popped, appcontext_pushed
from demijohn.app.slot import _cv_app, has_app_context, has_request_context
from demijohn.app.travel import after_this_request, copy_current_request_context
from demijohn.http.error_base import HTTPException
