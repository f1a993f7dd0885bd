"""Serves answers that the requests themselves say, in a process of its own: `launch_twins.py RUNNER`; ends with its standard input.

Prints the port, and whether compiled twins are in use.
"""

import json
import sys
import threading

from demijohn.seam import ClientDisconnected
from demijohn.serve import Listener, Server, ServerOptions
from demijohn.serve.compiled import TWINS


def answer(exchange) -> None:
    """Do what the field `X-Do` says: `[what, status, fields, body]` in JSON."""
    what, status, fields, body = json.loads(exchange.head.get(b"x-do") or '["respond", "200 OK", [], "plain"]')
    fields = [(name, value) for name, value in fields]
    seen = f"{exchange.head.method} {exchange.head.target} {exchange.head.version} {len(exchange.body.read())} "
    content = (seen + body).encode()
    if what == "respond":
        exchange.respond(status, fields, content)
    elif what == "respond tuple":
        exchange.respond(status, tuple(fields), bytearray(content))
    elif what == "keyword":
        exchange.respond(status=status, headers=fields, body=content)
    elif what == "stream":
        exchange.stream(status, fields, iter([content, content]))
    elif what == "push":
        exchange.start(status, fields)
        exchange.write(content)
        exchange.finish()
    elif what == "after":
        exchange.after(lambda: None)
        exchange.respond(status, fields, content)
    elif what == "limited":
        exchange.limit_time(1000)
        exchange.respond(status, fields, content)
    elif what == "limited, unused":
        exchange.respond(status, fields, content)
        exchange.limit_time(1000)
    elif what == "twice":
        exchange.respond(status, fields, content)
        exchange.respond(status, fields, content)
    elif what == "raise after":
        exchange.respond(status, fields, content)
        raise RuntimeError("after the answer")
    elif what == "raise":
        raise RuntimeError("before the answer")
    elif what == "gone":
        raise ClientDisconnected("says the handler")
    elif what == "exit":
        raise SystemExit
    elif what == "abort":
        exchange.abort()
    else:
        assert what == "nothing"


DEEDS = (
    *("respond", "respond tuple", "keyword", "stream", "push", "after", "limited", "limited, unused", "twice"),
    *("raise after", "raise", "gone", "exit", "abort", "nothing"),
)


def main() -> None:
    listener = Listener.tcp("127.0.0.1", 0)
    options = ServerOptions(runner=sys.argv[1], linger_timeout=0.2, drain_idle_grace=0, server_name="twins")
    server = Server(answer, [listener], options)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    print(listener.address[1], TWINS.are_used, flush=True)
    sys.stdin.read()
    print(json.dumps(server.stats.snapshot()), flush=True)
    server.shutdown()
    thread.join()
    listener.close()


if __name__ == "__main__":
    main()
