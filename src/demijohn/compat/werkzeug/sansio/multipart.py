"""What `werkzeug.sansio.multipart` has, from its homes."""

from demijohn.http.errors import RequestEntityTooLarge
from demijohn.http.headers import Headers
from demijohn.http.options import parse_options_header
