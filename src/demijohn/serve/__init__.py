"""Connections, the reactor that drives them, and the runners that call the handler.

Here live sockets, threads and deadlines; not Flask's API, not HTTP's grammar (wire), not processes (manage).
"""

from .compiled import TWINS
from .errorlog import JSONFormatter, LineFormatter
from .gauges import Gauges
from .listener import Listener, ListenOptions
from .logwriter import reopen_logs
from .options import RunnerName, ServerOptions
from .server import Server
from .stats import Stats

__all__ = [
    "TWINS",
    "Gauges",
    "JSONFormatter",
    "LineFormatter",
    "ListenOptions",
    "Listener",
    "RunnerName",
    "Server",
    "ServerOptions",
    "Stats",
    "reopen_logs",
]
