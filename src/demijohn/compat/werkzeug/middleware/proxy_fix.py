"""What `werkzeug.middleware.proxy_fix` has, from its homes."""

from demijohn.http.options import parse_list_header
from demijohn.middleware.proxy_fix import ProxyFix
