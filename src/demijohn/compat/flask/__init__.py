"""What `flask` has, from its homes."""

from demijohn import (
    Blueprint,
    Config,
    Request,
    Response,
    abort,
    after_this_request,
    copy_current_request_context,
    flash,
    get_flashed_messages,
    get_template_attribute,
    has_app_context,
    has_request_context,
    jsonify,
    make_response,
    redirect,
    render_template,
    render_template_string,
    send_file,
    send_from_directory,
    stream_template,
    stream_template_string,
    stream_with_context,
    url_for,
)
from demijohn import Demijohn as Flask
from demijohn.app.globals import current_app, g, request, session
from demijohn.app.signals import (
    appcontext_popped,
    appcontext_pushed,
    appcontext_tearing_down,
    before_render_template,
    got_request_exception,
    message_flashed,
    request_finished,
    request_started,
    request_tearing_down,
    template_rendered,
)


def __getattr__(name: str) -> str:
    if name != "__version__":
        raise AttributeError(f"module 'flask' has no attribute {name!r}")
    import warnings
    from importlib.metadata import version

    warnings.warn("flask.__version__ is deprecated; ask importlib.metadata.version('flask').", DeprecationWarning, 2)
    return version("flask")
