"""What `werkzeug.formparser` has, from its homes."""

from demijohn.http.errors import RequestEntityTooLarge
from demijohn.http.forms import FormDataParser, MultiPartParser, parse_form_data
from demijohn.http.headers import Headers
from demijohn.http.multidict_base import MultiDict
from demijohn.http.multipartevents import Data, Epilogue, Field, File, MultipartDecoder, NeedData
from demijohn.http.options import parse_options_header
from demijohn.http.stream import get_content_length, get_input_stream
from demijohn.http.uploads import (  # type: ignore[attr-defined]  # tests take it away there
    FileStorage,
    SpooledTemporaryFile,
    default_stream_factory,
)
