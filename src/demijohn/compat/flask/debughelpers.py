"""What `flask.debughelpers` has, from its homes."""

from demijohn import Blueprint
from demijohn.app.debughints import DebugFilesKeyError, FormDataRoutingRedirect
from demijohn.app.globals import request_ctx
from demijohn.routing import RequestRedirect
