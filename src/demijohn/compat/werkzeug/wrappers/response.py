"""What `werkzeug.wrappers.response` has, from its homes."""

from demijohn.http.conditional import is_resource_modified, remove_entity_headers
from demijohn.http.dates import http_date
from demijohn.http.etag import generate_etag, parse_etags
from demijohn.http.headers import Headers
from demijohn.http.ranges import parse_range_header
from demijohn.http.urls import iri_to_uri
from demijohn.message.properties import cached_property
from demijohn.message.response import Response
from demijohn.message.response_body import ResponseStream
from demijohn.message.wsgi import ClosingIterator, get_current_url
