"""What `werkzeug.serving` has, from its homes."""

from demijohn.http.errors import InternalServerError
from demijohn.http.headerset import parse_set_header
from demijohn.http.urls import uri_to_iri
from demijohn.manage.devcert import (
    generate_adhoc_ssl_context,
    generate_adhoc_ssl_pair,
    load_ssl_context,
    make_ssl_devcert,
)
from demijohn.manage.devserver import make_server, run_simple
