"""What `werkzeug.test` has, from its homes."""

from demijohn.http.auth import Authorization
from demijohn.http.callbackdict import CallbackDict
from demijohn.http.cookies import dump_cookie, parse_cookie
from demijohn.http.dates import parse_date
from demijohn.http.headers import EnvironHeaders, Headers
from demijohn.http.multidict import CombinedMultiDict, FileMultiDict
from demijohn.http.multidict_base import MultiDict
from demijohn.http.multipartevents import Data, Epilogue, Field, File, MultipartEncoder, Preamble
from demijohn.http.options import dump_options_header, parse_options_header
from demijohn.http.urls import encode_query as _urlencode
from demijohn.http.urls import iri_to_uri
from demijohn.message.mediatype import get_content_type
from demijohn.message.properties import cached_property
from demijohn.message.request import Request
from demijohn.message.response import Response
from demijohn.message.wsgi import ClosingIterator, get_current_url
from demijohn.testing import EnvironBuilder
from demijohn.testing.cookies import Cookie
from demijohn.testing.multipart_encode import encode_multipart, stream_encode_multipart
from demijohn.testing.response import TestResponse
from demijohn.testing.run import create_environ, run_wsgi_app
from demijohn.testing.wsgi_client import Client, ClientRedirectError
