"""What `flask.debughelpers` has, from its homes."""

from demijohn import Blueprint
from demijohn.app.application import Demijohn as App
from demijohn.app.debughints import DebugFilesKeyError, FormDataRoutingRedirect
from demijohn.app.debughints import watch_missing_files as attach_enctype_error_multidict
from demijohn.app.globals import request_ctx
from demijohn.app.templating import explain_loading as explain_template_loading_attempts
from demijohn.routing import RequestRedirect
