"""What `werkzeug.serving` has, from its homes."""

from demijohn.http.errors import InternalServerError
from demijohn.http.headerset import parse_set_header
from demijohn.http.urls import uri_to_iri
from demijohn.manage.activation import is_running_from_reloader
from demijohn.manage.devcert import (
    generate_adhoc_ssl_context,
    generate_adhoc_ssl_pair,
    load_ssl_context,
    make_ssl_devcert,
)
from demijohn.manage.devserver import make_server, run_simple
from demijohn.manage.interfaces import get_interface_ip, get_sockaddr, select_address_family
from demijohn.manage.requesthandler import WSGIRequestHandler
from demijohn.manage.servers import LISTEN_QUEUE, BaseWSGIServer, ForkingWSGIServer, ThreadedWSGIServer, can_fork
