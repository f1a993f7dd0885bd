"""What `flask.helpers` has, from its homes."""

from demijohn import (
    abort,
    flash,
    get_flashed_messages,
    get_template_attribute,
    make_response,
    redirect,
    send_file,
    send_from_directory,
    stream_with_context,
    url_for,
)
from demijohn.app.globals import _cv_request, current_app, request, request_ctx, session
from demijohn.app.helpers import get_debug_flag, get_load_dotenv
from demijohn.app.resources import get_root_path
from demijohn.app.signals import message_flashed
from demijohn.app.slot import _cv_app
from demijohn.message.response import Response as BaseResponse
