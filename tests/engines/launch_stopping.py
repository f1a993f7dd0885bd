"""Serves an application in a process of its own: `launch_stopping.py RUNNER PROCESSES PORT OPTIONS [CERTIFICATE KEY]`.

OPTIONS are JSON, a port other than 0 is shared with other servers (SO_REUSEPORT). Prints the port.
"""

import json
import logging
import os
import socket
import sys

from demijohn import Demijohn
from demijohn.manage.appserver import AppServer
from demijohn.serve import Listener, ListenOptions, ServerOptions
from demijohn.serve.certificates import CertificateFiles, Certificates, TlsOptions

runner, processes, port, options = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4])

app = Demijohn(__name__)


@app.get("/")
def who() -> str:
    return f"{os.getpid()}\n"


if __name__ == "__main__":
    # A shared port is listened on by each process for itself.
    listens = port == 0 or processes == 1
    endpoint = (socket.AF_INET, ("127.0.0.1", port))
    listener = Listener.at(endpoint, ListenOptions(reuse_port=port != 0), listens=listens)
    if sys.argv[5:]:
        listener.certificates = Certificates(TlsOptions(CertificateFiles(*sys.argv[5:])))
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    server = AppServer(
        app,
        [listener],
        ServerOptions(runner=runner, threads=4, is_multiprocess=processes > 1, **options),
        processes,
    )
    server.serve_until_signalled(lambda: print(server.port, flush=True))
    sys.exit(server.exit_code)
