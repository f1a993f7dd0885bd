"""What `werkzeug.wsgi` has, from its homes."""

from demijohn.http.errors import ClientDisconnected, RequestEntityTooLarge
from demijohn.http.host import host_is_trusted
from demijohn.http.stream import LimitedStream, get_content_length, get_input_stream
from demijohn.message.environ import server_of as _get_server
from demijohn.message.wsgi import (
    ClosingIterator,
    FileWrapper,
    get_current_url,
    get_host,
    get_path_info,
    responder,
    wrap_file,
)
from demijohn.message.wsgi import RangeWrapper as _RangeWrapper
