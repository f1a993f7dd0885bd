"""What `flask.templating` has, from its homes."""

from demijohn.app.globals import _cv_request, current_app, request
from demijohn.app.rendering import (
    _render,
    _stream,
    render_template,
    render_template_string,
    stream_template,
    stream_template_string,
)
from demijohn.app.rendering import default_variables as _default_template_ctx_processor
from demijohn.app.signals import before_render_template, template_rendered
from demijohn.app.slot import _cv_app
from demijohn.app.templating import DispatchingJinjaLoader, Environment
from demijohn.app.travel import stream_with_context
