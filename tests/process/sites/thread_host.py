"""Runs a server of two processes off the main thread, loses a worker, and stops it from the main thread."""

import http.client
import os
import signal
import threading

from demijohn.manage.devserver import make_server


def app(environ, start_response):
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def ask():
    connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
    connection.request("GET", "/")
    with connection.getresponse() as answer:
        pid = int(answer.read())
    connection.close()
    return pid


handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)]
with make_server("127.0.0.1", 0, app, processes=2, threads=2) as server:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    for _ in range(3):
        pid = ask()
        assert pid != os.getpid()
        os.kill(pid, signal.SIGKILL)
    assert ask() > 0
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)] == handlers
    server.shutdown()
    thread.join(20)
    assert not thread.is_alive()
    assert server.exit_code == 0
print("done")
