"""An application that counts, and whose threads or whole processes stand still while somebody holds the lock on $HOLD."""

import ctypes
import fcntl
import os

from demijohn import Demijohn, Response, metrics

app = Demijohn(__name__)

HOLD = os.environ["HOLD"]
COUNTED = metrics.Counter("counted", "Requests to /count.", ["parity"])
LEVEL = metrics.Gauge("level", "Set by /level, of the worker that was set last.", mode="mostrecent")
SIZES = metrics.Histogram("sizes", "Sizes told to /count.", buckets=[10, 100])


@app.get("/")
def whoami():
    return str(os.getpid())


@app.get("/count/<int:number>")
def count(number):
    COUNTED.labels("odd" if number % 2 else "even").inc()
    SIZES.observe(number)
    return str(os.getpid())


@app.get("/level/<int:number>")
def level(number):
    LEVEL.set(number)
    return str(os.getpid())


@app.get("/metrics")
def scraped():
    return Response(metrics.text(), content_type=metrics.CONTENT_TYPE)


@app.get("/block")
def block():
    """Block this thread."""
    with open(HOLD) as file:
        fcntl.flock(file, fcntl.LOCK_SH)
    return str(os.getpid())


@app.get("/freeze")
def freeze():
    """Stand still with all threads of this process: the GIL is held while C waits."""
    with open(HOLD) as file:
        ctypes.PyDLL(None).flock(file.fileno(), fcntl.LOCK_SH)
    return str(os.getpid())
