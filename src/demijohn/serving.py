"""Serving an application while it is developed, with the names of `werkzeug.serving`; and a command line.

    python -m demijohn.serving [-b HOST:PORT] [-d] [-r] module:app

These are the names only; what they do is in `demijohn.manage`.
"""

from .manage.activation import is_running_from_reloader
from .manage.devcert import generate_adhoc_ssl_context, generate_adhoc_ssl_pair, load_ssl_context, make_ssl_devcert
from .manage.devserver import make_server, run_simple
from .manage.interfaces import get_interface_ip, get_sockaddr, select_address_family
from .manage.requesthandler import WSGIRequestHandler
from .manage.servers import LISTEN_QUEUE, BaseWSGIServer, ForkingWSGIServer, ThreadedWSGIServer, can_fork

__all__ = [
    "LISTEN_QUEUE",
    "BaseWSGIServer",
    "ForkingWSGIServer",
    "ThreadedWSGIServer",
    "WSGIRequestHandler",
    "can_fork",
    "generate_adhoc_ssl_context",
    "generate_adhoc_ssl_pair",
    "get_interface_ip",
    "get_sockaddr",
    "is_running_from_reloader",
    "load_ssl_context",
    "make_server",
    "make_ssl_devcert",
    "run_simple",
    "select_address_family",
]

if __name__ == "__main__":
    from .manage.cli.serving import main

    main()
