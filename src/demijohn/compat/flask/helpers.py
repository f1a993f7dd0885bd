"""What `flask.helpers` has, from its homes."""

from typing import Any

from demijohn.app.flashing import flash, get_flashed_messages
from demijohn.app.globals import _cv_request, current_app, request, request_ctx, session
from demijohn.app.helpers import abort, get_debug_flag, get_load_dotenv, make_response, redirect, url_for
from demijohn.app.registry import blueprint_scopes as _split_blueprint_path
from demijohn.app.rendering import get_template_attribute
from demijohn.app.resources import get_root_path
from demijohn.app.signals import message_flashed
from demijohn.app.slot import _cv_app
from demijohn.app.static import _options, send_file, send_from_directory
from demijohn.app.travel import stream_with_context
from demijohn.message.response import Response as BaseResponse


def _prepare_send_file_kwargs(**kwargs: Any) -> dict[str, Any]:  # Any: arguments of `send_file`
    """Add what the application says of files to arguments of `werkzeug.utils.send_file`."""
    return {**kwargs, **_options(kwargs.get("max_age"))}
