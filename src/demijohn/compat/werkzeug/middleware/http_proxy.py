"""What `werkzeug.middleware.http_proxy` has, from its homes."""

from demijohn.http.conditional import is_hop_by_hop_header
from demijohn.http.headers import EnvironHeaders
from demijohn.http.stream import get_input_stream
from demijohn.middleware.http_proxy import ProxyMiddleware
