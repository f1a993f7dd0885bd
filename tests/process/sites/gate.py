"""A WSGI application whose slow requests the test opens and lets go, through two named pipes in $GATES."""

import os
import sys

GATES = os.environ.get("GATES", "")


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/slow":
        with open(os.path.join(GATES, "started"), "wb", buffering=0) as started:
            started.write(b"1")
        with open(os.path.join(GATES, "release"), "rb", buffering=0) as release:
            release.read(1)
    elif path == "/orphan":
        # A grandchild whose parent is gone before it is: process 1 inherits it.
        if os.fork() == 0:
            if os.fork() == 0:
                os._exit(3)
            os._exit(0)
        os.wait()
    elif path == "/exit":
        sys.exit(3)
    elif path == "/die":
        os._exit(3)
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
