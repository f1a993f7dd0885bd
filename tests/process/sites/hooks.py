"""An application that says on stderr when serving begins and ends, and in which process. FAIL names what raises."""

import os

from demijohn import Demijohn, current_app

app = Demijohn(__name__)


def say(what):
    # In one piece: `print` writes a line and its end one after the other, and other threads log.
    os.write(2, f"hook {what} {os.getpid()} {current_app.name}\n".encode())
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
