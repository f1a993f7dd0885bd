"""What `werkzeug.sansio.multipart` has, from its homes."""

from demijohn.http.errors import RequestEntityTooLarge
from demijohn.http.headers import Headers
from demijohn.http.multipartevents import (
    NEED_DATA,
    SEARCH_EXTRA_LENGTH,
    Data,
    Epilogue,
    Event,
    Field,
    File,
    MultipartDecoder,
    MultipartEncoder,
    NeedData,
    Preamble,
    State,
)
from demijohn.http.options import parse_options_header
