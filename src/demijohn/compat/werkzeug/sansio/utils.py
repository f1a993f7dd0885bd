"""What `werkzeug.sansio.utils` has, from its homes."""

from demijohn.http.errors import SecurityError
from demijohn.http.headerset import parse_set_header
from demijohn.http.host import get_current_url, get_host, host_is_trusted
from demijohn.http.stream import parse_content_length as get_content_length
from demijohn.http.urls import uri_to_iri
