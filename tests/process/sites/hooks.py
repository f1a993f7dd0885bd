"""An application that says on stderr when serving begins and ends, and in which process. FAIL names what raises."""

import os
import sys

from demijohn import Demijohn, current_app

app = Demijohn(__name__)


def say(what):
    print(f"hook {what} {os.getpid()} {current_app.name}", file=sys.stderr, flush=True)
    if os.environ.get("FAIL") == what:
        raise LookupError(f"{what} went wrong")


@app.on_startup
async def startup():
    say("startup")


app.on_worker_start(lambda: say("worker_start"))
app.on_worker_stop(lambda: say("worker_stop"))
app.on_shutdown(lambda: say("shutdown"))


@app.get("/")
def index():
    app.after_response(say, "after")
    return str(os.getpid())
